"""Figures are taken as they should be; how large they are is never asserted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scumble_cli.benchmarks.figure import Figure, least, seconds
from scumble_cli.commands.bench import MEASUREMENTS
from tests.cli.program import scumble, sentence_of

if TYPE_CHECKING:
    from pathlib import Path


def test_least_of_all_rounds_counts_and_actions_take_turns() -> None:
    order = []

    def first(number: int) -> float:
        order.append(("first", number))
        return (3.0, 1.0, 2.0)[number]

    def second(number: int) -> float:
        order.append(("second", number))
        return 5.0

    assert least(3, first, second) == [1.0, 5.0]
    assert order == [(name, n) for n in range(3) for name in ("first", "second")]


def test_figure_without_a_goal_is_always_met() -> None:
    assert Figure("a", 9, "ms").is_met
    assert Figure("a", 9, "ms", goal=9).is_met
    assert not Figure("a", 9.1, "ms", goal=9).is_met


def test_time_of_a_call_is_taken() -> None:
    assert seconds(lambda: sum(range(1000))) > 0


def test_path_without_a_model_is_measured_on_a_real_server(tmp_path: Path) -> None:
    ended = scumble("bench", "--only", "canvas", "--rounds", "1", "--json", state=tmp_path)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert {"torch", "processor", "load"} <= told["machine"].keys()
    small, large, ratio = told["figures"]
    assert ratio["value"] == large["value"] / small["value"]
    assert not list(tmp_path.glob("bench-*"))


def test_measurements_are_named(tmp_path: Path) -> None:
    assert scumble("bench", "--only", "list", state=tmp_path).stdout.split() == list(MEASUREMENTS)


def test_unknown_measurement_is_refused(tmp_path: Path) -> None:
    assert "no measurement" in sentence_of(scumble("bench", "--only", "luck", state=tmp_path))


def test_no_rounds_measure_nothing(tmp_path: Path) -> None:
    assert "0 rounds" in sentence_of(scumble("bench", "--rounds", "0", state=tmp_path))
