"""What the editors load works where they load it: no pip, no numpy, Python 3.10."""

from __future__ import annotations

import importlib.util
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = ROOT / "protocol"
OLDEST = "python3.10"

# -I -S gives a Python without its site-packages, so the folders come in as arguments.
IMPORT_ALL = """
import sys, importlib
sys.path[:0] = sys.argv[1:3]
for name in sys.argv[3:]:
    importlib.import_module(name)
strangers = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)
print(*sorted(strangers - {"__main__"}))
"""


@pytest.fixture(scope="module")
def vendored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pure-Python files of the two packages that plugins carry."""
    folder = tmp_path_factory.mktemp("vendored")
    for name in ("websockets", "msgpack"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.submodule_search_locations
        shutil.copytree(
            spec.submodule_search_locations[0],
            folder / name,
            ignore=lambda _, names: {n for n in names if Path(n).suffix not in {".py", ""}},
        )
    return folder


def modules() -> list[str]:
    """Every module of the protocol by its full name."""
    folders = [str(PROTOCOL / "scumble_protocol")]
    return [info.name for info in pkgutil.walk_packages(folders, "scumble_protocol.")]


def import_all(python: str, vendored: Path) -> list[str]:
    """Import every module and name the packages that came in from outside the library."""
    command = (python, "-I", "-S", "-W", "error", "-c", IMPORT_ALL, str(PROTOCOL), str(vendored))
    answer = subprocess.run((*command, *modules()), capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()


def oldest_python() -> str:
    """A Python 3.10 that runs, since a name on the path may be a shim with nothing behind it."""
    names = (OLDEST, *map(str, Path.home().glob(".pyenv/versions/3.10.*/bin/python3.10")))
    for name in names:
        path = shutil.which(name)
        if path and subprocess.run((path, "-V"), capture_output=True, check=False).returncode == 0:
            return path
    pytest.skip(f"needs {OLDEST} on the path, which `uv python install 3.10` brings")


def test_protocol_needs_msgpack_and_websockets_only(vendored: Path) -> None:
    assert set(import_all(sys.executable, vendored)) <= {
        "scumble_protocol",
        "msgpack",
        "websockets",
    }


def test_protocol_imports_on_the_oldest_python(vendored: Path) -> None:
    strangers = import_all(oldest_python(), vendored)
    assert set(strangers) <= {"scumble_protocol", "msgpack", "websockets"}
