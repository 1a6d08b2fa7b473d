"""Options that several commands have."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from scumble_cli.arguments.values import rectangle

Add = Callable[..., argparse.ArgumentParser]
"""Adds a command by its name."""

Option = tuple[str, Callable[[str], object], str, str]
"""Flag, type, placeholder, help. An option that is left out is None: the model's or our default."""


def add_options(command: argparse._ActionsContainer, *options: Option) -> None:
    """Add options that take one value."""
    for flag, kind, placeholder, text in options:
        command.add_argument(flag, type=kind, metavar=placeholder, help=text)


def add_switches(command: argparse._ActionsContainer, *switches: tuple[str, str]) -> None:
    """Add options that are said or not, each with its `--no-…`; None where neither is said."""
    for flag, text in switches:
        command.add_argument(flag, action=argparse.BooleanOptionalAction, help=text)


def add_picture(command: argparse.ArgumentParser) -> None:
    """Add the picture to work on."""
    command.add_argument("picture", metavar="PICTURE", help="PNG, TIFF, JPEG, WebP, … file")


def add_selection(command: argparse.ArgumentParser) -> None:
    """Add what says which part of the picture is meant."""
    area = command.add_mutually_exclusive_group()
    area.add_argument("--select", type=rectangle, metavar="X,Y,W,H", help="rectangle in pixels")
    area.add_argument(
        "--mask", metavar="FILE", help="picture of the same size; white: all anew, grey: partly"
    )


def add_output(command: argparse.ArgumentParser, text: str) -> None:
    """Add where the result goes."""
    add_options(command, ("--out", str, "FILE", text))
    command.add_argument("--overwrite", action="store_true", help="replace FILE if it is there")


def add_server(command: argparse.ArgumentParser) -> None:
    """Add which server is meant."""
    add_options(
        command,
        ("--server", str, "URL", "address of a server (default: the chosen one; see `connect`)"),
        ("--token", str, "TOKEN", "its token (default: $SCUMBLE_TOKEN, or as it let us in)"),
        ("--fingerprint", str, "SHA256", "of the certificate that it must have"),
    )


def add_json(command: argparse.ArgumentParser) -> None:
    """Add the choice of JSON for programs."""
    command.add_argument(
        "--json", action="store_true", help="print the result as JSON; progress goes to stderr"
    )
