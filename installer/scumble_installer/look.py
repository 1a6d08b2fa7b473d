"""Looks at the machine and describes it; the only part of planning that touches anything."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from scumble_installer import debian, plan, stamps
from scumble_installer.machine import Debian, Digests, Interpreter, Machine

_CHECKOUT: Final = Path(__file__).resolve().parents[2]

# ensurepip is what Debian leaves out of python3 and packs into python3-venv.
_PROBE: Final = """
import sys, importlib.util as u
print(*sys.version_info[:2], int(bool(u.find_spec("venv") and u.find_spec("ensurepip"))))
"""
_PROBE_ENVIRONMENT: Final = "import sys, pip; print(*sys.version_info[:2], 0)"


def describe_machine() -> Machine:
    """The machine as it is now."""
    python = find_interpreter(sys.executable)
    if python is None:
        raise AssertionError(f"{sys.executable} runs the installer, but not a line of Python")
    cache = cache_folder()
    found = Machine(
        checkout=_CHECKOUT,
        platform=sys.platform,
        cache=cache,
        digests=_digests(_CHECKOUT),
        python=python,
        other_pythons=() if plan.is_suitable(python) else find_pythons(),
    )
    return Machine(
        checkout=found.checkout,
        platform=found.platform,
        cache=found.cache,
        digests=found.digests,
        python=found.python,
        other_pythons=found.other_pythons,
        environment=find_interpreter(found.program("python"), _PROBE_ENVIRONMENT),
        done=stamps.read(found.environment_folder),
        debian=_debian(cache),
    )


def cache_folder() -> Path:
    """Where slow things are kept between checkouts: $SCUMBLE_CACHE, or the user's cache folder."""
    if chosen := os.environ.get("SCUMBLE_CACHE"):
        return Path(chosen).expanduser().resolve()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "scumble" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "scumble"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scumble"


def find_interpreter(path: str, probe: str = _PROBE) -> Interpreter | None:
    """The Python at `path`, or None where it doesn't run or fails the probe."""
    try:
        # -I: what lies in the current folder or in PYTHONPATH is not part of this Python.
        answer = subprocess.run(
            (path, "-I", "-c", probe), capture_output=True, text=True, timeout=60, check=True
        ).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor, makes_environments = map(int, answer)
    return Interpreter(path, (major, minor), bool(makes_environments))


def find_pythons() -> tuple[Interpreter, ...]:
    """The suitable Pythons on the path, newest first."""
    (major, oldest), (_, newest) = plan.OLDEST_PYTHON, plan.NEWEST_PYTHON
    paths = (shutil.which(f"python{major}.{minor}") for minor in range(newest, oldest - 1, -1))
    # A name on the path may be a shim with no Python behind it, so each is tried.
    found = (find_interpreter(path) for path in paths if path)
    return tuple(python for python in found if python)


def _digests(checkout: Path) -> Digests:
    def digest(name: str) -> str:
        return hashlib.sha256((checkout / name).read_bytes()).hexdigest()[:16]

    return Digests(
        uv=digest(plan.UV),
        packages=digest(plan.PACKAGES),
        torch=digest(plan.TORCH),
        test_packages=digest(plan.TEST_PACKAGES),
        project=digest(plan.PROJECT),
    )


def _debian(cache: Path) -> Debian | None:
    system = _os_release()
    if system.get("ID") != "debian":
        return None
    roots = (root.folder for root in debian.gimp_roots(cache))
    return Debian(
        is_root=os.geteuid() == 0,
        mirror=_mirror(system.get("VERSION_CODENAME", "")),
        missing_packages=_missing_packages(),
        finished_roots=frozenset(folder for folder in roots if folder.is_dir()),
    )


def _os_release() -> dict[str, str]:
    file = Path("/etc/os-release")
    if not file.is_file():
        return {}
    pairs = (line.partition("=") for line in file.read_text("utf-8").splitlines())
    return {key: value.strip("\"'") for key, _, value in pairs}


def _missing_packages() -> tuple[str, ...]:
    query = ("dpkg-query", "--show", "--showformat", "${db:Status-Abbrev}${Package}\n")
    # It exits 1 when one of the names is unknown, and still answers for the others.
    answer = _words_of(*query, *debian.EDITOR_PACKAGES)
    installed = {line[2:].strip() for line in answer.splitlines() if line.startswith("ii")}
    return tuple(name for name in debian.EDITOR_PACKAGES if name not in installed)


def _mirror(codename: str) -> str | None:
    """Where apt gets this Debian's main archive from."""
    wanted = ("Created-By: Packages", "Origin: Debian", f"Release: {codename}", "Component: main")
    query = ("apt-get", "indextargets", "--format", "$(REPO_URI)")
    addresses = _words_of(*query, *wanted).split()
    return addresses[0] if addresses else None


def _words_of(*command: str) -> str:
    """What a command prints; nothing where there is no such command."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""
