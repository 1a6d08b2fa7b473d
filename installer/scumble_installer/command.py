"""The command line of the installer: what can be said, and what a person hears when it fails."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

from scumble_installer.carry_out import carry_out
from scumble_installer.errors import InstallerError
from scumble_installer.goals import Goal, Lock, RunDemo, RunTests, SetUp
from scumble_installer.locking import write_locks
from scumble_installer.look import describe_machine
from scumble_installer.plan import plan
from scumble_installer.steps import describe
from scumble_installer.terminal import Terminal

_INTERRUPTED: Final = 130


class Request(NamedTuple):
    """What was said on the command line."""

    goal: Goal | Lock
    is_dry_run: bool


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; the answer is the exit status."""
    terminal = Terminal(sys.stdout)
    try:
        return _answer(parse(arguments), terminal)
    except InstallerError as error:
        terminal.say(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        terminal.say("\nStopped. The same command goes on from here.")
        return _INTERRUPTED


def _answer(request: Request, terminal: Terminal) -> int:
    machine = describe_machine()
    if isinstance(request.goal, Lock):
        write_locks(machine, upgrade=request.goal.upgrade)
        return 0
    steps = plan(machine, request.goal)
    if request.is_dry_run:
        terminal.say(describe(steps))
        return 0
    return carry_out(steps, machine, terminal)


def parse(arguments: Sequence[str]) -> Request:
    """What the arguments ask for; what `test` doesn't know goes to pytest."""
    parser = _parser()
    said, others = parser.parse_known_args(arguments)
    if others and said.goal != "test":
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    goals: dict[str, Goal | Lock] = {
        "set-up": SetUp(),
        "demo": RunDemo(("--out", said.out) if said.out else ()),
        "test": RunTests(said.editors, tuple(others)),
        "lock": Lock(said.upgrade),
    }
    return Request(goals[said.goal], said.dry_run)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 installer",
        description="Sets Scumble up in .venv and puts its plugins into the editors that it finds. "
        "Running it again does only what is missing.",
        allow_abbrev=False,
    )
    parser.set_defaults(goal="set-up", dry_run=False, out=None, editors=False, upgrade=False)
    _add_dry_run(parser)
    goals = parser.add_subparsers(title="further goals", metavar="")
    demo = goals.add_parser("demo", help="set up, then regenerate a selection of a sample picture")
    demo.add_argument("--out", metavar="DIR", help="folder for the pictures")
    test = goals.add_parser(
        "test",
        help="set up, then run the test suite; further arguments go to pytest",
        allow_abbrev=False,
    )
    test.add_argument(
        "--editors", action="store_true", help="get Krita and GIMP 3 first (Debian, as root)"
    )
    lock = goals.add_parser("lock", help="for developers: renew the lock files in installer/")
    lock.add_argument("--upgrade", action="store_true", help="take the newest releases")
    for name, goal in {"demo": demo, "test": test, "lock": lock}.items():
        goal.set_defaults(goal=name)
        _add_dry_run(goal)
    return parser


def _add_dry_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print the plan and do nothing",
    )
