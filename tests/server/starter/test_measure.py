"""The measurements: they run through the server, and their yardsticks measure what they should."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from starter import measure, rim, train
from starter.desk import Desk, Order
from starter.objects import THINGS
from starter.sketches import SKETCHES, sketches

CENTRE, RADIUS = (32.0, 32.0), 20.0


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("measured")
    assert train.main(["--toy", "--work", str(folder), "--device", "cpu"]) == 0
    return folder


def disc(inside: int, outside: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    rows, columns = np.mgrid[:64, :64] + 0.5
    hole = np.hypot(columns - CENTRE[0], rows - CENTRE[1]) <= RADIUS
    grey = np.where(hole, np.uint8(inside), np.uint8(outside))
    return np.repeat(grey[..., None], 3, axis=2)


@pytest.mark.parametrize("name", measure.MEASUREMENTS)
def test_every_measurement_gives_figures_and_keeps_them(work: Path, name: str) -> None:
    call = ["--toy", "--count", "1", "--work", str(work), "--only", name]
    assert measure.main(call) == 0
    kept = json.loads((work / "measured.json").read_text(encoding="utf-8"))
    assert kept
    assert all(np.isfinite(value) for value in kept.values())


def test_measurements_leave_sheets_to_look_at(work: Path) -> None:
    call = ["--toy", "--count", "2", "--work", str(work), "--only", "strangers"]
    assert measure.main(call) == 0
    assert (work / "sheets" / "strangers.png").is_file()


def test_noise_is_never_plausible(work: Path) -> None:
    call = ["--toy", "--count", "3", "--work", str(work), "--only", "strangers"]
    assert measure.main(call) == 0
    kept = json.loads((work / "measured.json").read_text(encoding="utf-8"))
    assert kept["noise, plausible"] == 0


def test_a_desk_changes_nothing_outside_of_a_selection(work: Path) -> None:
    picture = disc(90, 160)
    selection = np.zeros((64, 64), np.uint8)
    selection[24:40, 24:40] = 255
    made = Desk(work / "model").over(picture, Order("a cat", steps=2), selection)
    assert np.array_equal(made[:8], picture[:8])
    assert not np.array_equal(made[28:36, 28:36], picture[28:36, 28:36])


def test_a_rim_s_step_is_the_colours_difference_across_it() -> None:
    assert rim.rim_step(disc(128, 128), CENTRE, RADIUS) == 0
    small = rim.rim_step(disc(128, 138), CENTRE, RADIUS)
    large = rim.rim_step(disc(128, 190), CENTRE, RADIUS)
    assert 1 < small < 6
    assert large > 3 * small


def test_the_worst_step_is_found_beyond_the_circle() -> None:
    picture = disc(60, 200)
    assert rim.rim_step(picture, CENTRE, RADIUS - 6) == 0
    assert rim.worst_step(picture, CENTRE, RADIUS - 6) > 20


def test_there_are_fifty_sketches_of_things_all_different() -> None:
    drawn = sketches(32)
    assert len(drawn) == 50
    assert len({sketch.pixels.tobytes() for sketch in drawn}) == 50
    assert set(SKETCHES) <= {thing.name for thing in THINGS}


def test_everyday_prompts_mean_things() -> None:
    assert set(measure.EVERYDAY.values()) <= {thing.name for thing in THINGS}
