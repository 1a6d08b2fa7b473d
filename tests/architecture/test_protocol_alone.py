"""What the editors load works where they load it: no pip, no numpy, Python 3.10."""

from __future__ import annotations

import importlib.util
import json
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = ROOT / "protocol"
GOLDEN = ROOT / "tests" / "protocol" / "golden_v1.json"
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

# Every pinned message, read and written again with the pure-Python msgpack.
REPEAT_GOLDEN = """
import sys, json
sys.path[:0] = sys.argv[1:3]
from scumble_protocol import codec, messages
for name, entry in json.load(open(sys.argv[3], encoding="utf-8")).items():
    wire = bytes.fromhex(entry["wire"])
    again = codec.encode(codec.decode(wire, messages.MESSAGES))
    assert again == wire, name
    print(name)
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


def run_bare(python: str, code: str, *arguments: str) -> list[str]:
    """Run code in a Python without site-packages and give the lines that it printed."""
    command = (python, "-I", "-S", "-W", "error", "-c", code, *arguments)
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.splitlines()


def import_all(python: str, vendored: Path) -> set[str]:
    """Import every module and name the packages that came in from outside the library."""
    (line,) = run_bare(python, IMPORT_ALL, str(PROTOCOL), str(vendored), *modules())
    return set(line.split())


def oldest_python() -> str:
    """A Python 3.10 that runs, since a name on the path may be a shim with nothing behind it."""
    names = (OLDEST, *map(str, Path.home().glob(".pyenv/versions/3.10.*/bin/python3.10")))
    for name in names:
        path = shutil.which(name)
        if path and subprocess.run((path, "-V"), capture_output=True, check=False).returncode == 0:
            return path
    pytest.skip(f"needs {OLDEST} on the path, which `uv python install 3.10` brings")


def test_protocol_needs_msgpack_and_websockets_only(vendored: Path) -> None:
    assert import_all(sys.executable, vendored) == {"scumble_protocol", "msgpack", "websockets"}


def test_protocol_imports_on_the_oldest_python(vendored: Path) -> None:
    assert import_all(oldest_python(), vendored) == {"scumble_protocol", "msgpack", "websockets"}


@pytest.mark.parametrize("find", [lambda: sys.executable, oldest_python], ids=["this", "oldest"])
def test_protocol_speaks_the_same_without_compiled_code(
    vendored: Path, find: Callable[[], str]
) -> None:
    said = run_bare(find(), REPEAT_GOLDEN, str(PROTOCOL), str(vendored), str(GOLDEN))
    assert len(said) == len(json.loads(GOLDEN.read_text("utf-8")))
