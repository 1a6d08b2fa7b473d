"""A run is kept, read again, compared with another one, and drawn."""

from __future__ import annotations

import builtins
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from scumble_cli.benchmarks.comparison import compared
from scumble_cli.benchmarks.figure import Figure, Job, Point, Series, Unmeasured
from scumble_cli.benchmarks.plotting import plot
from scumble_cli.benchmarks.run_record import Run, read, write
from scumble_protocol.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

RUN = Run(
    taken="2026-11-21T10:00:00+00:00",
    rounds=3,
    machine={"processor": "two cores", "device": "cpu", "torch": "2.13.0", "load": "0.1"},
    findings=(
        Figure("a time", 10.0, "ms", 15.0, 12.0),
        Figure("a ratio", 0.5, "x"),
        Unmeasured("a rate", "There is no editor."),
        Job("a job", {"preparing": 0.01, "sampling": 0.5, "transfer": 0.02}),
        Series("a growth", "pixels", "ms", (Point(1, 2, 3), Point(2, 4, 5)), "It is straight."),
    ),
)


def with_time(value: float) -> Run:
    return dataclasses.replace(
        RUN,
        machine={**RUN.machine, "torch": "2.15.0", "load": "0.2"},
        findings=(Figure("a time", value, "ms", 15.0), Figure("another", 1.0, "s")),
    )


def test_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = read(write(RUN, tmp_path / "run.json"))
    assert (found.machine, found.jobs, found.series) == (RUN.machine, RUN.jobs, RUN.series)
    assert (found.figures, found.unmeasured) == (RUN.figures, RUN.unmeasured)


def test_ratios_come_first() -> None:
    assert [figure.unit for figure in RUN.figures] == ["x", "ms"]


def test_run_goes_into_a_folder_under_its_time(tmp_path: Path) -> None:
    assert write(RUN, tmp_path) == tmp_path / "2026-11-21T1000.json"


def test_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="can't be written"):
        write(RUN, tmp_path / "nowhere" / "run.json")


def test_comparison_gives_new_over_old_and_where_machines_differ() -> None:
    said = "\n".join(compared(with_time(5.0), RUN))
    assert "0.500 x a time: 5 ms, formerly 10" in said
    assert "torch: 2.15.0, formerly 2.13.0" in said
    assert "load: 0.2, formerly 0.1" in said
    assert "processor" not in said
    assert "new   another" in said


def test_plot_shows_jobs_and_growth(tmp_path: Path) -> None:
    path = tmp_path / "run.png"
    plot(RUN, path)
    with Image.open(path) as picture:
        colours = picture.convert("RGB").getcolors(maxcolors=2**24)
    assert colours is not None
    assert len(colours) > 20


def test_plot_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="nothing to draw"):
        plot(with_time(1.0), tmp_path / "run.png")


def test_plot_to_a_strange_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="can't be written"):
        plot(RUN, tmp_path / "run.strange")


def test_missing_matplotlib_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RequestError, match="needs matplotlib"):
        plot(RUN, tmp_path / "run.png")
