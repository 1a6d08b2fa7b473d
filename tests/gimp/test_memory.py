"""Jobs are remembered by several processes at once, and told apart from those left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scumble_gimp.memory import GimpMemory
from scumble_protocol.editor.memory import Pending
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.settings import Settings

PICTURE = "file:///cat.xcf"
CAT = Pending(PICTURE, "a cat")


@pytest.fixture
def dead() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def memory(state: Path, pid: int | None = None) -> GimpMemory:
    made = GimpMemory.of_state(state)
    made.pid = pid or os.getpid()
    return made


def test_a_job_that_is_worked_on_is_nobody_elses(tmp_path: Path) -> None:
    memory(tmp_path).expect("job", CAT)
    assert memory(tmp_path).left_behind(PICTURE) == {}


def test_a_job_whose_process_was_killed_is_found_for_its_picture_alone(
    tmp_path: Path, dead: int
) -> None:
    memory(tmp_path, dead).expect("job", CAT)
    assert memory(tmp_path).left_behind("file:///dog.xcf") == {}
    assert memory(tmp_path).left_behind(PICTURE) == {"job": CAT}


def test_it_is_known_which_server_has_a_job(tmp_path: Path, dead: int) -> None:
    there = Pending(PICTURE, "a cat", "wss://attic:7867")
    memory(tmp_path, dead).expect("job", there)
    assert memory(tmp_path).left_behind(PICTURE) == {"job": there}


def test_taking_on_a_job_hides_it_from_others(tmp_path: Path, dead: int) -> None:
    memory(tmp_path, dead).expect("job", CAT)
    taker = memory(tmp_path)
    assert list(taker.of_picture(PICTURE)) == ["job"]
    assert taker.pending == {"job": CAT}
    assert memory(tmp_path).left_behind(PICTURE) == {}


def test_a_job_that_is_over_is_forgotten(tmp_path: Path, dead: int) -> None:
    left = memory(tmp_path, dead)
    left.expect("job", CAT)
    left.over("job")
    left.over("job")
    assert memory(tmp_path).left_behind(PICTURE) == {}
    assert left.pending == {}


def test_two_processes_do_not_overwrite_each_other(tmp_path: Path, dead: int) -> None:
    first, second = memory(tmp_path, dead), memory(tmp_path, dead)
    first.expect("one", CAT)
    second.expect("two", CAT)
    first.expect("one", CAT)
    assert set(memory(tmp_path).left_behind(PICTURE)) == {"one", "two"}


def test_orders_are_remembered_and_garbage_is_no_job(tmp_path: Path) -> None:
    order = Order(settings=Settings(prompt="a cat"))
    memory(tmp_path).use(order)
    (tmp_path / "jobs-gimp").mkdir()
    (tmp_path / "jobs-gimp/job.json").write_text("no json", "utf-8")
    (tmp_path / "jobs-gimp/none.json").write_text('{"key": "k", "pid": "x"}', "utf-8")
    again = memory(tmp_path)
    assert again.order == order
    assert again.left_behind(PICTURE) == {}
    assert again.left_behind("k") == {"none": Pending("k", "None")}
