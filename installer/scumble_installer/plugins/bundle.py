"""Makes the plugins: their sources with private copies of all that they import.

Editors run many plugins in one Python. Copies under `PLUGIN._vendor`, with every import led there,
keep `sys.path` and `sys.modules` clean: another plugin may bring another `msgpack`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from scumble_installer.errors import BundleError
from scumble_installer.plugins import sources
from scumble_installer.plugins.bundled import Bundle, BundledFile, write_folder
from scumble_installer.plugins.imports import find_imports, lead_into
from scumble_installer.plugins.modules import reached_modules

VERSION_FILE: Final = "version.txt"
"""In the plugin's package: the version of Scumble that it belongs to, one line."""

_PROTOCOL: Final = "scumble_protocol"
_CARRIED: Final = ("msgpack", "websockets")
# websockets tries to import python_socks, which we don't carry. It must look for it in vain, rather
# than find one that belongs to another plugin.
_PRIVATE: Final = frozenset({_PROTOCOL, *_CARRIED, "python_socks"})
# msgpack asks PyPy for it, which no editor embeds.
_NEVER_RUN: Final = frozenset({"__pypy__"})
_UNWANTED: Final = (".pyc", ".pyo", ".orig", ".rej", "~")


@dataclass(frozen=True)
class PluginKind:
    """Where the parts of an editor's plugin are and where they go.

    Args:
        editor: The editor as people call it.
        component: The folder of its sources.
        places: For each file or folder in there, its place in what is made.
        package: The plugin's package in what is made; its name is the one it is imported by.
        program: The file that gets the execute bit, if any.
        host: Top-level modules that the editor itself provides.
    """

    editor: str
    component: str
    places: tuple[tuple[str, PurePosixPath], ...]
    package: PurePosixPath
    program: PurePosixPath | None
    host: frozenset[str]

    @property
    def private_package(self) -> str:
        """The full name of the package with the copies."""
        return f"{self.package.name}._vendor"


KRITA: Final = PluginKind(
    editor="Krita",
    component="krita_plugin",
    places=(
        ("scumble_krita.desktop", PurePosixPath("pykrita/scumble_krita.desktop")),
        ("scumble_krita.action", PurePosixPath("actions/scumble_krita.action")),
        ("scumble_krita", PurePosixPath("pykrita/scumble_krita")),
    ),
    package=PurePosixPath("pykrita/scumble_krita"),
    program=None,
    host=frozenset({"krita", "PyQt5", "PyQt6"}),
)

GIMP: Final = PluginKind(
    editor="GIMP",
    component="gimp_plugin",
    places=(("scumble", PurePosixPath("scumble")),),
    package=PurePosixPath("scumble/scumble_gimp"),
    program=PurePosixPath("scumble/scumble.py"),
    host=frozenset({"gi", "cairo"}),
)


def bundle_krita(into: Path, component: Path | None = None) -> Path:
    """Write Krita's plugin into a resource folder: `pykrita/` and `actions/`; gives `into`.

    Args:
        into: The folder; what is not the plugin's stays as it is.
        component: The plugin's sources, where they are not those of this build.

    Raises:
        BundleError: Something that the plugin is made of is missing or can't be used.
        OSError: A file can't be written.
    """
    write_folder(make_bundle(KRITA, component), into)
    return into


def bundle_gimp(into: Path, component: Path | None = None) -> Path:
    """Write GIMP's plug-in into a `plug-ins` folder as `scumble/`; gives `into`.

    Args:
        into: The folder; what is not the plug-in's stays as it is.
        component: The plug-in's sources, where they are not those of this build.

    Raises:
        BundleError: Something that the plug-in is made of is missing or can't be used.
        OSError: A file can't be written.
    """
    write_folder(make_bundle(GIMP, component), into)
    return into


