"""Carries a plan out, step by step, and stops at the first that fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from scumble_installer import stamps, trouble
from scumble_installer.machine import Machine
from scumble_installer.steps import Command, Plan, Program, Step, part_of
from scumble_installer.terminal import Terminal

# Variables of the caller that would lead the environment's Python to other packages.
_MISLEADING: Final = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")


def carry_out(plan: Plan, machine: Machine, terminal: Terminal) -> int:
    """Do everything in the plan; the answer is the exit status of the program at its end.

    Raises:
        StepFailedError: A step failed; everything before it stays done.
    """
    status = 0
    for item in plan:
        if isinstance(item, Step):
            _do(item, machine, terminal)
            continue
        terminal.show_summary()
        if isinstance(item, Program):
            status = _run(item)
        else:
            terminal.say(item.text)
    return status


def _do(step: Step, machine: Machine, terminal: Terminal) -> None:
    terminal.begin(step.name)
    if step.makes:
        step.makes.parent.mkdir(parents=True, exist_ok=True)
        _remove(part_of(step.makes))
    status, output = _listen(step, step.command, terminal.line)
    if status != 0 and step.otherwise:
        terminal.line("That was not to be had; trying another way.")
        status, output = _listen(step, step.otherwise, terminal.line)
    if status != 0:
        terminal.show_last_words(output)
        raise trouble.failure(step, status, output)
    if step.makes:
        part_of(step.makes).rename(step.makes)
    if step.stamp:
        stamps.add(machine.environment_folder, step.stamp)
    terminal.end(step.name)


def _listen(step: Step, command: Command, hear: Callable[[str], None]) -> tuple[int, str]:
    """Run a command, pass on each line that it prints, and give its status and all its lines."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment() | dict(step.environment),
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError:
        raise trouble.not_there(step) from None
    lines: list[str] = []
    with process:
        for line in process.stdout or ():
            lines.append(line)
            hear(line)
    return process.returncode, "".join(lines)


def _run(program: Program) -> int:
    """Run a program with the terminal to itself."""
    environment = _environment() | dict(program.environment)
    return subprocess.run(
        program.command, cwd=program.folder, env=environment, check=False
    ).returncode


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _MISLEADING}


def _remove(folder: Path) -> None:
    """Take away what an interrupted step left; never what is mounted there."""
    if folder.exists():
        subprocess.run(("/bin/rm", "-rf", "--one-file-system", str(folder)), check=True)
