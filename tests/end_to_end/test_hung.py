"""A device that hangs: its job fails, the server begins anew, and everybody goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from scumble_protocol import endpoint
from scumble_protocol.client import Connected
from scumble_protocol.editor.starter import Starter
from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import Failed, Refused, Status
from scumble_protocol.program import write_program
from scumble_server.restarts import MOST, Restarts
from tests.end_to_end.server_process import (
    PATIENCE,
    TINY,
    Painter,
    ServerProcess,
    painter,
    regenerate,
    running_server,
    state_with,
)
from tests.end_to_end.troubled import SCRIPT, SILENCE, Troubles
from tests.timing import IS_NIGHTLY, MS

pytestmark = pytest.mark.timeout(1200)

ARGUMENTS = ("--model", TINY, "--device", "cpu", "--hang-seconds", SILENCE)
CONSOLE = (str(Path(sys.executable).with_name("scumble")), "serve")


@pytest.fixture(scope="module")
def undisturbed(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """What the job makes on a server that nothing happens to."""
    folder = state_with(model, tmp_path_factory.mktemp("undisturbed") / "state")
    with running_server(folder, *ARGUMENTS), painter(folder) as ann:
        return ann.result(ann.submit(*regenerate(seed=2))).blobs


def hung(who: Painter, job: str) -> Failed:
    """How the job ended, which is that its device hung."""
    end = who.end_of(job)
    assert isinstance(end, Failed), end
    assert end.code is ErrorCode.DEVICE_HUNG
    return end


def status(who: Painter) -> Status:
    who.client.ask_status()
    found = who.until(lambda event: isinstance(event, Status))
    assert isinstance(found, Status)
    return found


def back(who: Painter) -> None:
    """Wait until the client has come back by itself."""
    who.until(lambda event: isinstance(event, Connected))


def test_a_hung_job_fails_the_server_begins_anew_and_the_waiting_job_is_done(
    state: Path, troubles: Troubles, undisturbed: Mapping[str, bytes]
) -> None:
    troubles.add("hang in a step")
    with running_server(state, *ARGUMENTS) as server, painter(state) as ann:
        before = server.listening()
        first = ann.submit(*regenerate(seed=1))
        second = ann.submit(*regenerate(seed=2))
        error = hung(ann, first)
        assert "no sign of life" in error.message
        back(ann)
        assert ann.result(second).blobs == undisturbed
        assert server.listening() == before
        found = status(ann)
        assert (found.restarts, found.trouble, found.waiting, found.running) == (1, "", 0, 0)
        assert "sleep(EVER)" in (state / "server.log").read_text()
        assert server.terminate() == 0


@pytest.mark.skipif(not IS_NIGHTLY, reason="half a minute each: the nightly profile has them")
@pytest.mark.parametrize("way", ["the console script", "the editors' button"])
def test_however_the_server_was_started_it_begins_anew(
    state: Path, troubles: Troubles, way: str
) -> None:
    troubles.add("hang in a step")
    started = (
        by_button(state)
        if way == "the editors' button"
        else running_server(state, *ARGUMENTS, command=CONSOLE)
    )
    with started, painter(state) as ann:
        before = endpoint.read(state)
        hung(ann, ann.submit(*regenerate(seed=1)))
        back(ann)
        ann.result(ann.submit(*regenerate(seed=2)))
        assert status(ann).restarts == 1
        assert endpoint.read(state) == before


class by_button:  # noqa: N801  (a context)
    """A server as an editor starts it: without the editor's PYTHONPATH."""

    def __init__(self, state: Path) -> None:
        write_program(state, [*SCRIPT, "--state", str(state), *ARGUMENTS], "1")
        self._state = state

    def __enter__(self) -> None:
        starter = Starter(self._state)
        starter.start()
        deadline = time.monotonic() + PATIENCE
        while endpoint.read(self._state) is None and time.monotonic() < deadline:
            starter.check()
            time.sleep(10 * MS)
        assert starter._process is not None  # noqa: SLF001
        self._process = starter._process  # noqa: SLF001

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)


