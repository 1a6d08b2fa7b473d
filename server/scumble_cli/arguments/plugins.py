"""The commands for the editors' plugins: `install`, `uninstall` and `bundle`."""

from __future__ import annotations

import argparse

from scumble_cli.arguments.options import Add, add_options
from scumble_cli.arguments.values import folder

EDITORS = ("krita", "gimp")


def describe(add: Add) -> None:
    """Add the commands."""
    _editor(add, "install", "put the plugin into Krita or GIMP")
    _editor(add, "uninstall", "take the plugin out of Krita or GIMP")
    bundle = add("bundle", help="make the plugins as zips, to install them by hand")
    bundle.add_argument("folder", type=folder, metavar="DIR", help="folder to write them to")


def _editor(add: Add, name: str, text: str) -> None:
    command = add(name, help=text)
    command.add_argument(
        "editor", nargs="?", choices=EDITORS, help="which one (default: every one that is found)"
    )
    add_options(
        command,
        ("--resources", folder, "DIR", "Krita's resource folder, where it isn't the usual one"),
        ("--kritarc", folder, "FILE", "Krita's settings file that belongs to that folder"),
        ("--plug-ins", folder, "DIR", "GIMP's folder for plug-ins, where it isn't the usual one"),
    )
    command.set_defaults(fault_of=_fault_of)


def _fault_of(arguments: argparse.Namespace) -> str:
    if (arguments.resources or arguments.kritarc) and arguments.editor != "krita":
        return f"--resources and --kritarc go with `scumble {arguments.command} krita`"
    if arguments.kritarc and not arguments.resources:
        return "--kritarc needs --resources too"
    if arguments.plug_ins and arguments.editor != "gimp":
        return f"--plug-ins goes with `scumble {arguments.command} gimp`"
    return ""
