"""The editors that the tests drive, got from Debian: Krita as a package, GIMP 3 as root folders.

Debian 12 has Krita but no GIMP 3, and one machine has room for one GIMP only; so each GIMP lives in
a small Debian of its own (a folder to chroot into), made by mmdebstrap.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scumble_installer.machine import Debian, Machine
from scumble_installer.steps import Command, Step, part_of

EDITOR_PACKAGES: Final = (
    "krita",
    "python3-pyqt5",  # only recommended by krita, and its Python plugins need it
    "python3-pyqt6",  # Krita 6's, which Debian has not yet: the docker is tried with both
    "xvfb",
    "xauth",
    "xdotool",
    "x11-utils",
    "imagemagick",
    "openbox",
    "fonts-dejavu-core",
    "mmdebstrap",
    "unzip",
    "chromium",  # plays a hostile web page
    "systemd",  # checks the unit that starts the server
)

ROOT_PACKAGES: Final = (
    "gimp",
    "gir1.2-gimp-3.0",
    "gir1.2-gtk-3.0",
    "python3",
    "python3-gi",
    "python3-gi-cairo",
    "adwaita-icon-theme",
    "fonts-dejavu-core",
    "librsvg2-common",
    # To see, drive and photograph a window.
    "dbus",
    "dbus-x11",
    "imagemagick",
    "openbox",
    "x11-apps",
    "x11-utils",
    "xauth",
    "xdotool",
    "xvfb",
)

_OPTIONS: Final = (
    "--mode=root",
    "--variant=apt",
    "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg",
    "--aptopt=APT::Install-Recommends false",
    "--aptopt=Acquire::Retries 3",
    # The mirror may be a snapshot, and the clock of a test machine may be off.
    "--aptopt=Acquire::Check-Valid-Until false",
    "--aptopt=Acquire::Check-Date false",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    f"--include={','.join(ROOT_PACKAGES)}",
)


@dataclass(frozen=True)
class GimpRoot:
    """A Debian in a folder, with one GIMP in it."""

    gimp: str
    suite: str
    folder: Path


def gimp_roots(cache: Path) -> tuple[GimpRoot, ...]:
    """Where the root of each GIMP is or will be; another recipe gets another folder."""
    return tuple(
        GimpRoot(gimp, suite, cache / f"gimp-{gimp}-{_recipe_digest(suite)}")
        for gimp, suite in (("3.0", "trixie"), ("3.2", "forky"))
    )


def editor_steps(machine: Machine, debian: Debian) -> tuple[Step, ...]:
    """What is missing of the editors; needs root and a mirror."""
    steps: list[Step] = []
    if debian.missing_packages:
        steps.append(Step("the list of Debian's packages", ("apt-get", "update", "-q")))
        steps.append(_install(debian.missing_packages))
    steps += [
        Step(f"GIMP {root.gimp}", _make_root(root, debian.mirror or ""), makes=root.folder)
        for root in gimp_roots(machine.cache)
        if root.folder not in debian.finished_roots
    ]
    return tuple(steps)


def _install(packages: tuple[str, ...]) -> Step:
    return Step(
        "Debian's packages",
        ("apt-get", "install", "-q", "-y", "--no-install-recommends", *packages),
        environment=(("DEBIAN_FRONTEND", "noninteractive"),),
    )


def _make_root(root: GimpRoot, mirror: str) -> Command:
    return ("mmdebstrap", *_OPTIONS, root.suite, str(part_of(root.folder)), mirror)


def _recipe_digest(suite: str) -> str:
    return hashlib.sha256(json.dumps([suite, _OPTIONS]).encode()).hexdigest()[:12]
