from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_server.jobs.waiting import WaitingLine


def taken(line: WaitingLine) -> list[str]:
    order = []
    while (job := line.take()) is not None:
        order.append(job)
    return order


def line_of(*jobs: tuple[str, str]) -> WaitingLine:
    line = WaitingLine()
    for owner, job in jobs:
        line.put(owner, job)
    return line


def test_one_clients_jobs_are_served_in_the_order_they_came() -> None:
    assert taken(line_of(("ann", "1"), ("ann", "2"), ("ann", "3"))) == ["1", "2", "3"]


def test_a_client_with_many_jobs_delays_another_by_one_job() -> None:
    line = line_of(*[("ann", f"a{n}") for n in range(50)], ("bob", "b"))
    assert line.position("b") == 1
    assert taken(line)[:3] == ["a0", "b", "a1"]


def test_a_client_that_was_just_served_waits_for_the_others() -> None:
    line = line_of(("ann", "a1"), ("bob", "b1"))
    assert line.take() == "a1"
    line.put("ann", "a2")
    assert taken(line) == ["b1", "a2"]


def test_a_removed_job_is_not_served() -> None:
    line = line_of(("ann", "a1"), ("ann", "a2"), ("bob", "b1"))
    assert line.remove("a1")
    assert not line.remove("a1")
    assert len(line) == 2
    assert taken(line) == ["a2", "b1"]


def test_a_job_that_does_not_wait_has_no_position() -> None:
    with pytest.raises(KeyError):
        line_of(("ann", "1")).position("2")


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=40))
def test_the_position_is_the_number_of_jobs_that_are_taken_before(
    steps: list[tuple[str, bool]],
) -> None:
    line = WaitingLine()
    waiting = set()
    for number, (owner, is_taken) in enumerate(steps):
        line.put(owner, str(number))
        waiting.add(str(number))
        if is_taken:
            waiting.discard(line.take() or "")
    promised = {job: line.position(job) for job in waiting}
    assert {job: place for place, job in enumerate(taken(line))} == promised
