"""The program's commands, and what does not go together on its command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from scumble_cli.arguments import (
    connecting,
    enlarging,
    generating,
    jobs,
    machine,
    models,
    plugins,
    recipes,
)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for; `command` names the module to run.

    Wrong usage ends with code 2.

    Raises:
        RequestError: A value is well-formed, but there is no such thing.
    """
    program = _program()
    arguments = program.parse_args(argv)
    if fault := arguments.fault_of(arguments):
        program.exit(2, _wrong(f"scumble {arguments.command}", fault))
    return arguments


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence; the list of options would push it off the screen."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, _wrong(self.prog, message))


def _wrong(program: str, fault: str) -> str:
    sentence = f"{fault[:1].upper()}{fault[1:].rstrip('.')}."
    return f"scumble: {sentence} `{program} --help` tells what can be said.\n"


def _program() -> argparse.ArgumentParser:
    program = _Parser(
        prog="scumble",
        description="Regenerates selections of pictures with diffusion models on your own machine.",
        epilog="`scumble COMMAND --help` explains a command.",
    )
    program.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    program.set_defaults(fault_of=_no_fault)
    commands = program.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in (generating, enlarging, recipes, jobs, models, machine, connecting, plugins):
        group.describe(commands.add_parser)
    return program


def _no_fault(_arguments: argparse.Namespace) -> str:
    return ""


class _Version(argparse.Action):
    """Prints the version; finds it only when asked, since that takes a look at the packages."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from scumble_cli.version import version

        sys.stdout.write(f"scumble {version()}\n")
        parser.exit()
