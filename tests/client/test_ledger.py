"""What the client says next, without a socket, a thread or a clock."""

from __future__ import annotations

import pytest

from scumble_protocol.blobs import Base, blob_id
from scumble_protocol.client.blobcache import BlobCache
from scumble_protocol.client.events import Result
from scumble_protocol.client.ledger import Ledger, Upload
from scumble_protocol.errors import ErrorCode, ProtocolError
from scumble_protocol.images import Likeness
from scumble_protocol.messages import (
    Accepted,
    Acknowledge,
    AskNames,
    AskStatus,
    Attach,
    Cancel,
    Cancelled,
    Chunk,
    Encoding,
    Failed,
    Forget,
    ListModels,
    Measure,
    Measured,
    Models,
    Names,
    Refused,
    Started,
    Status,
    Submit,
    Want,
)
from scumble_protocol.session import BlobArrived
from tests.client.requests_to_send import IMAGE, MASK, blobs_of, finished, regenerate

MADE = bytes(len(IMAGE))
LOST = Refused(
    "job", ErrorCode.UNKNOWN_JOB, "The server no longer knows this job.", "Start it again."
)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(BlobCache(1000))


def submitted(ledger: Ledger) -> Ledger:
    """A ledger whose job `job` is on its way to the server."""
    ledger.submit("job", regenerate(), blobs_of(IMAGE, MASK))
    assert ledger.messages() == [Submit("job", regenerate())]
    return ledger


def accepted(ledger: Ledger) -> Ledger:
    """A ledger whose job `job` was accepted."""
    assert submitted(ledger).receive(Accepted("job", 1, 0)) == [Accepted("job", 1, 0)]
    return ledger


def test_a_job_is_submitted_once(ledger: Ledger) -> None:
    assert submitted(ledger).messages() == []


def test_a_blob_is_uploaded_only_when_it_is_wanted(ledger: Ledger) -> None:
    submitted(ledger)
    assert ledger.uploads() == []
    assert ledger.receive(Want((blob_id(MASK),))) == []
    assert ledger.uploads() == [Upload(blob_id(MASK), MASK)]
    assert ledger.uploads() == []


def test_a_blob_that_is_wanted_twice_before_it_is_sent_goes_once(ledger: Ledger) -> None:
    submitted(ledger)
    ledger.receive(Want((blob_id(MASK), blob_id(MASK))))
    ledger.receive(Want((blob_id(MASK),)))
    assert len(ledger.uploads()) == 1


def test_a_blob_of_an_earlier_job_can_still_be_wanted(ledger: Ledger) -> None:
    accepted(ledger)
    ledger.receive(Want((blob_id(IMAGE),)))
    assert ledger.uploads() == [Upload(blob_id(IMAGE), IMAGE)]


def test_a_blob_that_was_never_offered_is_against_the_protocol(ledger: Ledger) -> None:
    with pytest.raises(ProtocolError, match="never offered"):
        submitted(ledger).receive(Want(("0" * 32,)))


PAINTED = IMAGE[:-1] + b"x"
LIKE = Likeness(blob_id(PAINTED), blob_id(IMAGE))


def painted(ledger: Ledger) -> Ledger:
    """A ledger whose job `job` was accepted, and `next` is on its way with a similar picture."""
    accepted(ledger).submit("next", regenerate(PAINTED), blobs_of(PAINTED, MASK))
    assert ledger.messages() == [Submit("next", regenerate(PAINTED), (LIKE,))]
    return ledger


def test_a_picture_goes_by_what_differs_from_the_base_that_the_server_names(
    ledger: Ledger,
) -> None:
    painted(ledger).receive(Want((blob_id(PAINTED),), (LIKE,)))
    assert ledger.uploads() == [Upload(blob_id(PAINTED), PAINTED, Base(blob_id(IMAGE), IMAGE))]


