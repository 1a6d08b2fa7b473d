"""The procedures as GIMP's menus and its procedure browser show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from scumble_gimp.arguments import ARGUMENTS, Argument, Choice, Number, Switch, Text
from scumble_gimp.host import Gimp, GObject
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode

FILTERS_MENU: Final = "<Image>/Filters/Scumble"
SELECT_MENU: Final = "<Image>/Select"

_READ_AND_WRITTEN = GObject.ParamFlags.READWRITE


@dataclass(frozen=True)
class Entry:
    """How a procedure is shown; the labels are English."""

    mode: Mode
    label: str
    title: str
    blurb: str
    menus: tuple[str, ...] = (FILTERS_MENU,)


ENTRIES: Final = {
    f"scumble-{entry.mode.value}": entry
    for entry in (
        Entry(
            Mode.REGENERATE,
            "_Regenerate selection…",
            "Regenerate selection",
            "Make what is selected anew, from what is there",
            (FILTERS_MENU, SELECT_MENU),
        ),
        Entry(
            Mode.FILL,
            "_Fill selection…",
            "Fill selection",
            "Make something new in what is selected",
        ),
        Entry(Mode.REMOVE, "Re_move selection…", "Remove selection", "Take away what is selected"),
        Entry(
            Mode.EXPAND,
            "_Expand canvas…",
            "Expand canvas",
            "Make the canvas larger, and fill what was added",
        ),
        Entry(Mode.UPSCALE, "_Upscale image…", "Upscale image", "Enlarge the picture"),
        Entry(
            Mode.SKETCH,
            "_Sketch to picture…",
            "Sketch to picture",
            "Make a picture from the lines in what is selected",
        ),
    )
}
"""By name, the procedures that do something to an image."""


def make(
    plug_in: Gimp.PlugIn, name: str, run: Callable[..., Gimp.ValueArray], tr: Translate
) -> Gimp.ImageProcedure:
    """The procedure of this name, with its arguments and its places in the menus."""
    entry = ENTRIES[name]
    plugin_kind = Gimp.PDBProcType.PLUGIN
    procedure = Gimp.ImageProcedure.new(plug_in, name, plugin_kind, run, entry.mode)
    # Indexed images too: greyed out, the entry could not say why.
    procedure.set_image_types("*")
    mask = Gimp.ProcedureSensitivityMask
    procedure.set_sensitivity_mask(mask.DRAWABLE | mask.DRAWABLES | mask.NO_DRAWABLES)
    procedure.set_menu_label(tr(entry.label))
    for menu in entry.menus:
        procedure.add_menu_path(menu)
    procedure.set_documentation(tr(entry.blurb), tr(entry.blurb), name)
    procedure.set_attribution("Scumble", "Scumble", "2026")
    for argument in ARGUMENTS[entry.mode].all:
        _declare(procedure, argument, tr)
    return procedure


def _declare(procedure: Gimp.Procedure, argument: Argument, tr: Translate) -> None:
    texts = argument.name, tr(argument.label), tr(argument.help)
    if isinstance(argument, Text):
        procedure.add_string_argument(*texts, "", _READ_AND_WRITTEN)
    elif isinstance(argument, Number):
        numbers: tuple[Any, ...] = (argument.low, argument.high, argument.default)
        is_whole = all(isinstance(number, int) for number in numbers)
        declare = procedure.add_int_argument if is_whole else procedure.add_double_argument
        declare(*texts, *numbers, _READ_AND_WRITTEN)
    elif isinstance(argument, Switch):
        procedure.add_boolean_argument(*texts, argument.default, _READ_AND_WRITTEN)
    else:
        procedure.add_choice_argument(
            *texts, _choice(argument, tr), argument.default, _READ_AND_WRITTEN
        )


def _choice(argument: Choice, tr: Translate) -> Gimp.Choice:
    choice = Gimp.Choice.new()
    for number, (value, label) in enumerate(argument.options.items()):
        choice.add(value, number, tr(label), "")
    return choice
