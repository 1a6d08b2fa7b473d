"""`scumble service`: have the server started whenever the user logs in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scumble_cli.arguments.machine import SERVING
from scumble_cli.connection import server_answers
from scumble_cli.services import carry_out
from scumble_cli.services.this_machine import KEEPERS, plan_service
from scumble_cli.terminal import say
from scumble_protocol.endpoint import state_folder

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from pathlib import Path

    from scumble_cli.services.service import Plan

NOT_RUNNING = 3


def run(arguments: Namespace) -> int:
    """Do what was asked for; `status` gives 3 if no server runs.

    Raises:
        ScumbleError: A file can't be written, or the system does not start the service.
    """
    system = arguments.system or sys.platform
    state = arguments.state or state_folder()
    plan = plan_service(system, state, tuple(_options(arguments)))
    if arguments.action == "status":
        return _tell(plan, state, KEEPERS[system])
    if arguments.action == "install":
        _install(plan, state)
    elif arguments.action == "uninstall":
        _uninstall(plan)
    else:
        text = plan.content.decode("utf-16" if system == "win32" else "utf-8")
        say(f"{plan.file}:\n\n{text.rstrip()}")
    return 0


def _options(arguments: Namespace) -> Iterator[str]:
    """The options of `scumble serve` that were said."""
    for flag, *_ in SERVING:
        value = getattr(arguments, flag.removeprefix("--").replace("-", "_"))
        if value is not None and flag != "--state":
            yield f"{flag}={value}"


def _install(plan: Plan, state: Path) -> None:
    if carry_out.is_active(plan):
        if carry_out.is_current(plan):
            say(f"The service is set up already: {plan.file}")
            return
        carry_out.remove(plan)
    carry_out.write(plan)
    say(f"The service is set up: {plan.file}")
    if server_answers(state):
        say("A server runs already; the service starts one when you log in next.")
        return
    carry_out.start(plan)
    say("The server runs now, and will whenever you log in.")


def _uninstall(plan: Plan) -> None:
    if not carry_out.is_installed(plan):
        say("There is no service of Scumble.")
        return
    carry_out.remove(plan)
    say(f"The service is gone: {plan.file}")


def _tell(plan: Plan, state: Path, keeper: str) -> int:
    if not carry_out.is_installed(plan):
        say("No service is set up; `scumble service install` does that.")
    elif carry_out.is_active(plan):
        say(f"The service is set up, and {keeper} has it: {plan.file}")
    else:
        say(f"The service is set up, but {keeper} does not run it: {plan.file}")
    if server_answers(state):
        say("A server runs; `scumble status` says more.")
        return 0
    say("No server runs.")
    return NOT_RUNNING
