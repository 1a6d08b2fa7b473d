from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from scumble_protocol import codec
from scumble_protocol.blobs import blob_id
from scumble_protocol.errors import ErrorCode, ProtocolError, RequestError, ServerError
from scumble_protocol.messages import (
    Acknowledge,
    AskStatus,
    Attach,
    Cancel,
    Device,
    Failed,
    Finished,
    Forget,
    Limits,
    ListModels,
    Models,
    Phase,
    Progress,
    Refused,
    Status,
    Submit,
    Want,
    Welcome,
)
from scumble_protocol.requests import LoadModel
from scumble_server.jobs.outcomes import ModelsChanged, Ready
from tests.protocol.samples import IMAGE, IMAGE_BYTES, MASK, MASK_BYTES, REGENERATE, STARTER
from tests.server.service.rig import RESULT, Editor, Server, variant

FULL = ServerError(ErrorCode.DISK_FULL, "The disk is full.", "Make room.")


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def refusal(editor: Editor, job: str) -> Refused:
    (refused,) = (
        message
        for message in editor.received
        if isinstance(message, Refused) and message.job == job
    )
    return refused


# The ordinary way


def test_a_client_is_welcomed_with_what_it_needs_to_know(server: Server) -> None:
    (welcome,) = Editor(server).received
    assert isinstance(welcome, Welcome)
    assert welcome.models == (replace(STARTER, loaded=False),)
    assert welcome.limits == server.service.limits
    assert welcome.lost == ()


def test_a_job_goes_from_submit_to_its_result(server: Server) -> None:
    editor = Editor(server)
    editor.submit("one")
    assert server.worker.given == ["one"]
    server.progress("one")
    server.preview("one")
    server.done("one")
    assert editor.heard("one") == ["accepted", "started", "progress", "preview", "finished"]
    finished = editor.events("one")[-1]
    assert isinstance(finished, Finished)
    assert finished.request == REGENERATE
    editor.say(Want((blob_id(RESULT),)))
    assert editor.arrived == {blob_id(RESULT): RESULT}


def test_pictures_go_out_in_the_order_in_which_they_are_wanted(server: Server) -> None:
    editor = Editor(server)
    pictures = [bytes([value]) * 30 for value in range(20)]
    for data in pictures:
        server.store.put(blob_id(data), data)
    wanted = tuple(blob_id(data) for data in pictures)
    editor.say(Want((*wanted, *wanted)))
    assert tuple(editor.arrived) == wanted


def test_pictures_are_on_disk_before_the_job_is_accepted(server: Server) -> None:
    editor = Editor(server)
    editor.say(Submit("one", REGENERATE))
    assert editor.heard("one") == []
    editor.upload(IMAGE.blob)
    assert editor.heard("one") == []
    editor.upload(MASK.blob)
    assert editor.heard("one") == ["accepted", "started"]
    assert server.store.get(IMAGE.blob) == IMAGE_BYTES
    assert server.store.get(MASK.blob) == MASK_BYTES


def test_pictures_that_the_server_has_are_not_asked_for_again(server: Server) -> None:
    editor = Editor(server)
    editor.submit("one")
    server.done("one")
    editor.say(Acknowledge("one"))
    wanted = sum(isinstance(message, Want) for message in editor.received)
    editor.say(Submit("two", variant(7)))
    assert editor.heard("two") == ["accepted", "started"]
    assert sum(isinstance(message, Want) for message in editor.received) == wanted


def test_a_request_without_pictures_is_accepted_at_once(server: Server) -> None:
    editor = Editor(server)
    editor.say(Submit("load", LoadModel("starter")))
    assert editor.heard("load") == ["accepted", "started"]


