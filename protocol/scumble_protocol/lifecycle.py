"""The life of a job on one connection: the table first, then the engine that follows it.

Two rules. Every change of a job's state happens here; and nothing here knows whether it watches
from the client's or the server's side: both see the same messages in the same order.

A job comes into view when the client submits it (`SUBMITTED`) or attaches to it after having seen
some of its events on an earlier connection (`ATTACHED`), and leaves it with the first final state.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from scumble_protocol.errors import ProtocolError
from scumble_protocol.messages import (
    Accepted,
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    Preview,
    Progress,
    Refused,
    Started,
)


class JobState(str, enum.Enum):
    """Where a job is, as far as this connection has seen."""

    SUBMITTED = "submitted"
    ATTACHED = "attached"
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"


JobMessage = JobEvent | Refused

TRANSITIONS: Mapping[JobState, Mapping[type[JobMessage], JobState]] = {
    JobState.SUBMITTED: {
        Accepted: JobState.WAITING,
        Cancelled: JobState.CANCELLED,
        Refused: JobState.REFUSED,
    },
    # Accepted earlier; whether it runs by now is not known.
    JobState.ATTACHED: {
        Accepted: JobState.WAITING,
        Started: JobState.RUNNING,
        Progress: JobState.RUNNING,
        Preview: JobState.RUNNING,
        Finished: JobState.FINISHED,
        Failed: JobState.FAILED,
        Cancelled: JobState.CANCELLED,
        Refused: JobState.REFUSED,
    },
    JobState.WAITING: {
        Accepted: JobState.WAITING,  # its place in the queue has changed
        Started: JobState.RUNNING,
        Failed: JobState.FAILED,
        Cancelled: JobState.CANCELLED,
    },
    JobState.RUNNING: {
        Accepted: JobState.WAITING,  # back in the queue, as after a restart
        Started: JobState.RUNNING,  # begun anew
        Progress: JobState.RUNNING,
        Preview: JobState.RUNNING,
        Finished: JobState.FINISHED,
        Failed: JobState.FAILED,
        Cancelled: JobState.CANCELLED,
    },
    JobState.FINISHED: {},
    JobState.FAILED: {},
    JobState.CANCELLED: {},
    JobState.REFUSED: {},
}

DURABLE_EVENTS = (Accepted, Started, Finished, Failed, Cancelled)
"""The events that a server keeps and replays; progress and previews are told once."""

FINAL_EVENTS = (Finished, Failed, Cancelled)
"""The events of which an accepted job gets exactly one."""


def is_final(state: JobState) -> bool:
    """Whether nothing comes after this state."""
    return not TRANSITIONS[state]


def advance(state: JobState, message: JobMessage) -> JobState:
    """The state after this message.

    Raises:
        ProtocolError: The message is not possible in this state.
    """
    try:
        return TRANSITIONS[state][type(message)]
    except KeyError:
        raise ProtocolError(
            f"Job {message.job} is {state.value}; {message.type!r} can't come now."
        ) from None


@dataclass(frozen=True)
class _Life:
    state: JobState
    number: int


class OpenJobs:
    """The jobs in view on one connection, by id; a job leaves with its final message."""

    def __init__(self) -> None:
        self._lives: dict[str, _Life] = {}

    def __contains__(self, job: str) -> bool:
        return job in self._lives

    def __len__(self) -> int:
        return len(self._lives)

    def state(self, job: str) -> JobState | None:
        """The job's state, or None if it is not in view."""
        life = self._lives.get(job)
        return life.state if life else None

    def open(self, job: str, after: int = 0) -> None:
        """Bring a job into view that is not; its events up to number `after` were seen earlier.

        Raises:
            ProtocolError: The job is in view already.
        """
        if job in self._lives:
            raise ProtocolError(f"Job {job} is under way on this connection already.")
        self._lives[job] = _Life(JobState.ATTACHED if after else JobState.SUBMITTED, after)

    def tell(self, event: JobEvent) -> None:
        """Follow an event of a job in view.

        Raises:
            ProtocolError: The job is not in view, the event is not possible in its state, or its
                number is not above that of the event before.
        """
        life = self._seen(event)
        if event.number <= life.number:
            raise ProtocolError(
                f"Event {event.number} of job {event.job} came after number {life.number}."
            )
        self._keep(event.job, _Life(advance(life.state, event), event.number))

    def refuse(self, refusal: Refused) -> None:
        """Follow a refusal; one that is about no job changes nothing.

        Raises:
            ProtocolError: The job is not in view, or was accepted already.
        """
        if refusal.job:
            life = self._seen(refusal)
            self._keep(refusal.job, _Life(advance(life.state, refusal), life.number))

    def _seen(self, message: JobMessage) -> _Life:
        life = self._lives.get(message.job)
        if life is None:
            raise ProtocolError(
                f"{message.type!r} is about job {message.job}, which is not under way."
            )
        return life

    def _keep(self, job: str, life: _Life) -> None:
        if is_final(life.state):
            del self._lives[job]
        else:
            self._lives[job] = life
