"""Figures are taken as they should be; how large they are is never asserted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scumble_cli.benchmarks.figure import Figure, Times, in_turns, seconds
from scumble_cli.benchmarks.suites import MEASUREMENTS, SUITES, chosen
from tests.cli.program import scumble, sentence_of

if TYPE_CHECKING:
    from pathlib import Path


def test_actions_take_turns_and_least_and_median_are_told() -> None:
    order = []

    def first(number: int) -> float:
        order.append(("first", number))
        return (3.0, 1.0, 4.0)[number]

    def second(number: int) -> float:
        order.append(("second", number))
        return 5.0

    times, others = in_turns(3, first, second)
    assert (times.least, times.median) == (1.0, 3.0)
    assert others.values == (5.0, 5.0, 5.0)
    assert order == [(name, n) for n in range(3) for name in ("first", "second")]


def test_ratio_is_that_of_the_leasts_and_its_median_that_of_the_rounds() -> None:
    ratio = Times((2.0, 6.0, 4.0)).over(Times((4.0, 4.0, 8.0)), "a")
    assert (ratio.value, ratio.median, ratio.unit) == (0.5, 0.5, "x")


def test_figure_without_a_goal_is_always_met() -> None:
    assert Figure("a", 9, "ms").is_met
    assert Figure("a", 9, "ms", goal=9).is_met
    assert not Figure("a", 9.1, "ms", goal=9).is_met


def test_rate_has_to_reach_its_goal() -> None:
    assert Figure("a", 2, "/s", goal=2, at_least=True).is_met
    assert not Figure("a", 1.9, "/s", goal=2, at_least=True).is_met


def test_time_of_a_call_is_taken() -> None:
    assert seconds(lambda: sum(range(1000))) > 0


def test_every_measurement_of_a_suite_is_known() -> None:
    assert {name for suite in SUITES.values() for name in suite} <= MEASUREMENTS.keys()


def test_growth_and_editors_are_measured_only_where_asked_for() -> None:
    usual = set(chosen(None, [], against=False))
    assert not usual & {*SUITES["growth"], *SUITES["editor"]}
    assert set(SUITES["growth"]) == set(chosen(None, ["growth"], against=True))


def test_diffusers_runs_only_where_asked_for() -> None:
    assert "steps" not in chosen(None, ["sampling"], against=False)
    assert "steps" in chosen(None, ["sampling"], against=True)
    assert chosen("steps", [], against=False) == ["steps"]


def test_canvas_is_measured_on_a_real_server_and_written_as_it_is_printed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    ended = scumble(
        "bench", "--only", "canvas", "--rounds", "1", "--json", "--out", kept, state=tmp_path
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["schema"] == 1
    assert {"torch", "processor", "load", "load after"} <= told["machine"].keys()
    ratio, small, large = told["figures"]
    assert ratio["value"] == large["value"] / small["value"]
    assert [json.loads(path.read_text()) for path in kept.glob("*.json")] == [told]
    assert not list(tmp_path.glob("bench-*"))


def test_measurements_are_named(tmp_path: Path) -> None:
    assert scumble("bench", "--only", "list", state=tmp_path).stdout.split() == list(MEASUREMENTS)


def test_unknown_measurement_is_refused(tmp_path: Path) -> None:
    assert "no measurement" in sentence_of(scumble("bench", "--only", "luck", state=tmp_path))


def test_no_rounds_measure_nothing(tmp_path: Path) -> None:
    assert "0 rounds" in sentence_of(scumble("bench", "--rounds", "0", state=tmp_path))


def test_file_to_compare_with_is_read_before_anything_is_measured(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"schema": 99}')
    ended = scumble("bench", "--compare", other, state=tmp_path)
    assert "schema 99" in sentence_of(ended)
    other.write_text("[]")
    assert "no file of" in sentence_of(scumble("bench", "--compare", other, state=tmp_path))
