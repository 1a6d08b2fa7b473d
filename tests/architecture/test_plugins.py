"""The plugins of this repository can be bundled, and what they carry runs in an editor's Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from scumble_installer.plugins.bundle import GIMP, KRITA, PluginKind, make_bundle
from scumble_installer.plugins.bundled import write_folder
from tests.installer.plugins.bare_python import pythons, run_bare

# The plugin's own modules need their editor, so that they are only compiled; the copies are run.
CHECK = """
import sys, pathlib, pkgutil, importlib, types
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
for file in folder.rglob("*.py"):
    compile(file.read_bytes(), str(file), "exec")
plugin = sys.modules[name] = types.ModuleType(name)
plugin.__path__ = [str(folder / name)]
copies = importlib.import_module(name + "._vendor")
for module in pkgutil.walk_packages(copies.__path__, copies.__name__ + "."):
    importlib.import_module(module.name)
print(*sorted({n.partition(".")[0] for n in sys.modules} - set(sys.stdlib_module_names)))
"""


@pytest.mark.parametrize("kind", [KRITA, GIMP], ids=lambda kind: kind.editor)
@pytest.mark.parametrize("python", pythons(), ids=lambda path: Path(path).name)
def test_plugin_runs_on_the_pythons_of_its_editor(
    kind: PluginKind, python: str, tmp_path: Path
) -> None:
    write_folder(make_bundle(kind), tmp_path)
    folder = tmp_path.joinpath(*kind.package.parent.parts)
    (strangers,) = run_bare(python, CHECK, str(folder), kind.package.name)
    assert strangers.split() == ["__main__", kind.package.name]