def test_a_picture_goes_whole_where_the_server_names_no_base(ledger: Ledger) -> None:
    painted(ledger).receive(Want((blob_id(PAINTED),)))
    assert ledger.uploads() == [Upload(blob_id(PAINTED), PAINTED)]


def test_a_base_that_was_not_offered_is_not_used(ledger: Ledger) -> None:
    other = Likeness(blob_id(PAINTED), blob_id(MASK))
    painted(ledger).receive(Want((blob_id(PAINTED),), (other,)))
    assert ledger.uploads() == [Upload(blob_id(PAINTED), PAINTED)]


def test_a_picture_goes_whole_where_its_base_is_gone_meanwhile(ledger: Ledger) -> None:
    painted(ledger).receive(BlobArrived("0" * 32, bytes(1000)))
    ledger.receive(Want((blob_id(PAINTED),), (LIKE,)))
    assert ledger.uploads() == [Upload(blob_id(PAINTED), PAINTED)]


def test_another_server_is_offered_no_base(ledger: Ledger) -> None:
    ledger.resume((), "here")
    accepted(ledger)
    ledger.resume((), "there")
    ledger.messages()
    ledger.submit("next", regenerate(PAINTED), blobs_of(PAINTED, MASK))
    assert ledger.messages() == [Submit("next", regenerate(PAINTED))]


def test_the_missing_blobs_of_a_result_are_asked_for(ledger: Ledger) -> None:
    assert accepted(ledger).receive(finished("job", MADE)) == []
    assert ledger.messages() == [Want((blob_id(MADE),))], "the mask is here already"
    (result,) = ledger.receive(BlobArrived(blob_id(MADE), MADE))
    assert result == Result("job", finished("job", MADE), blobs_of(MADE, MASK))


def test_a_result_that_equals_what_was_sent_needs_no_download(ledger: Ledger) -> None:
    (result,) = accepted(ledger).receive(finished("job", IMAGE))
    assert result == Result("job", finished("job", IMAGE), blobs_of(IMAGE, MASK))
    assert ledger.messages() == []


def test_a_blob_that_two_results_share_serves_both(ledger: Ledger) -> None:
    accepted(ledger)
    ledger.attach(Attach("other", 0))
    ledger.receive(Accepted("other", 1, 0))
    ledger.receive(finished("job", MADE))
    ledger.receive(finished("other", MADE))
    events = ledger.receive(BlobArrived(blob_id(MADE), MADE))
    assert [event.job for event in events if isinstance(event, Result)] == ["job", "other"]


def test_a_blob_that_nobody_waits_for_is_kept_for_later(ledger: Ledger) -> None:
    assert accepted(ledger).receive(BlobArrived(blob_id(MADE), MADE)) == []
    (result,) = ledger.receive(finished("job", MADE))
    assert isinstance(result, Result)


def test_an_event_that_was_seen_before_says_nothing(ledger: Ledger) -> None:
    assert accepted(ledger).receive(Accepted("job", 1, 0)) == []
    assert ledger.receive(Started("job", 2)) == [Started("job", 2)]
    assert ledger.receive(Started("job", 2)) == []


def test_an_event_of_a_forgotten_job_says_nothing(ledger: Ledger) -> None:
    accepted(ledger).forget(Forget("job"))
    assert ledger.messages() == [Forget("job")]
    assert ledger.receive(Started("job", 2)) == []


@pytest.mark.parametrize(
    "end", [Failed("job", 2, ErrorCode.INTERNAL, "No.", ""), Cancelled("job", 2)]
)
def test_a_job_that_ended_is_no_longer_awaited(ledger: Ledger, end: Failed | Cancelled) -> None:
    assert accepted(ledger).awaiting() == ("job",)
    assert ledger.receive(end) == [end]
    assert ledger.awaiting() == ()


