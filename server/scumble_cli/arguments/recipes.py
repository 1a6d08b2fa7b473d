"""The command that reads how a picture was made: `info`."""

from __future__ import annotations

from scumble_cli.arguments.options import Add, add_json


def describe(add: Add) -> None:
    """Add the command."""
    info = add("info", help="how a picture was made, if it says so")
    info.add_argument(
        "file", metavar="FILE", help="PNG, TIFF, JPEG, WebP or .ora file, ours or A1111's"
    )
    add_json(info)