def test_one_jobs_pictures_are_asked_for_before_the_nexts(server: Server) -> None:
    other = bytes(reversed(IMAGE_BYTES))
    request = replace(REGENERATE, image=replace(IMAGE, blob=blob_id(other)))
    editor = Editor(server)
    editor.blobs[blob_id(other)] = other
    editor.say(Submit("one", REGENERATE))
    editor.say(Submit("two", request))
    wants = [message for message in editor.received if isinstance(message, Want)]
    assert [set(want.blobs) for want in wants] == [{IMAGE.blob, MASK.blob}]
    editor.upload(IMAGE.blob)
    editor.upload(MASK.blob)
    wants = [message for message in editor.received if isinstance(message, Want)]
    assert set(wants[-1].blobs) == {blob_id(other)}
    editor.upload(blob_id(other))
    assert editor.heard("two") == ["accepted"]


def test_a_job_that_starts_before_the_device_is_ready_says_so(tmp_path: Path) -> None:
    server = Server(tmp_path, is_ready=False)
    editor = Editor(server)
    editor.submit("one")
    assert editor.heard("one") == ["accepted", "started", "progress"]
    progress = editor.events("one")[-1]
    assert isinstance(progress, Progress)
    assert (progress.phase, progress.step) == (Phase.LOADING, 0)


# Order and fairness


def test_jobs_are_done_one_at_a_time_and_fairly(server: Server) -> None:
    ann, bob = Editor(server), Editor(server)
    for number in range(3):
        ann.submit(f"a{number}", variant(number))
    bob.submit("b0", variant(9))
    assert ann.positions() == [0, 1, 2]
    assert bob.positions() == [2]
    assert server.worker.given == ["a0"]
    for job in ("a0", "a1", "b0", "a2"):
        assert server.worker.given[-1] == job
        server.done(job)


