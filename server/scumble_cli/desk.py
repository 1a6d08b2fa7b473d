"""Where a command waits: for the greeting, for its job, and for others before it leaves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from scumble_protocol.client import ClientEvent, Connected, Disconnected, Result
from scumble_protocol.editor.studio import Applied, JobFailed, StudioEvent, Unplaced
from scumble_protocol.errors import ErrorCode, PeerError, error_of
from scumble_protocol.job_list import Jobs
from scumble_protocol.messages import (
    Accepted,
    Cancelled,
    Failed,
    Finished,
    Models,
    Phase,
    Progress,
    Refused,
    Status,
)
from scumble_protocol.pairing import Clients, PairingOffer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scumble_cli.connection import Connection
    from scumble_cli.terminal import Reporter
    from scumble_protocol.client.ledger import Question
    from scumble_protocol.messages import ModelInfo, Welcome

Event = ClientEvent | StudioEvent

_Answer = TypeVar("_Answer", Models, Status, Jobs, PairingOffer, Clients)

PATIENCE_SECONDS = 20.0
"""How long to wait for a greeting, and for a server that was lost to come back."""

CANCEL_SECONDS = 10.0

_AWAY = frozenset({ErrorCode.NO_SERVER, ErrorCode.DISCONNECTED, ErrorCode.SHUTTING_DOWN})
"""Reasons to wait for a server: it may be starting anew."""

SILENCE = frozenset({ErrorCode.NO_SERVER, ErrorCode.DISCONNECTED})
"""What comes of a server that is there, but does not answer."""

STATUS_SECONDS = 0.5

PHASES = {
    Phase.LOADING: "Loading",
    Phase.ENCODING: "Encoding",
    Phase.SAMPLING: "Sampling",
    Phase.DECODING: "Decoding",
}


class Desk:
    """Waits for what the server does, shows it, and turns failures into errors.

    Args:
        connection: The way to the server.
        poll: Gives what happened: a studio's `tick`, or the client's own `poll`.
        reporter: Where progress is shown.
    """

    def __init__(
        self,
        connection: Connection,
        poll: Callable[[], Sequence[Event]],
        reporter: Reporter,
    ) -> None:
        self._connection = connection
        self._poll = poll
        self._reporter = reporter
        self._lost_since: float | None = None

    def await_welcome(self) -> Welcome:
        """Wait until the server greets.

        Raises:
            ScumbleError: It can't be reached, refuses us, or says nothing.
        """
        while self._connection.client.wait(PATIENCE_SECONDS):
            for event in self._poll():
                if isinstance(event, Connected):
                    return event.welcome
                if isinstance(event, Disconnected):
                    raise event.error
        raise PeerError(
            ErrorCode.NO_SERVER,
            f"The server did not greet us within {PATIENCE_SECONDS:.0f} seconds.",
            "Look at what it says where it runs, or start another with `scumble serve`.",
        )

    def finish(self, job: str) -> Finished:
        """Wait until a job is done; Ctrl-C cancels it first.

        Raises:
            ScumbleError: It failed, or the server is gone and stays so.
            KeyboardInterrupt: It was cancelled.
        """
        try:
            return self._await_end(job)
        except KeyboardInterrupt:
            self._reporter.note("Cancelling …")
            self._connection.client.cancel(job)
            self._await_cancelled(job)
            raise

    def refresh_models(self) -> tuple[ModelInfo, ...]:
        """Ask for the models anew, and wait for the answer."""
        self._connection.client.list_models()
        answer = self._await_answer(Models)
        return () if answer is None else answer.models

    def status(self) -> Status:
        """Ask how the server is, and wait for the answer.

        Raises:
            PeerError: None came.
        """
        self._connection.client.ask_status()
        return self._answer(Status)

    def ask(self, question: Question, kind: type[_Answer]) -> _Answer:
        """Ask something that is not about one job, and wait for the answer of this kind.

        Raises:
            PeerError: None came.
        """
        self._connection.client.ask(question)
        return self._answer(kind)

    def events(self) -> Iterator[Event]:
        """What happens, as it does, for as long as the server is there.

        Raises:
            ScumbleError: It is gone and stays so.
        """
        while True:
            self._connection.client.wait(STATUS_SECONDS)
            for event in self._poll():
                if isinstance(event, Connected):
                    self._lost_since = None
                elif isinstance(event, Disconnected):
                    self._lost(event)
                yield event
            self._check_patience()

    def leave(self) -> None:
        """Before a server of our own is ended, let it finish the jobs of others."""
        if self._connection.own is None:
            return
        while (jobs := self._jobs_of_others()) > 0:
            self._reporter.show(f"Waiting for {jobs} job(s) of other programs", 0, 0, -1)
            time.sleep(STATUS_SECONDS)

    def _await_end(self, job: str) -> Finished:
        while True:
            self._connection.client.wait(STATUS_SECONDS)
            for event in self._poll():
                finished = self._take(event, job)
                if finished is not None:
                    return finished
            self._check_patience()

    def _take(self, event: Event, job: str) -> Finished | None:
        """Show an event; the account of the job if this event ends it."""
        if isinstance(event, (Applied, Result)) and event.job == job:
            return event.finished
        if isinstance(event, (JobFailed, Unplaced)) and event.job == job:
            raise event.error
        if isinstance(event, (Failed, Refused)) and event.job in {job, ""}:
            raise error_of(event.code, event.message, event.hint)
        if isinstance(event, Cancelled) and event.job == job:
            raise KeyboardInterrupt
        if isinstance(event, Connected):
            self._lost_since = None
        elif isinstance(event, Disconnected):
            self._lost(event)
        elif isinstance(event, (Accepted, Progress)) and event.job == job:
            self._show(event)
        return None

    def _show(self, event: Accepted | Progress) -> None:
        if isinstance(event, Progress):
            label = " ".join(filter(None, (PHASES[event.phase], event.detail)))
            self._reporter.show(label, event.step, event.of, event.seconds_left)
        elif event.position:
            self._reporter.show(f"Waiting behind {event.position} job(s)", 0, 0, -1)

    def _lost(self, event: Disconnected) -> None:
        if self._connection.own is not None:
            self._connection.own.check()
        if event.error.code not in _AWAY:
            raise event.error
        self._lost_since = self._lost_since or time.monotonic()
        self._reporter.note(event.error.message)
        self._connection.ensure_server()

    def _check_patience(self) -> None:
        lost_since = self._lost_since
        if lost_since is not None and time.monotonic() - lost_since > PATIENCE_SECONDS:
            raise PeerError(
                ErrorCode.DISCONNECTED,
                f"The server was lost, and did not come back in {PATIENCE_SECONDS:.0f} seconds.",
                "Start it again, then repeat the command.",
            )

    def _await_cancelled(self, job: str) -> None:
        deadline = time.monotonic() + CANCEL_SECONDS
        while time.monotonic() < deadline:
            self._connection.client.wait(STATUS_SECONDS)
            for event in self._poll():
                if isinstance(event, (Cancelled, Applied, Result, JobFailed, Failed)):
                    return

    def _jobs_of_others(self) -> int:
        self._connection.client.ask_status()
        status = self._await_answer(Status)
        return 0 if status is None else status.waiting + status.running

    def _answer(self, kind: type[_Answer]) -> _Answer:
        answer = self._await_answer(kind)
        if answer is None:
            raise PeerError(
                ErrorCode.NO_SERVER,
                f"The server did not answer within {PATIENCE_SECONDS:.0f} seconds.",
                "`scumble logs` shows what it is doing.",
            )
        return answer

    def _await_answer(self, kind: type[_Answer]) -> _Answer | None:
        """The answer to a question; None if none comes within the patience."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self._connection.client.wait(STATUS_SECONDS)
            for event in self._poll():
                if isinstance(event, kind):
                    return event
                if isinstance(event, Refused) and not event.job:
                    raise error_of(event.code, event.message, event.hint)
        return None