def test_a_delivered_result_is_not_awaited_and_not_delivered_again(ledger: Ledger) -> None:
    accepted(ledger).receive(finished("job", IMAGE))
    assert ledger.awaiting() == ()
    assert ledger.resume(("job",)) == []
    assert ledger.messages() == []
    assert ledger.receive(BlobArrived(blob_id(IMAGE), IMAGE)) == []


def test_a_job_is_cancelled_while_it_is_under_way(ledger: Ledger) -> None:
    accepted(ledger).cancel(Cancel("job"))
    assert ledger.messages() == [Cancel("job")]


def test_nothing_is_said_to_cancel_a_job_that_is_over_or_unknown(ledger: Ledger) -> None:
    accepted(ledger).receive(finished("job", IMAGE))
    ledger.cancel(Cancel("job"))
    ledger.cancel(Cancel("unknown"))
    assert ledger.messages() == []


def test_an_acknowledged_job_is_forgotten_here_too(ledger: Ledger) -> None:
    accepted(ledger).receive(finished("job", IMAGE))
    ledger.acknowledge(Acknowledge("job"))
    assert ledger.messages() == [Acknowledge("job")]
    ledger.attach(Attach("job", 0))
    assert ledger.messages() == [Attach("job", 0)]


def test_attaching_to_a_job_that_is_awaited_changes_nothing(ledger: Ledger) -> None:
    accepted(ledger).attach(Attach("job", 0))
    assert ledger.messages() == []


def test_a_refused_job_is_no_longer_awaited(ledger: Ledger) -> None:
    refused = Refused("job", ErrorCode.QUEUE_FULL, "Full.", "Wait.")
    assert submitted(ledger).receive(refused) == [refused]
    assert ledger.awaiting() == ()


def test_the_refusal_of_a_cancelled_job_is_its_end(ledger: Ledger) -> None:
    submitted(ledger).cancel(Cancel("job"))
    events = ledger.receive(Refused("job", ErrorCode.UNKNOWN_JOB, "No.", ""))
    assert events == [Cancelled("job", 1)]


def test_a_refusal_after_the_end_says_nothing(ledger: Ledger) -> None:
    accepted(ledger).receive(finished("job", MADE))
    assert ledger.receive(Refused("job", ErrorCode.UNKNOWN_JOB, "Too late.", "")) == []
    assert ledger.awaiting() == ("job",)


def test_a_refusal_that_is_about_no_job_is_passed_on(ledger: Ledger) -> None:
    refused = Refused("", ErrorCode.PROTOCOL, "What?", "")
    assert submitted(ledger).receive(refused) == [refused]
    assert ledger.awaiting() == ("job",)


def test_answers_are_passed_on(ledger: Ledger) -> None:
    status = Status(1.0, 0, 0, 0, ())
    ledger.ask(AskStatus())
    ledger.ask(ListModels())
    assert ledger.messages() == [AskStatus(), ListModels()]
    assert ledger.receive(status) == [status]
    assert ledger.receive(Models(())) == [Models(())]


def test_what_a_prompt_was_is_not_asked_again_on_another_connection(ledger: Ledger) -> None:
    ledger.ask(Measure("a cat", ""))
    ledger.ask(AskNames())
    assert ledger.resume(()) == []
    assert ledger.messages() == [AskNames()]
    for answer in (Measured("a cat", "", 2, 1, 2), Names((), (), ())):
        assert ledger.receive(answer) == [answer]


def test_a_job_that_never_arrived_is_submitted_again(ledger: Ledger) -> None:
    assert submitted(ledger).resume(("job",)) == []
    assert ledger.messages() == [Submit("job", regenerate())]


def test_a_job_that_arrived_unnoticed_is_joined_from_its_beginning(ledger: Ledger) -> None:
    assert submitted(ledger).resume(()) == []
    assert ledger.messages() == [Attach("job", 0)]


def test_an_accepted_job_is_joined_where_it_was_left(ledger: Ledger) -> None:
    accepted(ledger).receive(Started("job", 5))
    ledger.resume(())
    assert ledger.messages() == [Attach("job", 5)]


