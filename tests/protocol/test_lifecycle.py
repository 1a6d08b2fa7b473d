from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from scumble_protocol.errors import ProtocolError
from scumble_protocol.lifecycle import (
    DURABLE_EVENTS,
    FINAL_EVENTS,
    TRANSITIONS,
    JobMessage,
    JobState,
    OpenJobs,
    advance,
    is_final,
)
from scumble_protocol.messages import (
    JOB_EVENTS,
    Accepted,
    Cancelled,
    Refused,
    Started,
)
from tests.protocol import samples

BY_KIND: dict[type[JobMessage], Any] = {
    type(message): message
    for message in samples.MESSAGES.values()
    if isinstance(message, (*JOB_EVENTS, Refused))
}


@pytest.mark.parametrize(("state", "kind"), list(itertools.product(JobState, BY_KIND)), ids=str)
def test_a_job_goes_where_the_table_says_and_nowhere_else(
    state: JobState, kind: type[JobMessage]
) -> None:
    if kind in TRANSITIONS[state]:
        assert advance(state, BY_KIND[kind]) is TRANSITIONS[state][kind]
    else:
        with pytest.raises(ProtocolError, match=f"is {state.value}; '{kind.type}' can't come"):
            advance(state, BY_KIND[kind])


def test_every_state_is_in_the_table_and_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(JobState)
    reached = {target for events in TRANSITIONS.values() for target in events.values()}
    assert reached | {JobState.SUBMITTED, JobState.ATTACHED} == set(JobState)


def test_final_states_are_those_that_nothing_follows() -> None:
    final = {JobState.FINISHED, JobState.FAILED, JobState.CANCELLED, JobState.REFUSED}
    assert {state for state in JobState if is_final(state)} == final


def test_final_events_are_durable_and_lead_to_final_states() -> None:
    assert set(FINAL_EVENTS) <= set(DURABLE_EVENTS)
    for events in TRANSITIONS.values():
        for kind, target in events.items():
            assert is_final(target) == (kind in {*FINAL_EVENTS, Refused})


def test_an_accepted_job_can_always_still_be_cancelled_or_fail() -> None:
    for state in (JobState.WAITING, JobState.RUNNING, JobState.ATTACHED):
        assert {type(BY_KIND[kind]).type for kind in TRANSITIONS[state]} >= {"cancelled", "failed"}


def test_a_submitted_job_is_in_view_until_it_ends() -> None:
    jobs = OpenJobs()
    assert jobs.state("job-1") is None
    jobs.open("job-1")
    assert "job-1" in jobs
    assert (len(jobs), jobs.state("job-1")) == (1, JobState.SUBMITTED)
    jobs.tell(Accepted("job-1", 1, 0))
    assert jobs.state("job-1") is JobState.WAITING
    jobs.tell(Cancelled("job-1", 2))
    assert "job-1" not in jobs
    assert len(jobs) == 0


def test_a_job_is_opened_once() -> None:
    jobs = OpenJobs()
    jobs.open("job-1")
    for after in (0, 7):
        with pytest.raises(ProtocolError, match="already"):
            jobs.open("job-1", after)


def test_a_job_that_has_ended_may_be_opened_again() -> None:
    jobs = OpenJobs()
    jobs.open("job-1")
    jobs.tell(Cancelled("job-1", 1))
    jobs.open("job-1")
    jobs.tell(Accepted("job-1", 1, 0))
    assert jobs.state("job-1") is JobState.WAITING


def test_attaching_after_an_event_takes_up_what_comes_after_it() -> None:
    jobs = OpenJobs()
    jobs.open("job-1", after=7)
    assert jobs.state("job-1") is JobState.ATTACHED
    with pytest.raises(ProtocolError, match="after number 7"):
        jobs.tell(Started("job-1", 7))
    jobs.tell(Started("job-1", 8))
    assert jobs.state("job-1") is JobState.RUNNING


@pytest.mark.parametrize("number", [3, 4])
def test_numbers_rise_and_gaps_are_allowed(number: int) -> None:
    jobs = OpenJobs()
    jobs.open("job-1")
    jobs.tell(Accepted("job-1", 4, 0))
    with pytest.raises(ProtocolError, match="after number 4"):
        jobs.tell(Started("job-1", number))
    jobs.tell(Started("job-1", 40))


def test_an_event_that_is_not_possible_changes_nothing() -> None:
    jobs = OpenJobs()
    jobs.open("job-1")
    with pytest.raises(ProtocolError, match="can't come now"):
        jobs.tell(Started("job-1", 1))
    jobs.tell(Accepted("job-1", 1, 0))


def test_an_event_of_a_job_that_nobody_opened_is_refused() -> None:
    with pytest.raises(ProtocolError, match="not under way"):
        OpenJobs().tell(Started("job-1", 1))


def test_a_refusal_ends_a_job_that_was_not_accepted() -> None:
    jobs = OpenJobs()
    jobs.open("job-1")
    jobs.refuse(BY_KIND[Refused])
    assert "job-1" not in jobs


def test_a_refusal_of_an_accepted_job_is_refused() -> None:
    jobs = OpenJobs()
    jobs.open("job-1")
    jobs.tell(Accepted("job-1", 1, 0))
    with pytest.raises(ProtocolError, match="'refused' can't come"):
        jobs.refuse(BY_KIND[Refused])


def test_a_refusal_about_no_job_changes_nothing() -> None:
    jobs = OpenJobs()
    jobs.open("job-1")
    jobs.refuse(replace(BY_KIND[Refused], job=""))
    assert jobs.state("job-1") is JobState.SUBMITTED


def test_a_refusal_of_a_job_that_nobody_opened_is_refused() -> None:
    with pytest.raises(ProtocolError, match="not under way"):
        OpenJobs().refuse(BY_KIND[Refused])
