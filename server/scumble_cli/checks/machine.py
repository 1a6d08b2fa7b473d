"""What `scumble doctor` says of the machine itself: Python, what is installed, memory."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from scumble_cli.checks.finding import Finding, Verdict

GIB = 2**30
LEAST_MEMORY = 4 * GIB
"""The starter and torch need about 2 GiB; an SD 1.x model in single precision 4 GiB."""

OLDEST_PYTHON = (3, 11)

SET_UP = "Run the installer again: python3 installer"


def check_python() -> Finding:
    """Whether this Python is new enough."""
    facts = f"{'.'.join(map(str, sys.version_info[:3]))} at {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        needed = ".".join(map(str, OLDEST_PYTHON))
        return Finding("Python", Verdict.BROKEN, facts, f"Install Python {needed} or newer.")
    return Finding("Python", Verdict.GOOD, facts)


def check_packages() -> Finding:
    """Whether everything that Scumble depends on is installed."""
    try:
        wanted = [line for line in requires("scumble") or () if "extra ==" not in line]
    except PackageNotFoundError:
        return Finding("Packages", Verdict.BROKEN, "Scumble is not installed.", SET_UP)
    names = [_package_name(line) for line in wanted]
    missing = [name for name in names if not _installed(name)]
    if missing:
        return Finding("Packages", Verdict.BROKEN, f"missing: {', '.join(missing)}", SET_UP)
    return Finding("Packages", Verdict.GOOD, f"all {len(names)} there, torch {version('torch')}")


def check_memory() -> Finding:
    """Whether the machine has memory enough for the smallest models."""
    if not hasattr(os, "sysconf"):
        return Finding("Memory", Verdict.DOUBTFUL, "unknown on this system", "4 GiB are needed.")
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    facts = f"{total / GIB:.1f} GiB"
    if total < LEAST_MEMORY:
        return Finding("Memory", Verdict.DOUBTFUL, facts, "Use small models only.")
    return Finding("Memory", Verdict.GOOD, facts)


def _package_name(requirement: str) -> str:
    """`msgpack` of `msgpack>=1.1; python_version > "3"`."""
    end = next((i for i, letter in enumerate(requirement) if letter in "<>=!~;[ ("), None)
    return requirement[:end]


def _installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False