def test_a_job_that_the_server_lost_is_over(ledger: Ledger) -> None:
    assert accepted(ledger).resume(("job",)) == [LOST]
    assert ledger.awaiting() == ()


def test_a_job_cancelled_meanwhile_is_cancelled_on_return(ledger: Ledger) -> None:
    accepted(ledger).cancel(Cancel("job"))
    ledger.resume(())
    assert ledger.messages() == [Attach("job", 1), Cancel("job")]


def test_a_job_cancelled_before_it_arrived_is_not_submitted(ledger: Ledger) -> None:
    submitted(ledger).cancel(Cancel("job"))
    assert ledger.resume(("job",)) == [Cancelled("job", 1)]
    assert ledger.messages() == []
    assert ledger.awaiting() == ()


def test_only_what_is_missing_of_a_result_is_asked_for_on_return(ledger: Ledger) -> None:
    accepted(ledger).receive(finished("job", MADE))
    assert ledger.resume(()) == []
    assert ledger.messages() == [Want((blob_id(MADE),))]


def test_what_was_said_between_two_connections_is_sent_once_and_last(ledger: Ledger) -> None:
    accepted(ledger)
    ledger.receive(Want((blob_id(IMAGE),)))
    ledger.acknowledge(Acknowledge("earlier"))
    ledger.forget(Forget("older"))
    ledger.ask(ListModels())
    ledger.cancel(Cancel("job"))
    ledger.resume(())
    assert ledger.messages() == [
        Attach("job", 1),
        Cancel("job"),
        Acknowledge("earlier"),
        Forget("older"),
        ListModels(),
    ]
    assert ledger.uploads() == [], "the new connection has asked for nothing yet"


def test_a_message_that_only_the_session_may_see_is_against_the_protocol(ledger: Ledger) -> None:
    with pytest.raises(ProtocolError, match="makes no sense"):
        ledger.receive(Chunk("0" * 32, 1, 0, Encoding.RAW, b"x"))


def test_a_job_is_submitted_again_to_a_server_that_was_ending() -> None:
    ledger = submitted(Ledger(BlobCache(1000)))
    ending = Refused("job", ErrorCode.SHUTTING_DOWN, "The server ends.", "Wait.")
    assert ledger.receive(ending) == []
    ledger.resume(("job",))
    (submit,) = ledger.messages()
    assert isinstance(submit, Submit)
    ledger.cancel(Cancel("job"))
    assert ledger.receive(ending) == [Cancelled("job", 1)]


def test_a_job_is_asked_for_only_where_it_is(ledger: Ledger) -> None:
    ledger.attach(Attach("job", 0), "there")
    assert ledger.messages() == [Attach("job", 0)], "as long as nobody was talked to"
    ledger.resume((), "here")
    ledger.attach(Attach("other", 0), "there")
    assert ledger.messages() == []
    assert ledger.awaiting("here") == ()
    assert ledger.awaiting("there") == ("job", "other")
    ledger.resume((), "there")
    assert ledger.messages() == [Attach("job", 0), Attach("other", 0)]


def test_a_job_belongs_to_the_server_that_accepted_it() -> None:
    ledger = submitted(Ledger(BlobCache(1000)))
    assert ledger.awaiting("here") == ledger.awaiting("there") == ("job",)
    ledger.resume(("job",), "there")
    ledger.receive(Accepted("job", 1, 0))
    assert ledger.awaiting("here") == ()
    ledger.resume((), "here")
    assert ledger.messages() == []


def test_a_job_of_another_server_is_given_up_when_it_is_cancelled(ledger: Ledger) -> None:
    ledger.attach(Attach("job", 4), "there")
    ledger.resume((), "here")
    assert ledger.cancel(Cancel("job")) == [Cancelled("job", 5)]
    assert ledger.awaiting("there") == ()
    assert ledger.messages() == []