def test_a_cancel_that_is_not_obeyed_ends_the_job(
    state: Path, troubles: Troubles, undisturbed: Mapping[str, bytes]
) -> None:
    troubles.add("hang in a step")
    patient = (*ARGUMENTS[:-1], f"{600_000 * MS:.0f}")
    with running_server(state, *patient), painter(state) as ann:
        job = ann.submit(*regenerate(seed=1))
        troubles.wait("hang in a step")
        ann.client.cancel(job)
        assert "cancelled" in hung(ann, job).message
        back(ann)
        assert ann.result(ann.submit(*regenerate(seed=2))).blobs == undisturbed


def test_a_model_that_is_never_loaded_is_given_up_too(state: Path, troubles: Troubles) -> None:
    impatient = (*ARGUMENTS[:-1], f"{3000 * MS:.0f}")
    with running_server(state, *impatient), painter(state) as ann:
        ann.result(ann.submit(*regenerate(seed=1)))
        troubles.add("hang in loading")
        upscale = ann.submit(*regenerate(model="starter", seed=1))
        assert "loading" in hung(ann, upscale).message
        back(ann)
        ann.result(ann.submit(*regenerate(seed=2)))


def test_a_worker_whose_thread_ends_is_replaced(
    state: Path, troubles: Troubles, undisturbed: Mapping[str, bytes]
) -> None:
    troubles.add("end of the thread")
    with running_server(state, *ARGUMENTS), painter(state) as ann:
        first = ann.submit(*regenerate(seed=1))
        second = ann.submit(*regenerate(seed=2))
        end = ann.end_of(first)
        assert isinstance(end, Failed)
        assert end.code is ErrorCode.INTERNAL
        assert ann.result(second).blobs == undisturbed


@pytest.fixture
def restarted_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that are started now take themselves for ones that hung again and again."""
    often = Restarts(MOST, 0, (time.monotonic(),) * MOST)
    for name, value in often.environ().items():
        monkeypatch.setenv(name, value)


def test_it_waits_for_a_server_that_a_command_started_meanwhile(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_server(state, *ARGUMENTS) as others:
        for name, value in Restarts(1, 0, (time.monotonic(),)).environ().items():
            monkeypatch.setenv(name, value)
        anew = ServerProcess(state, *ARGUMENTS)
        time.sleep(1500 * MS)
        assert anew.process.poll() is None, "it waits"
        assert others.terminate() == 0
        anew.listening()
        assert anew.terminate() == 0


@pytest.mark.usefixtures("restarted_often")
def test_after_too_many_restarts_the_server_stays_and_says_what_to_do(
    state: Path,
    troubles: Troubles,
    undisturbed: Mapping[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    troubles.add("hang in a step")
    with running_server(state, *ARGUMENTS) as server, painter(state) as ann:
        first = ann.submit(*regenerate(seed=1))
        waiting = ann.submit(*regenerate(seed=2))
        hung(ann, first)
        # Said to everybody right after the job's end, so that it may have been heard with it.
        found = status(ann)
        told = next(event for event in ann.heard if isinstance(event, Refused) and not event.job)
        assert told.code is ErrorCode.DEVICE_HUNG
        assert "Restart the machine" in told.hint
        assert found.restarts == MOST
        assert "Restart the machine" in found.trouble
        assert (found.waiting, found.running) == (1, 0)
        assert ann.refusal(ann.submit(*regenerate(seed=3))).code is ErrorCode.DEVICE_HUNG
        assert server.terminate() == 0
    monkeypatch.delenv("SCUMBLE_RESTARTS")
    with running_server(state, *ARGUMENTS), painter(state) as bob:
        bob.client.attach(waiting)
        assert bob.result(waiting).blobs == undisturbed
