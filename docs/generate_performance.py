"""Writes the tables of `performance.md` from a kept run: `python docs/generate_performance.py`."""
# ruff: noqa: INP001 (a script beside the page that it writes, no package)

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("performance.md")
RUN = Path(__file__).with_name("bench") / "2026-11-22-cpu.json"
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

NOTHING = "-"

BESIDES = (
    (
        "one guided step at 256²",
        "one step at 256²",
        "one step at 256², diffusers' inpainting pipeline",
        "one step at 256², its arithmetic alone",
    ),
    (
        "the same, compiled",
        "one step at 256², compiled",
        NOTHING,
        "one step at 256², its arithmetic alone",
    ),
    (
        "the same with --fast, which is another picture",
        "one step at 256², --fast (bf16)",
        NOTHING,
        NOTHING,
    ),
    (
        "with --fast, and compiled",
        "one step at 256², --fast and compiled",
        NOTHING,
        NOTHING,
    ),
    (
        "job of 15 steps at 256², in one process",
        "job of 15 steps at 256², in process",
        "job of 15 steps at 256², diffusers' pipeline",
        NOTHING,
    ),
    *(
        (
            f"without a model, {side}², pixels to layer",
            f"{side}² without a model, pixels to layer",
            NOTHING,
            f"{side}² without a model, hashing, loopback and disk alone",
        )
        for side in (1024, 2048, 4096)
    ),
    ("live, results a second", "live, results a second", NOTHING, "the bare model's rate"),
    ("starter job of 256²", "starter job of 256²", NOTHING, "starter job of 256² in process"),
)
"""What is measured, and by which names: ours, diffusers', the limit."""


def _besides(run: dict[str, Any]) -> str:
    figures = {figure["name"]: figure for figure in run["figures"]}
    lines = ["| | Scumble | diffusers | what the machine allows |", "|---|---|---|---|"]
    for about, *names in BESIDES:
        cells = (_least(figures[name]) if name in figures else NOTHING for name in names)
        lines.append(f"| {about} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _goals(run: dict[str, Any]) -> str:
    lines = ["| Figure | Least | Median | Goal | |", "|---|---|---|---|---|"]
    for figure in run["figures"]:
        if figure["goal"] is not None:
            goal = ("at least " if figure["at_least"] else "") + _amount(figure["goal"], figure)
            verdict = "met" if figure["met"] else "**missed**"
            lines.append(
                f"| {figure['name']} | {_least(figure)} | {_median(figure)} | {goal} | {verdict} |"
            )
    return "\n".join(lines)


def _others(run: dict[str, Any]) -> str:
    lines = ["| Figure | Least | Median |", "|---|---|---|"]
    lines += [
        f"| {figure['name']} | {_least(figure)} | {_median(figure)} |"
        for figure in run["figures"]
        if figure["goal"] is None
    ]
    lines += [f"| {each['name']} | not measured: {each['why']} | |" for each in run["unmeasured"]]
    return "\n".join(lines)


def _machine(run: dict[str, Any]) -> str:
    machine = run["machine"]
    return (
        f"{machine['processor']}, {machine['memory']}, {machine['device']}; Python "
        f"{machine['python']}, torch {machine['torch']}, diffusers {machine['diffusers']}; "
        f"{run['taken'][:10]}, {run['rounds']} rounds, load {machine['load']} before and "
        f"{machine['load after']} after (the bench itself makes some of it)."
    )


_PARTS = {"besides": _besides, "goals": _goals, "others": _others, "machine": _machine}


def _least(figure: dict[str, Any]) -> str:
    return _amount(figure["value"], figure)


def _median(figure: dict[str, Any]) -> str:
    return "" if figure["median"] is None else _amount(figure["median"], figure)


def _amount(value: float, figure: dict[str, Any]) -> str:
    unit = figure["unit"]
    if value == int(value) or value >= 100:
        number = f"{value:,.0f}"
    else:
        number = f"{value:.2f}" if value < 10 else f"{value:.1f}"
    return f"{number} {unit}".rstrip()


def render(text: str) -> str:
    """The page with its generated parts made anew."""
    run = json.loads(RUN.read_text(encoding="utf-8"))
    return _PART.sub(lambda part: f"{part[1]}{_PARTS[part[2]](run)}\n{part[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
