"""Finds what plugins are made of: their sources, the protocol, and the two packages they carry."""

from __future__ import annotations

import importlib.util
import re
from importlib import metadata
from pathlib import Path
from typing import Final

from scumble_installer.errors import BundleError

# In a wheel the plugins' sources lie beside this file, in a checkout at the top.
_IN_WHEEL: Final = Path(__file__).parent / "components"
_CHECKOUT: Final = Path(__file__).resolve().parents[3]
_LICENCE: Final = re.compile(r"(LICEN[CS]E|COPYING|NOTICE).*", re.IGNORECASE)
_SET_UP: Final = "Run the installer again: python3 installer"


def component_folder(component: str) -> Path | None:
    """The sources of `krita_plugin` or `gimp_plugin`; None where this build has none."""
    for place in (_IN_WHEEL, _CHECKOUT):
        if (place / component).is_dir():
            return place / component
    return None


def package_folder(name: str) -> Path:
    """The folder of an installed package, without importing it.

    Raises:
        BundleError: It is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise BundleError(f"The package {name} is not installed.", _SET_UP)
    return Path(next(iter(spec.submodule_search_locations)))


def version_of(distribution: str) -> str:
    """The version of an installed distribution.

    Raises:
        BundleError: It is not installed.
    """
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        raise BundleError(f"{distribution} is not installed.", _SET_UP) from None


def own_licences() -> dict[str, bytes]:
    """Scumble's own licence files by their names.

    Raises:
        BundleError: Scumble is not installed, and this is no checkout.
    """
    # What is installed from a checkout holds the licences as they were on that day.
    there = {file.name: file for file in _CHECKOUT.iterdir() if _LICENCE.fullmatch(file.name)}
    if "LICENSE" in there and (_CHECKOUT / "pyproject.toml").is_file():
        return {name: file.read_bytes() for name, file in sorted(there.items())}
    return licences_of("scumble")


def licences_of(distribution: str) -> dict[str, bytes]:
    """The licence files of an installed distribution by their names.

    Raises:
        BundleError: It brings none, so that it must not be passed on.
    """
    files = metadata.files(distribution) or ()
    found = {
        file.name: Path(str(file.locate())).read_bytes()
        for file in files
        if file.parts[0].endswith(".dist-info") and _LICENCE.fullmatch(file.name)
    }
    if not found:
        raise BundleError(f"{distribution} came without its licence.", _SET_UP)
    return found