def test_a_prompt_that_names_nothing_is_refused_at_once_without_its_pictures(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    editor.submit("before", REGENERATE)
    for prompt in ("<lora:ink>", "__colour__", "(a:1e9)"):
        editor.submit(prompt, replace(REGENERATE, prompt=prompt))
        assert refusal(editor, prompt).code is ErrorCode.INVALID_VALUE
    assert server.worker.given == ["before"]
    assert server.book.waiting == 0


def test_a_full_queue_refuses_and_stays_usable(tmp_path: Path) -> None:
    server = Server(tmp_path, Limits(queue_length=2))
    editor = Editor(server)
    for number in range(4):
        editor.submit(f"job{number}", variant(number))
    assert refusal(editor, "job3").code is ErrorCode.QUEUE_FULL
    server.done("job0")
    editor.submit("job4", variant(4))
    assert editor.heard("job4") == ["accepted"]


def test_a_client_with_too_many_jobs_is_refused_and_others_are_not(tmp_path: Path) -> None:
    server = Server(tmp_path, Limits(jobs_per_client=2))
    ann, bob = Editor(server), Editor(server)
    for number in range(3):
        ann.submit(f"a{number}", variant(number))
    bob.submit("b0", variant(3))
    assert refusal(ann, "a2").code is ErrorCode.TOO_MANY_JOBS
    assert bob.heard("b0") == ["accepted"]


# Submitting twice


def test_submitting_twice_on_one_connection_changes_nothing(server: Server) -> None:
    editor = Editor(server)
    editor.submit("one")
    editor.say_frame(codec.encode(Submit("one", REGENERATE)))
    assert server.worker.given == ["one"]
    assert server.book.waiting == 0


def test_submitting_again_after_a_lost_connection_tells_what_happened(server: Server) -> None:
    first = Editor(server)
    first.submit("one")
    first.leave()
    server.done("one")
    second = Editor(server)
    second.submit("one")
    assert second.heard("one") == ["accepted", "started", "finished"]
    assert server.worker.given == ["one"]


def test_both_connections_that_submit_the_same_job_at_once_hear_of_one_job(server: Server) -> None:
    first, second = Editor(server), Editor(server)
    first.say(Submit("one", REGENERATE))
    second.say(Submit("one", REGENERATE))
    second.upload_wanted()
    first.upload_wanted()
    server.done("one")
    assert server.worker.given == ["one"]
    assert first.heard("one") == second.heard("one") == ["accepted", "started", "finished"]


def test_another_request_under_the_same_name_is_refused(server: Server) -> None:
    Editor(server).submit("one")
    other = Editor(server)
    other.submit("one", variant(7))
    assert refusal(other, "one").code is ErrorCode.INVALID_VALUE


# Cancelling


def test_a_waiting_job_is_cancelled_at_once(server: Server) -> None:
    editor = Editor(server)
    editor.submit("one")
    editor.submit("two", variant(7))
    editor.say(Cancel("two"))
    assert editor.heard("two") == ["accepted", "cancelled"]
    server.done("one")
    assert server.worker.given == ["one"]


def test_a_running_job_is_cancelled_by_the_worker_and_no_other_is(server: Server) -> None:
    editor = Editor(server)
    editor.submit("one")
    editor.submit("two", variant(7))
    editor.say(Cancel("one"))
    assert server.worker.cancelled == ["one"]
    assert editor.heard("one") == ["accepted", "started"]
    server.stopped("one")
    assert editor.heard("one")[-1] == "cancelled"
    assert server.worker.given == ["one", "two"]


def test_a_job_whose_pictures_are_on_their_way_is_cancelled_at_once(server: Server) -> None:
    editor = Editor(server)
    editor.say(Submit("one", REGENERATE))
    editor.say(Cancel("one"))
    assert editor.heard("one") == ["cancelled"]
    editor.upload(IMAGE.blob)
    editor.upload(MASK.blob)
    assert server.worker.given == []


def test_cancelling_what_has_ended_or_never_was_changes_nothing(server: Server) -> None:
    editor = Editor(server)
    editor.submit("one")
    server.done("one")
    before = len(editor.received)
    editor.say(Cancel("one"))
    editor.say(Cancel("never"))
    assert len(editor.received) == before


# Coming back


def test_a_client_that_leaves_leaves_its_jobs_running(server: Server) -> None:
    first = Editor(server)
    first.submit("one")
    first.submit("two", variant(7))
    first.leave()
    server.progress("one")
    server.done("one")
    server.done("two")
    second = Editor(server, "one", "two", "three")
    (welcome,) = second.received
    assert isinstance(welcome, Welcome)
    assert welcome.lost == ("three",)
    second.say(Attach("one", 2))
    second.say(Attach("two", 0))
    assert second.heard("one") == ["finished"]
    assert second.heard("two") == ["accepted", "started", "finished"]


def test_a_client_that_attaches_hears_what_is_still_to_come(server: Server) -> None:
    Editor(server).submit("one")
    other = Editor(server)
    other.say(Attach("one", 0))
    server.progress("one")
    server.done("one")
    assert other.heard("one") == ["accepted", "started", "progress", "finished"]


def test_attaching_to_an_unknown_job_is_refused(server: Server) -> None:
    editor = Editor(server)
    editor.say(Attach("never", 0))
    assert refusal(editor, "never").code is ErrorCode.UNKNOWN_JOB


def test_pictures_that_were_on_their_way_are_no_longer_held_when_the_client_leaves(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path, budget=0)
    editor = Editor(server)
    editor.say(Submit("one", REGENERATE))
    editor.upload(IMAGE.blob)
    assert server.store.has(IMAGE.blob)
    editor.leave()
    assert not server.store.has(IMAGE.blob)


# A killed server


def test_jobs_of_a_killed_server_are_done_by_the_next_one(tmp_path: Path) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    editor.submit("one")
    editor.submit("two", variant(7))
    server.progress("one")
    last = editor.events("one")[-1].number
    server.kill()

    server = Server(tmp_path)
    assert server.worker.given == ["one"]
    editor = Editor(server, "one", "two")
    editor.say(Attach("one", last))
    editor.say(Attach("two", 1))
    server.progress("one")
    server.done("one")
    server.done("two")
    assert editor.heard("one") == ["accepted", "started", "progress", "finished"]
    assert editor.heard("two") == ["accepted", "started", "finished"]
    assert min(event.number for event in editor.events("one")) > last


def test_a_result_of_a_killed_server_is_delivered_by_the_next_one(tmp_path: Path) -> None:
    server = Server(tmp_path)
    Editor(server).submit("one")
    server.done("one")
    server.kill()
    server = Server(tmp_path)
    assert server.worker.given == []
    editor = Editor(server)
    editor.say(Attach("one", 2))
    editor.say(Want((blob_id(RESULT),)))
    assert editor.heard("one") == ["finished"]
    assert editor.arrived == {blob_id(RESULT): RESULT}


def test_a_stopped_server_leaves_the_running_job_to_the_next_one(tmp_path: Path) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    editor.submit("one")
    server.service.stop()
    server.stopped("one")
    assert editor.heard("one") == ["accepted", "started"]
    server.kill()
    assert Server(tmp_path).worker.given == ["one"]


# Keeping and forgetting


def test_a_forgotten_job_leaves_no_picture_that_no_other_job_needs(tmp_path: Path) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    editor.submit("one")
    editor.submit("two", variant(7))
    editor.say(Forget("two"))
    assert editor.heard("two")[-1] == "cancelled"
    assert not server.book.knows("two")
    assert server.store.has(IMAGE.blob)
    editor.say(Forget("one"))
    assert server.worker.cancelled == ["one"]
    server.stopped("one")
    assert not server.book.knows("one")
    assert not server.store.has(IMAGE.blob)
    assert server.journal.all_pictures() == ()


def test_a_job_that_is_forgotten_as_it_finishes_leaves_nothing(server: Server) -> None:
    editor = Editor(server)
    editor.submit("one")
    editor.say(Forget("one"))
    server.done("one")
    assert not server.book.knows("one")
    assert not server.store.has(blob_id(RESULT))


def test_acknowledging_before_the_end_keeps_the_job(server: Server) -> None:
    editor = Editor(server)
    editor.submit("one")
    editor.say(Acknowledge("one"))
    server.done("one")
    assert editor.heard("one")[-1] == "finished"
    assert server.store.has(blob_id(RESULT))


# What goes wrong


def test_a_job_that_breaks_says_why_and_the_next_one_is_done(server: Server) -> None:
    editor = Editor(server)
    editor.submit("one")
    editor.submit("two", variant(7))
    error = RequestError(ErrorCode.UNKNOWN_MODEL, "There is no such model.", "Choose another.")
    server.broken("one", error)
    failed = editor.events("one")[-1]
    assert isinstance(failed, Failed)
    assert (failed.code, failed.message, failed.hint) == (error.code, error.message, error.hint)
    assert server.worker.given == ["one", "two"]


def test_an_illegal_request_is_refused_and_the_connection_goes_on(server: Server) -> None:
    editor = Editor(server)
    too_long = replace(REGENERATE, prompt="a" * 5000)
    editor.submit("one", too_long)
    assert refusal(editor, "one").code is ErrorCode.TOO_LARGE
    editor.submit("two")
    assert editor.heard("two") == ["accepted", "started"]


def test_a_picture_of_the_wrong_length_is_refused(server: Server) -> None:
    short = b"too short"
    request = replace(REGENERATE, image=replace(IMAGE, blob=blob_id(short)))
    editor = Editor(server, blobs={blob_id(short): short, MASK.blob: MASK_BYTES})
    editor.submit("one", request)
    assert refusal(editor, "one").code is ErrorCode.BAD_PICTURE
    assert server.worker.given == []


def test_a_picture_that_nobody_asked_for_ends_the_connection(server: Server) -> None:
    editor = Editor(server)
    with pytest.raises(ProtocolError):
        editor.upload(IMAGE.blob)


def test_a_full_disk_while_a_picture_is_stored_refuses_the_job(server: Server) -> None:
    editor = Editor(server)
    editor.say(Submit("one", REGENERATE))
    editor.upload_onto_full_disk(IMAGE.blob, FULL)
    assert refusal(editor, "one").code is ErrorCode.DISK_FULL
    editor.upload(MASK.blob)  # which was asked for, too
    editor.submit("two")
    assert editor.heard("two") == ["accepted", "started"]


def test_a_full_disk_while_journaling_refuses_the_job_and_keeps_the_server_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = Editor(server)
    with monkeypatch.context() as patch:
        patch.setattr(server.journal, "accept", raise_full)
        editor.submit("one")
    assert refusal(editor, "one").code is ErrorCode.DISK_FULL
    assert (server.book.waiting, server.book.running) == (0, 0)
    editor.submit("two")
    assert editor.heard("two") == ["accepted", "started"]


def test_a_full_disk_at_the_end_of_a_job_is_said_and_the_job_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path)
    editor = Editor(server)
    editor.submit("one")
    with monkeypatch.context() as patch:
        patch.setattr(server.journal, "finish", raise_full)
        server.done("one")
    failed = editor.events("one")[-1]
    assert isinstance(failed, Failed)
    assert failed.code is ErrorCode.DISK_FULL
    assert not server.store.has(blob_id(RESULT))
    server.kill()
    assert Server(tmp_path).worker.given == ["one"]


