"""The version of the installed program."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version


def version() -> str:
    """The distribution's version, or `0` when run from a folder that was never installed."""
    try:
        return installed_version("scumble")
    except PackageNotFoundError:
        return "0"
