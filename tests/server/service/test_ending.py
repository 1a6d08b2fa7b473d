"""A service that ends, or whose worker hangs."""

from __future__ import annotations

from pathlib import Path

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.messages import Failed, Refused
from scumble_server.ending import HOPELESS
from tests.server.service.rig import Editor, Server, variant

ENDS = ServerError(ErrorCode.SHUTTING_DOWN, "The server is being ended.", "Start it again.")
HUNG = ServerError(ErrorCode.DEVICE_HUNG, "The device hangs.", "Try again.")


def refusals(editor: Editor) -> list[tuple[str, ErrorCode]]:
    return [(it.job, it.code) for it in editor.received if isinstance(it, Refused)]


def test_everybody_is_told_of_the_end_and_no_job_is_taken_on(tmp_path: Path) -> None:
    server = Server(tmp_path)
    ann, bob = Editor(server), Editor(server)
    server.service.stop(ENDS)
    ann.submit("late")
    assert refusals(ann) == [("", ErrorCode.SHUTTING_DOWN), ("late", ErrorCode.SHUTTING_DOWN)]
    assert refusals(bob) == [("", ErrorCode.SHUTTING_DOWN)]
    assert not server.book.knows("late")


def test_clients_that_have_merely_to_come_again_are_told_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path)
    ann = Editor(server)
    server.service.stop()
    assert refusals(ann) == []


def test_a_job_that_is_parked_is_done_by_the_next_server_and_counts_no_attempt(
    tmp_path: Path,
) -> None:
    for _ in range(4):
        server = Server(tmp_path)
        ann = Editor(server)
        if not server.book.knows("one"):
            ann.submit("one")
        assert server.worker.given == ["one"]
        server.service.stop(ENDS)
        server.service.park()
        server.kill()
    server = Server(tmp_path)
    assert server.book.is_running("one")


def test_a_job_whose_worker_hangs_fails_and_what_comes_of_it_later_is_thrown_away(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    ann = Editor(server)
    ann.submit("one")
    server.service.abandon(HUNG)
    (failed,) = (it for it in ann.received if isinstance(it, Failed))
    assert (failed.job, failed.code) == ("one", ErrorCode.DEVICE_HUNG)
    server.progress("one")
    server.done("one", b"too late")
    assert ann.heard("one")[-1] == "failed"
    assert b"too late" not in [path.read_bytes() for path in (tmp_path / "blobs").iterdir()]


def test_a_server_that_was_given_up_begins_no_job_until_its_worker_is_heard_of(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    ann = Editor(server)
    ann.submit("one")
    ann.submit("two", variant(2))
    server.service.abandon(HUNG)
    server.service.give_up(HOPELESS)
    ann.submit("three", variant(3))
    assert refusals(ann) == [("", ErrorCode.DEVICE_HUNG), ("three", ErrorCode.DEVICE_HUNG)]
    assert server.worker.given == ["one"]
    assert "Restart the machine" in server.service.status().trouble
    server.stopped("one")
    assert server.worker.given == ["one", "two"]
    assert server.service.status().trouble == ""