def make_bundle(kind: PluginKind, component: Path | None = None) -> Bundle:
    """All files of a plugin, sorted by path.

    Raises:
        BundleError: Something that it is made of is missing or can't be used.
    """
    component = component or sources.component_folder(kind.component)
    if component is None:
        raise BundleError(
            f"This build of Scumble has no plugin for {kind.editor}.",
            "Get a newer version of Scumble.",
        )
    own = tuple(_own_files(kind, component))
    protocol = tuple(_folder(sources.package_folder(_PROTOCOL), _private(kind, _PROTOCOL)))
    files = [*own, *protocol]
    for name in _CARRIED:
        files += _carried(kind, name, (*own, *protocol))
    bundle = [_with_private_imports(kind, file) for file in files]
    _refuse_strangers(kind, bundle)
    return tuple(sorted([*bundle, *_notes(kind)]))


def _own_files(kind: PluginKind, component: Path) -> Iterator[BundledFile]:
    for name, place in kind.places:
        source = component / name
        if source.is_dir():
            yield from _folder(source, place, kind.program)
        elif source.is_file():
            yield BundledFile(place, source.read_bytes())
        else:
            raise BundleError(
                f"The sources of the plugin for {kind.editor} lack {name}.",
                "Get Scumble again: its files are not complete.",
            )


def _folder(
    folder: Path, place: PurePosixPath, program: PurePosixPath | None = None
) -> Iterator[BundledFile]:
    """The files of a folder, without what Python and editors leave lying around."""
    for source in sorted(folder.rglob("*")):
        inside = source.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        if source.is_file() and not hidden and not source.name.endswith(_UNWANTED):
            path = place.joinpath(*inside.parts)
            yield BundledFile(path, source.read_bytes(), path == program)


def _carried(
    kind: PluginKind, name: str, importers: tuple[BundledFile, ...]
) -> Iterator[BundledFile]:
    """The pure-Python files of a package that the importers need, and its licence."""
    folder = sources.package_folder(name)
    roots = (
        found for file in importers if _is_python(file) for found in find_imports(file.content)
    )
    for module in reached_modules(folder, roots):
        path = _private(kind, name).joinpath(*module.relative_to(folder).parts)
        yield BundledFile(path, module.read_bytes())
    for licence, content in sources.licences_of(name).items():
        yield BundledFile(_private(kind, name) / licence, content)


def _notes(kind: PluginKind) -> Iterator[BundledFile]:
    """What is the bundle's own: the version, the licences, and the package with the copies."""
    version = sources.version_of("scumble")
    yield BundledFile(kind.package / VERSION_FILE, f"{version}\n".encode())
    for name, content in sources.own_licences().items():
        yield BundledFile(kind.package / name, content)
    copies = ", ".join(f"{name} {sources.version_of(name)}" for name in _CARRIED)
    docstring = f'"""Scumble\'s private copies of its protocol, {copies}."""\n'
    yield BundledFile(kind.package / "_vendor" / "__init__.py", docstring.encode())


def _with_private_imports(kind: PluginKind, file: BundledFile) -> BundledFile:
    if not _is_python(file):
        return file
    try:
        return file._replace(content=lead_into(kind.private_package, _PRIVATE, file.content))
    except BundleError as error:
        raise BundleError(f"{file.path}: {error.message}", error.hint) from None


def _refuse_strangers(kind: PluginKind, files: list[BundledFile]) -> None:
    """Every import must lead to the library, the editor or the plugin itself."""
    known = sys.stdlib_module_names | kind.host | _NEVER_RUN | {kind.package.name}
    for file in filter(_is_python, files):
        for found in find_imports(file.content):
            if found.level == 0 and found.top not in known:
                raise BundleError(
                    f"{file.path} imports {found.module}, which {kind.editor} has not.",
                    "Do without it, or let the bundle carry it.",
                )


def _private(kind: PluginKind, name: str) -> PurePosixPath:
    return kind.package / "_vendor" / name


def _is_python(file: BundledFile) -> bool:
    return file.path.suffix == ".py"
