"""`scumble styles`: the style presets that `scumble regenerate --style` can use."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from scumble_cli.terminal import say
from scumble_protocol.editor.styles import OWN, SHIPPED, Styles
from scumble_protocol.endpoint import state_folder

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_protocol.editor.styles import Style


def all_styles() -> Styles:
    """Those that come with Scumble, and the user's own instead of them or beside them."""
    return Styles.read(SHIPPED, state_folder() / OWN)


def run(arguments: Namespace) -> int:
    """List all, or show one.

    Raises:
        RequestError: The one that was asked for is not there or can't be used.
    """
    styles = all_styles()
    if arguments.style:
        _show(styles.get(arguments.style))
    elif arguments.json:
        say(json.dumps([_fields(style) for style in styles.usable.values()], indent=2))
    else:
        _list(styles)
    return 0


def _show(style: Style) -> None:
    """As the file that it comes from, to begin one's own with."""
    fields = {name: value for name, value in _fields(style).items() if value and name != "name"}
    say(json.dumps(fields, indent=2, ensure_ascii=False))


def _list(styles: Styles) -> None:
    width = max((len(name) for name in styles.usable), default=0)
    for style in styles.usable.values():
        say(f"{style.name:{width}}  {style.title}")
    for error in styles.broken.values():
        say(str(error))
    say(f"Styles of your own go into {state_folder() / OWN}, one file each, NAME.json;")
    say("`scumble styles NAME` shows what is in such a file.")


def _fields(style: Style) -> dict[str, object]:
    sampler = style.sampler.value if style.sampler else None
    return {**dataclasses.asdict(style), "sampler": sampler}
