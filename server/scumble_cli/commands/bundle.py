"""`scumble bundle`: the plugins as zips, for those who install them by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_cli.plugin_errors import plugin_errors
from scumble_cli.terminal import say
from scumble_installer.plugins import sources
from scumble_installer.plugins.bundle import GIMP, KRITA, make_bundle
from scumble_installer.plugins.bundled import zip_bytes

if TYPE_CHECKING:
    from argparse import Namespace

ZIPS = ((KRITA, "scumble-krita.zip"), (GIMP, "scumble-gimp.zip"))


def run(arguments: Namespace) -> int:
    """Write a zip for each editor that this build has a plugin for.

    Raises:
        ScumbleError: Something that a plugin is made of is missing, or a zip can't be written.
    """
    with plugin_errors():
        arguments.folder.mkdir(parents=True, exist_ok=True)
        for kind, name in ZIPS:
            if sources.component_folder(kind.component) is None:
                say(f"This build has no plugin for {kind.editor}.")
                continue
            file = arguments.folder / name
            file.write_bytes(zip_bytes(make_bundle(kind)))
            say(f"Wrote {file}")
    return 0
