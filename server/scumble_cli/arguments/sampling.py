"""How a picture is denoised: the options of every command that has a diffusion model at work."""

from __future__ import annotations

import argparse

from scumble_cli.arguments.options import add_options
from scumble_cli.arguments.values import choice
from scumble_protocol.choices import Sampler, Schedule

_schedule = choice(Schedule, "schedule")


def sampler(text: str) -> Sampler:
    """A sampler by its name.

    Raises:
        RequestError: There is none; where a schedule was said with it, the hint parts the two.
    """
    said = text.strip().lower().replace("-", "_")
    hint = ""
    for schedule in Schedule:
        alone = said.removesuffix(f"_{schedule.value}")
        if alone != said and alone in set(Sampler):
            hint = (
                "Sampler and schedule are two choices: "
                f"--sampler {alone} --schedule {schedule.value}."
            )
    return choice(Sampler, "sampler", hint)(text)


def add_sampling(command: argparse._ActionsContainer) -> None:
    """Add the options."""
    add_options(
        command,
        ("--negative", str, "TEXT", "what it should not become"),
        ("--steps", int, "N", "steps of the full schedule, 1 to 200"),
        ("--cfg", float, "F", "how literally to take the prompt, 1 to 30"),
        ("--sampler", sampler, "NAME", ", ".join(sampler.value for sampler in Sampler)),
        ("--schedule", _schedule, "NAME", ", ".join(schedule.value for schedule in Schedule)),
        ("--seed", int, "N", "the same seed gives the same picture; -1, the default: random"),
    )
