"""The commands that make a part of a picture anew: `regenerate`, `expand` and `remove`."""

from __future__ import annotations

import argparse

from scumble_cli.arguments.guiding import control, reference, region
from scumble_cli.arguments.options import (
    Add,
    add_json,
    add_options,
    add_output,
    add_picture,
    add_selection,
    add_server,
    add_switches,
)
from scumble_cli.arguments.sampling import add_sampling
from scumble_cli.arguments.values import choice, model, pixels, size
from scumble_protocol.choices import MaskedContent, ResizeMode
from scumble_protocol.editor.ratios import Anchor, Ratio
from scumble_protocol.editor.settings import Area

LAYERED = ".png, .tiff, .jpg, .webp or, with layers, .ora file (default: beside PICTURE)"


def describe(add: Add) -> None:
    """Add the commands."""
    _regenerate(add)
    _expand(add)
    _remove(add)


def _regenerate(add: Add) -> None:
    command = add("regenerate", help="make a selection of a picture anew")
    add_picture(command)
    add_selection(command)
    _prompt(command)
    _strength(command)
    _generation(command)
    _content(command, _mask(command))
    _size(command)
    _guides(command)
    add_output(command, LAYERED)
    add_server(command)
    add_json(command)
    command.set_defaults(fault_of=_needs_prompt)


def _expand(add: Add) -> None:
    command = add("expand", help="make a picture larger, and fill what was added")
    add_picture(command)
    margins = command.add_argument_group("how far")
    for side in ("left", "top", "right", "bottom"):
        margins.add_argument(f"--{side}", type=int, metavar="N", help=f"pixels to add {_AT[side]}")
    add_options(
        margins,
        ("--all", int, "N", "pixels to add at every side"),
        ("--ratio", Ratio.of, "W:H", "as much as gives this ratio, for instance 16:9"),
        ("--anchor", choice(Anchor, "anchor"), "A", f"with --ratio: {', '.join(map(str, Anchor))}"),
    )
    _prompt(command)
    _generation(command)
    _mask(command)
    add_output(command, LAYERED)
    add_server(command)
    add_json(command)
    command.set_defaults(fault_of=_expansion_fault)


def _remove(add: Add) -> None:
    command = add(
        "remove",
        help="take what is selected away",
        description="Takes what is selected away: its surroundings go on in its place. With a "
        "prompt, a strength or a model, that model then goes lightly over it.",
    )
    add_picture(command)
    add_selection(command)
    _prompt(command)
    _strength(command)
    _generation(command)
    _mask(command)
    add_output(command, LAYERED)
    add_server(command)
    add_json(command)


_AT = {
    "left": "at the left",
    "top": "above",
    "right": "at the right",
    "bottom": "below",
}


def _prompt(command: argparse.ArgumentParser) -> None:
    add_options(
        command,
        ("--prompt", str, "TEXT", "what the area should become"),
        ("--style", str, "NAME", "see `scumble styles`"),
        ("--like", str, "FILE", "the settings that FILE was made with, but for what is said here"),
    )


def _strength(command: argparse.ArgumentParser) -> None:
    add_options(
        command,
        ("--strength", float, "S", "from 0, everything is kept, to 1, nothing is kept"),
    )


def _generation(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("model and sampling")
    add_options(group, ("--model", model, "ID", "see `scumble models`; a path works too"))
    add_sampling(group)
    add_options(
        group,
        ("--count", int, "N", "number of variations, 1 to 16"),
        ("--batch", int, "N", "how many of them at once, 1 to 16; as memory allows"),
        ("--clip-skip", int, "N", "at which layer of CLIP, from the last, prompts are read: 1-12"),
        ("--cfg-rescale", float, "F", "0 to 1: tames the contrast that a high CFG brings"),
        ("--vae", model, "ID", "another VAE than the model's own"),
    )
    group.add_argument(
        "--pass",
        dest="passes",
        action="append",
        type=float,
        metavar="S",
        help="one more pass over the result, of this strength; several in their order",
    )
    add_switches(group, ("--full-steps", "run all steps at every strength"))


def _mask(command: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    group = command.add_argument_group("mask and area")
    add_options(
        group,
        ("--grow", pixels, "PX", "widen the selection by so many pixels, or auto"),
        ("--feather", pixels, "PX", "width of the selection's soft rim, or auto"),
        ("--padding", int, "PX", "how much of the surroundings the model sees"),
        ("--area", choice(Area, "area"), "A", "masked: the selection's surroundings; whole: all"),
        ("--hires", float, "S", "strength of a pass that adds detail to what is very large"),
    )
    group.add_argument(
        "--keep-color", action="store_true", help="don't match the colours at the rim"
    )
    return group


def _content(command: argparse.ArgumentParser, group: argparse._ArgumentGroup) -> None:
    contents = ", ".join(content.value for content in MaskedContent)
    add_options(
        group,
        ("--content", choice(MaskedContent, "masked content"), "C", f"at first: {contents}"),
    )
    add_switches(
        group,
        ("--invert", "make anew what is not selected"),
        ("--only-faces", "make only the faces anew"),
    )
    add_options(
        command,
        ("--show-mask", str, "FILE", "only write PICTURE with the effective mask in red over it"),
    )


def _size(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("another size")
    modes = ", ".join(mode.value for mode in ResizeMode)
    add_options(
        group,
        ("--size", size, "WxH", "size of the result, where it isn't the picture's"),
        ("--resize", choice(ResizeMode, "way to resize"), "HOW", f"how it gets there: {modes}"),
    )


def _guides(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("guides, up to 8 of each")
    group.add_argument(
        "--control",
        dest="controls",
        action="append",
        type=control,
        metavar="KIND[:MODEL]=FILE",
        help="shapes from a picture; more after commas: weight=, start=, end=, raw, show",
    )
    group.add_argument(
        "--reference",
        dest="references",
        action="append",
        type=reference,
        metavar="KIND[:MODEL]=FILE",
        help="style, composition, face or all of a picture; weight=, start=, end=",
    )
    group.add_argument(
        "--region",
        dest="regions",
        action="append",
        type=region,
        metavar="PROMPT=FILE",
        help="a prompt of its own where FILE, as large as PICTURE, is white",
    )


def _needs_prompt(arguments: argparse.Namespace) -> str:
    if arguments.prompt is None and not (arguments.like or arguments.show_mask):
        return "say what the area should become with --prompt, or name a picture with --like"
    return ""


def _expansion_fault(arguments: argparse.Namespace) -> str:
    sides = [getattr(arguments, side) for side in _AT]
    ways = (any(side is not None for side in sides), arguments.all is not None)
    if sum((*ways, arguments.ratio is not None)) != 1:
        return "say how far with --left, --top, --right and --bottom, or with --all, or --ratio"
    if arguments.anchor is not None and arguments.ratio is None:
        return "--anchor goes with --ratio"
    return ""
