"""The command that enlarges a picture: `upscale`."""

from __future__ import annotations

import argparse

from scumble_cli.arguments.options import (
    Add,
    add_json,
    add_options,
    add_output,
    add_picture,
    add_server,
    add_switches,
)
from scumble_cli.arguments.sampling import add_sampling
from scumble_cli.arguments.values import model, size

REFINING = (
    "prompt", "negative", "refine_model", "sampler", "schedule", "steps", "cfg", "seed",
    "tile", "overlap", "tile_control",
)  # fmt: skip
"""What has a meaning with `--refine` only."""


def describe(add: Add) -> None:
    """Add the command."""
    command = add("upscale", help="enlarge a picture")
    add_picture(command)
    how_far = command.add_mutually_exclusive_group(required=True)
    add_options(
        how_far,
        ("--scale", float, "F", "factor, above 1 up to 16"),
        ("--size", size, "WxH", "size of the result, in the picture's proportions"),
    )
    add_options(
        command,
        ("--model", model, "ID", "an upscaler or its path (default: Scumble's own)"),
        ("--second", model, "ID", "another one, whose result is mixed in"),
        ("--blend", float, "F", "its share of the mixture, 0 to 1 (default: 0.5)"),
    )
    _refinement(command)
    add_output(command, ".png, .tiff, .jpg or .webp file (default: beside PICTURE)")
    add_server(command)
    add_json(command)
    command.set_defaults(fault_of=_fault_of)


def _refinement(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("detail, drawn tile by tile by a diffusion model")
    add_options(
        group,
        ("--refine", float, "S", "strength, from 0, nothing changes, to 1"),
        ("--refine-model", model, "ID", "the diffusion model (default: the server's first)"),
        ("--prompt", str, "TEXT", "what the picture shows"),
        ("--tile", int, "PX", "longest side of a tile (default: what suits the model)"),
        ("--overlap", int, "PX", "pixels that neighbouring tiles share (default: 64)"),
    )
    add_sampling(group)
    add_switches(group, ("--tile-control", "hold the detail to what is there"))


def _fault_of(arguments: argparse.Namespace) -> str:
    if arguments.blend is not None and not arguments.second:
        return "--blend goes with --second"
    said = [name for name in REFINING if getattr(arguments, name) is not None]
    if said and arguments.refine is None:
        return f"--{said[0].replace('_', '-')} goes with --refine"
    return ""
