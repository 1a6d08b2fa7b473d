"""Machines to plan for, none of them real."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scumble_installer.debian import EDITOR_PACKAGES, gimp_roots
from scumble_installer.machine import Debian, Digests, Interpreter, Machine, Stamp

CHECKOUT: Final = Path("/checkout")
CACHE: Final = Path("/cache")
PYTHON: Final = Interpreter("/usr/bin/python3", (3, 12), makes_environments=True)
IN_ENVIRONMENT: Final = Interpreter("/checkout/.venv/bin/python", (3, 12), makes_environments=False)
DIGESTS: Final = Digests(uv="u", packages="p", torch="t", test_packages="tp", project="pr")

BARE_DEBIAN: Final = Debian(
    is_root=True, mirror="http://mirror.example/debian", missing_packages=EDITOR_PACKAGES
)
FULL_DEBIAN: Final = Debian(
    is_root=False,
    mirror=None,
    missing_packages=(),
    finished_roots=frozenset(root.folder for root in gimp_roots(CACHE)),
)

BARE: Final = Machine(
    checkout=CHECKOUT, platform="linux", cache=CACHE, digests=DIGESTS, python=PYTHON
)
"""Python and nothing else."""

ALL_DONE: Final = frozenset(
    {
        Stamp("uv", "u"),
        Stamp("the Python packages", "p"),
        Stamp("torch", "t"),
        Stamp("Scumble itself", f"pr at {CHECKOUT}"),
        Stamp("the test tools", "tp"),
    }
)