def test_a_full_disk_as_a_job_starts_keeps_nobody_from_doing_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = Editor(server)
    monkeypatch.setattr(server.journal, "note", raise_full)
    editor.submit("one")
    server.done("one")
    assert editor.heard("one") == ["accepted", "started", "finished"]


def test_a_job_that_this_version_can_not_read_fails_and_the_others_are_done(tmp_path: Path) -> None:
    server = Server(tmp_path)
    Editor(server).submit("one")
    Editor(server).submit("two", variant(7))
    server.kill()
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        database.execute("UPDATE jobs SET submit = x'00' WHERE job = 'one'")
    database.close()
    server = Server(tmp_path)
    assert server.worker.given == ["two"]
    editor = Editor(server)
    editor.say(Attach("one", 0))
    assert editor.heard("one")[-1] == "failed"
    assert server.book.waiting == 0
    again = Editor(server, "one")
    assert again.heard("one") == []
    again.submit("one")
    assert refusal(again, "one").code is ErrorCode.INVALID_VALUE


def raise_full(*_: object) -> None:
    raise FULL


# Models and status


def test_a_change_of_the_models_is_told_to_everybody_once(server: Server) -> None:
    ann, bob = Editor(server), Editor(server)
    loaded = (replace(STARTER, loaded=True),)
    server.happened(ModelsChanged(loaded, 5))
    server.happened(ModelsChanged(loaded, 6))
    for editor in (ann, bob):
        assert [m for m in editor.received if isinstance(m, Models)] == [Models(loaded)]


def test_a_late_client_learns_what_the_worker_found_out(server: Server) -> None:
    device = replace(device_of(Editor(server)), name="a real one")
    server.happened(Ready(device, ()))
    welcome = Editor(server).received[0]
    assert isinstance(welcome, Welcome)
    assert (welcome.device, welcome.models) == (device, ())


def test_questions_are_answered(server: Server) -> None:
    editor = Editor(server)
    editor.submit("one")
    editor.submit("two", variant(7))
    server.happened(ModelsChanged((replace(STARTER, loaded=True),), 123))
    editor.say(ListModels())
    editor.say(AskStatus())
    status = editor.received[-1]
    assert isinstance(editor.received[-2], Models)
    assert isinstance(status, Status)
    assert (status.waiting, status.running) == (1, 1)
    assert (status.memory_used, status.loaded) == (123, ("starter",))


def device_of(editor: Editor) -> Device:
    welcome = editor.received[0]
    assert isinstance(welcome, Welcome)
    return welcome.device
