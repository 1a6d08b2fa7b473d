"""The commands that list what there is: `models` and `styles`."""

from __future__ import annotations

import argparse

from scumble_cli.arguments.options import Add, add_json, add_server

ACTIONS = ("list", "recommended", "info", "get", "remove")

WITHOUT_ID = ("list", "recommended")


def describe(add: Add) -> None:
    """Add the commands."""
    models = add("models", help="list, fetch and remove models")
    models.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        default="list",
        help="list (default); recommended: models that are worth getting; info: what is known of "
        "one; get: fetch one, or what is added to models, by its hub id: owner/name, or "
        "owner/name/FILE; remove: delete one from Scumble's own models folder",
    )
    models.add_argument("model", nargs="?", metavar="ID")
    models.add_argument("--yes", action="store_true", help="remove without asking")
    models.set_defaults(fault_of=_fault_of)
    add_server(models)
    add_json(models)
    styles = add("styles", help="list the style presets, or show one")
    styles.add_argument("style", nargs="?", metavar="NAME")
    add_json(styles)


def _fault_of(arguments: argparse.Namespace) -> str:
    if (arguments.action in WITHOUT_ID) != (arguments.model is None):
        rule = "takes no ID" if arguments.model else "needs the ID of a model"
        return f"`scumble models {arguments.action}` {rule}"
    return ""
