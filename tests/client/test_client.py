"""The client against a real websocket server in this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from scumble_protocol.blobs import blob_id
from scumble_protocol.client import Address, Client, Connected, Disconnected, Result
from scumble_protocol.client.events import ClientEvent
from scumble_protocol.errors import ErrorCode, PeerError, ProtocolError, RequestError
from scumble_protocol.job_list import AskJobs, Jobs
from scumble_protocol.messages import (
    SUBPROTOCOL,
    Accepted,
    Acknowledge,
    Attach,
    Cancel,
    Cancelled,
    Forget,
    Hello,
    Limits,
    Measured,
    Models,
    Names,
    Refused,
    Started,
    Status,
    Submit,
    Want,
)
from scumble_protocol.pairing import AskClients, Clients
from scumble_protocol.requests import LoadModel
from tests.client.certificates import make_certificate
from tests.client.passing_server import MODELS, RIGHT, Memory, PassingServer, passing_server
from tests.client.requests_to_send import IMAGE, MASK, blobs_of, regenerate
from tests.timing import MS

PATIENCE = 10_000 * MS


@contextmanager
def client_of(address: Address | Callable[[], Address], **options: int) -> Iterator[Client]:
    client = Client(address, name="test", version="1", **options)
    client.start()
    try:
        yield client
    finally:
        client.close()
        assert not client.is_alive


def events_until(client: Client, kind: type[ClientEvent], job: str = "") -> list[ClientEvent]:
    """Everything that happens up to the first event of this kind (about this job)."""
    seen: list[ClientEvent] = []
    deadline = time.monotonic() + PATIENCE
    while client.wait(max(0.0, deadline - time.monotonic())):
        seen += client.poll()
        if any(isinstance(e, kind) and job in {"", getattr(e, "job", "")} for e in seen):
            return seen
    raise AssertionError(f"no {kind.__name__} among {seen}")


def submit(client: Client, image: bytes = IMAGE, side: int = 4) -> str:
    mask = b"\xff" * side * side
    return client.submit(regenerate(image, mask, side=side), blobs_of(image, mask))


def said(server: PassingServer, kind: type) -> list[object]:
    return [message for message in server.received if isinstance(message, kind)]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(MS)


def test_a_job_goes_out_and_its_result_comes_back() -> None:
    with passing_server() as server, client_of(server.address) as client:
        job = submit(client)
        events = events_until(client, Result)
        assert [type(event) for event in events] == [Connected, Accepted, Started, Result]
        result = events[-1]
        assert isinstance(result, Result)
        assert result.job == job
        assert result.blobs == blobs_of(IMAGE, MASK)


def test_a_result_that_is_not_here_yet_is_downloaded() -> None:
    with passing_server() as server, client_of(server.address, cache_bytes=0) as client:
        submit(client)
        result = events_until(client, Result)[-1]
        assert isinstance(result, Result)
        assert result.blobs == blobs_of(IMAGE, MASK)
        assert said(server, Want)


def test_running_again_uploads_nothing() -> None:
    with passing_server() as server, client_of(server.address) as client:
        for _ in range(2):
            events_until(client, Result, submit(client))
        assert sorted(server.arrived) == sorted(blobs_of(IMAGE, MASK))


SIDE = 256
FIRST = bytes(range(256)) * (SIDE * SIDE * 4 // 256)
PAINTED = FIRST[:100_000] + bytes(700) + FIRST[100_700:]


def test_only_the_place_that_was_painted_on_is_uploaded() -> None:
    with passing_server() as server, client_of(server.address) as client:
        events_until(client, Result, submit(client, FIRST, SIDE))
        before = sum(server.frames)
        events_until(client, Result, submit(client, PAINTED, SIDE))
        assert sum(server.frames) - before < len(PAINTED) // 20
        assert server.memory.blobs[blob_id(PAINTED)] == PAINTED


def test_a_picture_whose_base_the_server_lost_comes_whole_after_all() -> None:
    with passing_server() as server, client_of(server.address) as client:
        events_until(client, Result, submit(client, FIRST, SIDE))
        server.bases_are_lost = True
        events_until(client, Result, submit(client, PAINTED, SIDE))
        assert server.memory.blobs[blob_id(PAINTED)] == PAINTED


def test_results_of_other_formats_of_wire_arrive_whole(tmp_path: Path) -> None:
    """On links other than loopback pictures travel packed, and encrypted."""
    side = 700
    image = bytes(range(256)) * (side * side * 4 // 256) + bytes(side * side * 4 % 256)
    with passing_server(certificate=make_certificate(tmp_path)) as server:
        url = server.address.url.replace("127.0.0.1", "localhost.localdomain")
        far = Address(url, RIGHT, server.address.fingerprint)
        with _resolving(far), client_of(far, cache_bytes=0) as client:
            submit(client, image, side)
            result = events_until(client, Result)[-1]
            assert isinstance(result, Result)
            assert result.blobs[blob_id(image)] == image
            assert sum(server.frames) < len(image) // 2


@contextmanager
def _resolving(address: Address) -> Iterator[None]:
    """A name for this machine that does not look like loopback."""
    original = socket.getaddrinfo

    def resolve(host: str, *arguments: object, **options: object) -> object:
        known = "127.0.0.1" if host == "localhost.localdomain" else host
        return original(known, *arguments, **options)  # type: ignore[arg-type]

    assert not address.is_loopback
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", resolve)
        yield


def test_a_cancel_overtakes_the_picture_that_is_being_sent() -> None:
    side = 4096
    image = bytes(side * side * 4)
    with passing_server() as server, client_of(server.address) as client:
        server.pause_at = 5
        job = submit(client, image, side)
        wait_for(lambda: not server.is_reading.is_set())
        client.cancel(job)
        server.is_reading.set()
        events_until(client, Cancelled)
        wait_for(lambda: blob_id(image) in server.arrived)
        order = [e for e in server.order if e in (Cancel(job), blob_id(image))]
        assert order == [Cancel(job), blob_id(image)], "64 chunks were on the way"


def test_a_cancelled_job_ends() -> None:
    with passing_server(is_held=True) as server, client_of(server.address) as client:
        job = submit(client)
        events_until(client, Accepted)
        client.cancel(job)
        assert events_until(client, Cancelled)[-1] == Cancelled(job, 9)


def test_questions_are_answered() -> None:
    with passing_server() as server, client_of(server.address) as client:
        client.list_models()
        client.ask_status()
        events = events_until(client, Status)
        assert Models(MODELS) in events
        client.measure("a red cat", "starter")
        assert Measured("a red cat", "starter", 3, 1, 3) in events_until(client, Measured)
        client.ask_names()
        assert Names((), (), ()) in events_until(client, Names)


def test_a_result_that_was_taken_is_acknowledged_and_a_job_can_be_forgotten() -> None:
    with passing_server() as server:
        with client_of(server.address) as client:
            job = submit(client)
            events_until(client, Result)
            client.acknowledge(job)
            client.forget(job)
        wait_for(lambda: said(server, Forget) == [Forget(job)])
        assert said(server, Acknowledge) == [Acknowledge(job)]


def test_what_is_put_in_before_there_is_a_server_is_sent_later() -> None:
    with passing_server() as server:
        port = server.port
    with client_of(Address(f"ws://127.0.0.1:{port}", RIGHT)) as client:
        job = submit(client)
        events_until(client, Disconnected)
        with passing_server(port=port):
            events_until(client, Result, job)


def test_a_cut_connection_is_made_again_and_the_result_arrives() -> None:
    with passing_server(is_held=True) as server, client_of(server.address) as client:
        job = submit(client)
        events_until(client, Accepted)
        server.drop()
        (lost,) = events_until(client, Disconnected)
        assert isinstance(lost, Disconnected)
        assert lost.error.code is ErrorCode.DISCONNECTED
        assert "results come" in lost.error.hint
        events_until(client, Connected)
        wait_for(lambda: said(server, Attach) == [Attach(job, 1)])
        server.finish(job)
        assert [type(e) for e in events_until(client, Result)] == [Started, Result]
        hello = said(server, Hello)[-1]
        assert isinstance(hello, Hello)
        assert hello.awaiting == (job,)


def test_a_restarted_server_is_found_at_its_new_address() -> None:
    memory = Memory()
    where: list[Address] = [Address("ws://127.0.0.1:1", "")]
    with client_of(lambda: where[-1]) as client:
        with passing_server(memory, is_held=True) as server:
            where.append(server.address)
            job = submit(client)
            events_until(client, Accepted)
        events_until(client, Disconnected)
        with passing_server(memory, is_held=True) as server:
            where.append(server.address)
            events_until(client, Connected)
            wait_for(lambda: said(server, Attach) == [Attach(job, 1)])
            server.finish(job)
            events_until(client, Result, job)


def test_a_job_of_an_earlier_run_is_delivered() -> None:
    with passing_server() as server:
        with client_of(server.address) as client:
            job = submit(client)
            events_until(client, Result)
        with client_of(server.address) as client:
            client.attach(job)
            result = events_until(client, Result)[-1]
            assert isinstance(result, Result)
            assert result.blobs == blobs_of(IMAGE, MASK)


def test_a_job_that_nobody_knows_is_refused() -> None:
    with passing_server() as server, client_of(server.address) as client:
        client.attach("unknown")
        refused = events_until(client, Refused)[-1]
        assert isinstance(refused, Refused)
        assert refused.code is ErrorCode.UNKNOWN_JOB


def test_a_wrong_token_is_told_once_with_a_hint() -> None:
    with passing_server() as server, client_of(Address(server.address.url, "wrong")) as client:
        (event,) = events_until(client, Disconnected)
        assert isinstance(event, Disconnected)
        assert event.error.code is ErrorCode.UNAUTHORIZED
        assert event.error.hint
        assert not client.wait(400 * MS), "it tries again, but says nothing new"


@pytest.mark.parametrize(
    ("client_speaks", "code"),
    [(0, ErrorCode.CLIENT_TOO_OLD), (99, ErrorCode.SERVER_TOO_OLD)],
)
def test_another_protocol_version_says_which_side_to_update(
    monkeypatch: pytest.MonkeyPatch, client_speaks: int, code: ErrorCode
) -> None:
    monkeypatch.setattr("scumble_protocol.client.client.PROTOCOL_VERSION", client_speaks)
    with passing_server() as server, client_of(server.address) as client:
        (event,) = events_until(client, Disconnected)
        assert isinstance(event, Disconnected)
        assert event.error.code is code
        assert "Update" in event.error.hint


def test_where_nobody_listens_there_is_no_server() -> None:
    with passing_server() as server:
        port = server.port
    with client_of(Address(f"ws://127.0.0.1:{port}", "")) as client:
        (event,) = events_until(client, Disconnected)
        assert isinstance(event, Disconnected)
        assert event.error.code is ErrorCode.NO_SERVER
        assert str(port) in event.error.message


def test_a_server_that_cannot_be_located_is_an_event_too() -> None:
    def locate() -> Address:
        raise PeerError(ErrorCode.NO_SERVER, "No server is running.", "Start it.")

    with client_of(locate) as client:
        (event,) = events_until(client, Disconnected)
        assert isinstance(event, Disconnected)
        assert event.error.message == "No server is running."


@contextmanager
def other_program(
    handle: Callable[[ServerConnection], None], subprotocols: list[str]
) -> Iterator[Address]:
    """A websocket server that is not ours."""
    server = serve(
        handle, "127.0.0.1", 0, subprotocols=[Subprotocol(name) for name in subprotocols]
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Address(f"ws://127.0.0.1:{server.socket.getsockname()[1]}", "")
    finally:
        server.shutdown()
        thread.join()


def first_error(address: Address) -> str:
    with client_of(address) as client:
        (event,) = events_until(client, Disconnected)
        assert isinstance(event, Disconnected)
        assert isinstance(event.error, PeerError)
        return str(event.error)


def test_a_websocket_server_that_is_not_ours_is_recognised() -> None:
    for offered in (["chat"], []):
        with other_program(lambda _: None, offered) as address:
            assert "no Scumble server" in first_error(address)


def test_a_server_that_hangs_up_at_once_is_lost() -> None:
    with other_program(lambda connection: connection.close(), [SUBPROTOCOL]) as address:
        assert "was lost" in first_error(address)


def test_a_server_that_says_nothing_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scumble_protocol.client.link.OPEN_SECONDS", 100 * MS)
    with other_program(_listen, [SUBPROTOCOL]) as address:
        assert "No Scumble server answers" in first_error(address)


def _listen(connection: ServerConnection) -> None:
    for _ in connection:
        pass


def test_a_server_that_talks_nonsense_breaks_the_protocol() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.recv()
        connection.send("good day")
        _listen(connection)

    with other_program(talk, [SUBPROTOCOL]) as address:
        assert "Update Scumble" in first_error(address)


def test_nonsense_after_the_greeting_ends_the_connection_but_not_the_client() -> None:
    with passing_server() as server, client_of(server.address) as client:
        events_until(client, Connected)
        server.visits[0].connection.send("good day")
        (event,) = events_until(client, Disconnected)
        assert isinstance(event, Disconnected)
        assert event.error.code is ErrorCode.PROTOCOL
        events_until(client, Connected)


def test_a_request_that_is_too_long_to_send_is_refused_here() -> None:
    limits = Limits(message_bytes=8 * 1024, chunk_bytes=1024)
    with passing_server(limits=limits) as server, client_of(server.address) as client:
        events_until(client, Connected)
        job = client.submit(LoadModel("m" * 10_000), {})
        refused = events_until(client, Refused)[-1]
        assert isinstance(refused, Refused)
        assert (refused.job, refused.code) == (job, ErrorCode.TOO_LARGE)
        assert said(server, Submit) == []
        events_until(client, Result, submit(client))


def test_a_draft_that_fails_is_refused_here() -> None:
    def draft() -> tuple[LoadModel, dict[str, bytes]]:
        raise RequestError(ErrorCode.EMPTY_SELECTION, "Nothing is selected.", "Select something.")

    with passing_server() as server, client_of(server.address) as client:
        job = client.submit_draft(draft)
        refused = events_until(client, Refused)[-1]
        assert refused == Refused(
            job, ErrorCode.EMPTY_SELECTION, "Nothing is selected.", "Select something."
        )


def test_a_draft_is_made_on_another_thread() -> None:
    threads: list[str] = []

    def draft() -> tuple[LoadModel, dict[str, bytes]]:
        threads.append(threading.current_thread().name)
        return LoadModel("starter"), {}

    with passing_server() as server, client_of(server.address) as client:
        events_until(client, Result, client.submit_draft(draft))
    assert threads == ["scumble-client"]


def test_a_job_id_that_makes_no_sense_is_refused_on_the_spot() -> None:
    client = Client(Address("ws://127.0.0.1:1", ""), name="test", version="1")
    for act in (client.attach, client.cancel, client.acknowledge, client.forget):
        with pytest.raises(ProtocolError, match="no job id"):
            act("no id")


def test_a_defect_is_told_and_the_client_lives_on(caplog: pytest.LogCaptureFixture) -> None:
    def draft() -> tuple[LoadModel, dict[str, bytes]]:
        raise ZeroDivisionError

    with passing_server() as server, client_of(server.address) as client:
        events_until(client, Connected)
        client.submit_draft(draft)
        (event,) = events_until(client, Disconnected)
        assert isinstance(event, Disconnected)
        assert event.error.code is ErrorCode.INTERNAL
        events_until(client, Result, submit(client))
    assert "ZeroDivisionError" in caplog.text


def test_polling_and_waiting_find_nothing_where_nothing_happens() -> None:
    with passing_server() as server, client_of(server.address) as client:
        events_until(client, Connected)
        assert client.poll() == []
        assert not client.wait(10 * MS)


def test_a_client_ends_while_it_waits_for_a_server() -> None:
    with passing_server() as server:
        address = server.address
    client = Client(address, name="test", version="1")
    client.start()
    events_until(client, Disconnected)
    client.close()
    assert not client.is_alive


def test_a_pause_between_attempts_ends_when_a_job_is_put_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scumble_protocol.client.attempts.FIRST_PAUSE", 1000.0)
    with passing_server() as server:
        port = server.port
    with client_of(Address(f"ws://127.0.0.1:{port}", RIGHT)) as client:
        events_until(client, Disconnected)
        with passing_server(port=port):
            client.ask_status()
            assert not client.wait(200 * MS), "a question can wait"
            submit(client)
            events_until(client, Result)


def test_a_pause_between_attempts_ends_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scumble_protocol.client.attempts.FIRST_PAUSE", 1000.0)
    with passing_server() as server:
        port = server.port
    with client_of(Address(f"ws://127.0.0.1:{port}", RIGHT)) as client:
        events_until(client, Disconnected)
        with passing_server(port=port):
            client.retry()
            events_until(client, Connected)


def test_something_small_is_done_on_another_thread_in_its_turn() -> None:
    done: list[object] = []
    with client_of(Address("ws://127.0.0.1:9", RIGHT)) as client:
        client.soon(lambda: done.append(1))
        client.soon(lambda: done.append(threading.current_thread().name))
        wait_for(lambda: len(done) == 2)
    assert done == [1, "scumble-client"]


def test_a_server_that_ends_says_so_and_its_jobs_go_on_when_it_is_back() -> None:
    memory = Memory()
    with passing_server(memory, is_held=True) as server:
        port = server.port
        with client_of(server.address) as client:
            job = submit(client)
            events_until(client, Accepted)
            server.visits[0].say(Refused("", ErrorCode.SHUTTING_DOWN, "It ends.", "Wait."))
            server.visits[0].connection.close(1001)
            (lost,) = events_until(client, Disconnected)
            assert isinstance(lost, Disconnected)
            assert lost.error.code is ErrorCode.SHUTTING_DOWN
            server.stop()
            with passing_server(memory, port=port, is_held=True) as again:
                wait_for(lambda: Attach(job, 1) in again.received)
                again.finish(job)
                events_until(client, Result, job)


def test_another_server_is_gone_to_at_once_and_each_keeps_its_jobs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scumble_protocol.client.attempts.LONGEST_PAUSE", 1000.0)
    with passing_server(is_held=True) as here, passing_server(is_held=True) as there:
        far = Address(there.address.url, RIGHT, server="there")
        where = [here.address]
        with client_of(lambda: where[-1]) as client:
            first = submit(client)
            events_until(client, Accepted)
            where.append(far)
            client.reconnect()
            events_until(client, Disconnected)
            connected = events_until(client, Connected)[-1]
            assert isinstance(connected, Connected)
            assert connected.server == "there"
            second = submit(client)
            events_until(client, Accepted, second)
            hello = said(there, Hello)[-1]
            assert isinstance(hello, Hello)
            assert hello.awaiting == ()
            there.finish(second)
            events_until(client, Result, second)
            where.append(here.address)
            client.reconnect()
            wait_for(lambda: Attach(first, 1) in here.received)
            here.finish(first)
            events_until(client, Result, first)


def test_another_server_is_gone_to_although_the_last_one_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scumble_protocol.client.attempts.FIRST_PAUSE", 1000.0)
    with passing_server() as server:
        where = [Address("ws://127.0.0.1:1", ""), server.address]
        with client_of(lambda: where[0]) as client:
            events_until(client, Disconnected)
            del where[0]
            client.reconnect()
            events_until(client, Connected)


def test_an_address_that_refused_our_token_is_left_alone_until_something_changes() -> None:
    with passing_server() as server:
        where = [Address(server.address.url, "wrong")]
        with client_of(lambda: where[-1]) as client:
            events_until(client, Disconnected)
            visits = len(server.frames)
            assert not client.wait(700 * MS), "it would have tried again after 100 ms"
            assert len(server.frames) == visits
            client.retry()
            wait_for(lambda: len(server.frames) > visits)
            where.append(server.address)
            events_until(client, Connected)


def test_questions_about_clients_and_jobs_are_answered() -> None:
    with passing_server() as server, client_of(server.address) as client:
        client.ask(AskJobs())
        assert events_until(client, Jobs)[-1] == Jobs((), 0)
        client.ask(AskClients())
        assert events_until(client, Clients)[-1] == Clients(())
