"""Finds which modules of a package are needed, so that a plugin carries those alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from scumble_installer.plugins.imports import Import, find_imports


def reached_modules(folder: Path, roots: Iterable[Import]) -> tuple[Path, ...]:
    """The sources of a package that are run when the roots are imported, in order.

    Args:
        folder: The package's folder, named as the package is.
        roots: Absolute imports; those of other packages lead nowhere.
    """
    reached: set[Path] = set()
    waiting = [file for root in roots for file in _files(folder, (), root)]
    while waiting:
        file = waiting.pop()
        if file in reached:
            continue
        reached.add(file)
        place = file.relative_to(folder.parent).parent.parts
        imports = find_imports(file.read_bytes(), at_run_time=True)
        waiting += (needed for found in imports for needed in _files(folder, place, found))
    return tuple(sorted(reached))


def _files(folder: Path, place: tuple[str, ...], found: Import) -> Iterator[Path]:
    """The sources that an import in a module at `place` runs, those of this package only."""
    parts = tuple(found.module.split(".")) if found.module else ()
    if found.level:
        parts = place[: len(place) - found.level + 1] + parts
    if parts[:1] != (folder.name,):
        return
    # Importing a module runs its parents first; a name may be a module too, or `*`.
    candidates = [parts[:length] for length in range(1, len(parts) + 1)]
    candidates += [(*parts, name) for name in found.names]
    for candidate in candidates:
        path = folder.parent.joinpath(*candidate)
        for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
            if file.is_file():
                yield file
                break
