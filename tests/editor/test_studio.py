"""From a painter's wish to a layer in the canvas."""

from __future__ import annotations

import dataclasses

import pytest

from scumble_protocol.client import Client, ClientEvent, Connected, Disconnected, Result
from scumble_protocol.editor.canvas import Margins, ResultGroup, Source, Work
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.studio import (
    Applied,
    JobFailed,
    MaskSeen,
    Offered,
    Studio,
    StudioEvent,
    Unplaced,
)
from scumble_protocol.errors import ErrorCode, PeerError, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    Accepted,
    Cancelled,
    Device,
    Failed,
    Finished,
    Limits,
    ModelKind,
    Models,
    Phase,
    Progress,
    Refused,
    Welcome,
)
from scumble_protocol.requests import LoadModel, Regenerate, ShowMask, Upscale
from tests.client.passing_server import MODELS, PassingServer, passing_server
from tests.client.requests_to_send import IMAGE, MASK, blobs_of, finished
from tests.editor.grey_canvas import Clerk, GreyCanvas
from tests.timing import MS

WELCOME = Welcome(PROTOCOL_VERSION, "1", Device("cpu", "", 0), MODELS, (), Limits(), (), ())
NO_ROOM = RequestError(ErrorCode.INVALID_VALUE, "The document was closed.", "Open it again.")


def connected_studio(canvas: GreyCanvas | None = None) -> tuple[Studio, Clerk, GreyCanvas]:
    """A studio that has met its server."""
    clerk, canvas = Clerk(Connected(WELCOME)), canvas or GreyCanvas()
    studio = Studio(clerk, canvas)
    assert studio.tick() == [Connected(WELCOME)]
    return studio, clerk, canvas


def result(job: str) -> Result:
    return Result(job, finished(job, IMAGE), blobs_of(IMAGE, MASK))


def test_a_selection_is_regenerated_and_the_result_inserted_then_acknowledged() -> None:
    studio, clerk, canvas = connected_studio()
    job = studio.regenerate(Settings(prompt="a cat"))
    assert list(studio.jobs) == [job]
    request = clerk.requests[job]
    assert isinstance(request, Regenerate)
    assert (request.prompt, request.model) == ("a cat", "starter")
    clerk.events.append(result(job))
    assert studio.tick() == [Applied(job, finished(job, IMAGE))]
    assert [group.name for group in canvas.groups] == ["Scumble: a cat"]
    assert clerk.acknowledged == [job]
    assert list(studio.jobs) == []


def test_a_result_goes_into_the_canvas_that_its_job_was_started_on() -> None:
    studio, clerk, first = connected_studio()
    job = studio.regenerate(Settings())
    second = GreyCanvas()
    studio.canvas = second
    clerk.events.append(result(job))
    studio.tick()
    assert (len(first.groups), len(second.groups)) == (1, 0)


def test_a_result_without_a_place_is_kept_until_it_is_placed() -> None:
    studio, clerk, _ = connected_studio(GreyCanvas(error=NO_ROOM))
    job = studio.regenerate(Settings())
    clerk.events.append(result(job))
    assert studio.tick() == [Unplaced(job, NO_ROOM)]
    assert clerk.acknowledged == []
    assert studio.jobs == (job,)
    studio.canvas = canvas = GreyCanvas()
    studio.place(job)
    studio.place(job)
    assert studio.tick() == [Applied(job, finished(job, IMAGE))]
    assert len(canvas.groups) == 1
    assert clerk.acknowledged == [job]
    studio.place(job)
    assert studio.tick() == [], "it is placed"


def test_a_defect_of_an_editor_loses_neither_the_result_nor_what_came_after() -> None:
    studio, clerk, canvas = connected_studio(GreyCanvas(error=ZeroDivisionError()))
    job = studio.regenerate(Settings())
    clerk.events += [result(job), Models(())]
    with pytest.raises(ZeroDivisionError):
        studio.tick()
    clerk.events.append(Models(()))
    assert studio.tick() == [Models(())]
    canvas.error = None
    studio.place(job)
    assert studio.tick() == [Applied(job, finished(job, IMAGE))]


def test_a_large_result_is_inserted_a_portion_a_tick() -> None:
    studio, clerk, canvas = connected_studio(GreyCanvas(portions=2))
    job = studio.regenerate(Settings())
    clerk.events.append(result(job))
    assert [studio.tick(), studio.tick()] == [[], []]
    assert studio.is_placing
    assert (canvas.groups, clerk.acknowledged) == ([], [])
    assert studio.tick() == [Applied(job, finished(job, IMAGE))]
    assert not studio.is_placing


def test_a_tick_within_a_tick_gives_nothing_and_loses_nothing() -> None:
    """Inserting a layer spins the event loop of some editors, and with it their timers."""
    inner: list[list[StudioEvent]] = []

    class SpinningCanvas(GreyCanvas):
        def insert(self, group: ResultGroup) -> Work:
            clerk.events.append(Models(()))
            inner.append(studio.tick())
            return super().insert(group)

    studio, clerk, _ = connected_studio(SpinningCanvas())
    job = studio.regenerate(Settings())
    clerk.events.append(result(job))
    assert studio.tick() == [Applied(job, finished(job, IMAGE))]
    assert inner == [[]]
    assert studio.tick() == [Models(())]


def test_a_canvas_is_enlarged() -> None:
    studio, clerk, canvas = connected_studio()
    job = studio.upscale(2.0)
    request = clerk.requests[job]
    assert isinstance(request, Upscale)
    assert request.model == "lanczos"
    done = dataclasses.replace(finished(job, IMAGE), request=request)
    clerk.events.append(Result(job, done, blobs_of(IMAGE, MASK)))
    assert studio.tick() == [Applied(job, done)]
    assert canvas.enlarged == [Size(200, 160)]


def test_loading_a_model_inserts_nothing() -> None:
    studio, clerk, canvas = connected_studio()
    job = studio.load("starter")
    assert clerk.requests[job] == LoadModel("starter")
    done = Finished(job, 3, LoadModel("starter"), (), ())
    clerk.events.append(Result(job, done, {}))
    assert studio.tick() == [Applied(job, done)]
    assert canvas.groups == []


def test_without_a_picture_models_can_be_loaded_and_nothing_else() -> None:
    clerk = Clerk(Connected(WELCOME))
    studio = Studio(clerk)
    studio.tick()
    with pytest.raises(RequestError, match="No picture is open"):
        studio.upscale(2.0)
    job = studio.load("starter")
    done = Finished(job, 3, LoadModel("starter"), (), ())
    clerk.events.append(Result(job, done, {}))
    assert studio.tick() == [Applied(job, done)]


def test_a_job_of_an_earlier_run_is_offered_and_placed_where_the_painter_says() -> None:
    studio, clerk, canvas = connected_studio()
    studio.adopt("earlier")
    assert clerk.attached == ["earlier"]
    clerk.events.append(result("earlier"))
    assert studio.tick() == [Offered("earlier", finished("earlier", IMAGE))]
    assert studio.jobs == ("earlier",)
    assert (canvas.groups, clerk.acknowledged) == ([], [])
    studio.place("earlier")
    assert studio.tick() == [Applied("earlier", finished("earlier", IMAGE))]
    assert len(canvas.groups) == 1


def test_a_dropped_result_is_forgotten_here_and_on_the_server() -> None:
    studio, clerk, canvas = connected_studio(GreyCanvas(error=NO_ROOM))
    job = studio.regenerate(Settings())
    clerk.events.append(result(job))
    studio.tick()
    studio.drop(job)
    assert clerk.acknowledged == [job]
    assert studio.jobs == ()
    studio.place(job)
    assert studio.tick() == []
    assert canvas.groups == []


def test_the_canvas_is_expanded_and_the_added_space_asked_for() -> None:
    studio, clerk, canvas = connected_studio()
    job = studio.expand(Settings(prompt="sky"), Margins(top=20))
    request = clerk.requests[job]
    assert isinstance(request, Regenerate)
    assert canvas.size == request.canvas == Size(100, 100)


def test_the_server_is_tried_at_once_when_asked() -> None:
    studio, clerk, _ = connected_studio()
    studio.retry()
    assert clerk.retries == 1


@pytest.mark.parametrize(
    ("event", "is_acknowledged"),
    [
        (Failed("job1", 2, ErrorCode.OUT_OF_MEMORY, "Out of memory.", "Select less."), True),
        (Refused("job1", ErrorCode.QUEUE_FULL, "Full.", "Wait."), False),
    ],
)
def test_a_job_that_cannot_be_done_fails_once(
    event: Failed | Refused, *, is_acknowledged: bool
) -> None:
    studio, clerk, _ = connected_studio()
    job = studio.regenerate(Settings())
    clerk.events += [event, event]
    (failed,) = studio.tick()
    assert isinstance(failed, JobFailed)
    assert (failed.job, failed.error.code, failed.error.hint) == (job, event.code, event.hint)
    assert studio.jobs == ()
    assert (clerk.acknowledged[:1] == [job]) is is_acknowledged


def test_a_cancelled_job_is_over() -> None:
    studio, clerk, _ = connected_studio()
    job = studio.regenerate(Settings())
    studio.cancel(job)
    assert clerk.cancelled == [job]
    clerk.events.append(Cancelled(job, 2))
    assert studio.tick() == [Cancelled(job, 2)]
    assert studio.jobs == ()


@pytest.mark.parametrize(
    "event",
    [
        Accepted("job1", 1, 0),
        Progress("job1", 2, Phase.SAMPLING, 1, 10, 1.0, ""),
        Disconnected(PeerError(ErrorCode.DISCONNECTED, "Lost.", "Wait.")),
        Refused("", ErrorCode.PROTOCOL, "What?", ""),
        Models(()),
    ],
)
def test_what_only_the_editor_shows_is_passed_on(event: ClientEvent) -> None:
    studio, clerk, _ = connected_studio()
    studio.regenerate(Settings())
    clerk.events.append(event)
    assert studio.tick() == [event]


def test_nothing_is_sent_where_nothing_is_selected() -> None:
    studio, clerk, _ = connected_studio(GreyCanvas(selected=None))
    with pytest.raises(RequestError, match="Nothing is selected"):
        studio.regenerate(Settings())
    assert clerk.requests == {}
    assert studio.jobs == ()


def test_before_a_server_was_reached_nothing_can_be_asked() -> None:
    studio = Studio(Clerk(), GreyCanvas())
    assert studio.models == ()
    with pytest.raises(PeerError, match="reached") as caught:
        studio.regenerate(Settings())
    assert caught.value.code is ErrorCode.NO_SERVER


def test_a_model_that_is_not_offered_is_refused_with_those_that_are() -> None:
    studio, clerk, _ = connected_studio()
    with pytest.raises(RequestError, match=r"'lanczos'.*Choose one of: starter") as caught:
        studio.regenerate(Settings(model="lanczos"))
    assert caught.value.code is ErrorCode.UNKNOWN_MODEL
    with pytest.raises(RequestError, match=r"'starter'.*Choose one of: lanczos"):
        studio.upscale(2.0, "starter")
    clerk.events.append(Models(()))
    studio.tick()
    assert studio.models == ()
    with pytest.raises(RequestError, match="has no diffusion model"):
        studio.regenerate(Settings())


def test_a_mask_is_looked_at_without_touching_the_canvas() -> None:
    studio, clerk, canvas = connected_studio()
    job = studio.see_mask(Settings(strength=0.5))
    request = clerk.requests[job]
    assert isinstance(request, ShowMask)
    done = dataclasses.replace(finished(job, IMAGE), request=request)
    clerk.events.append(Result(job, done, blobs_of(IMAGE, MASK)))
    (seen,) = studio.tick()
    assert isinstance(seen, MaskSeen)
    assert seen.layer.mask.data == MASK
    assert (canvas.groups, clerk.acknowledged, studio.jobs) == ([], [job], ())


def test_questions_about_prompts_go_to_the_server() -> None:
    studio, clerk, _ = connected_studio()
    studio.measure("a cat", "starter")
    studio.ask_names()
    assert (clerk.measured, clerk.asked_names) == ([("a cat", "starter")], 1)
    assert studio.model("").id == "starter"
    assert studio.limits == Limits()


def test_a_network_for_faces_is_asked_like_a_model_where_it_is_named() -> None:
    faces = dataclasses.replace(MODELS[0], id="faces", kind=ModelKind.FACES)
    studio, clerk, _ = connected_studio()
    clerk.events.append(Models((faces, *MODELS)))
    studio.tick()
    assert studio.model("").id == "starter"
    request = clerk.requests[studio.regenerate(Settings(model="faces", only_faces=True))]
    assert isinstance(request, Regenerate)
    assert (request.model, request.only_faces) == ("faces", True)


def drawn(studio: Studio, client: Client, *jobs: str) -> list[str]:
    """The jobs that were applied, in their order; waits for all of these."""
    applied: list[str] = []
    while set(applied) != set(jobs):
        assert client.wait(10_000 * MS)
        applied += [event.job for event in studio.tick() if isinstance(event, Applied)]
    return applied


def meet(studio: Studio, client: Client) -> None:
    while not studio.models:
        assert client.wait(10_000 * MS)
        studio.tick()


def client_of(server: PassingServer) -> Client:
    client = Client(server.address, name="test", version="1")
    client.start()
    return client


def test_through_a_real_websocket_the_same_pixels_come_back() -> None:
    canvas = GreyCanvas(Size(300, 200), Rect(250, 100, 50, 100))
    with passing_server() as server:
        client = client_of(server)
        studio = Studio(client, canvas)
        meet(studio, client)
        drawn(studio, client, studio.regenerate(Settings(count=2)))
        client.close()
    (group,) = canvas.groups
    assert len(group.layers) == 2
    assert group.layers[0].rect == canvas.read_rects[0] == Rect(162, 12, 138, 188)
    assert group.layers[0].pixels == canvas.read(canvas.read_rects[0], Source.VISIBLE)()


def test_through_a_cut_connection_each_result_is_inserted_once() -> None:
    canvas = GreyCanvas()
    with passing_server(is_held=True) as server:
        client = client_of(server)
        studio = Studio(client, canvas)
        meet(studio, client)
        jobs = [studio.regenerate(Settings(prompt=str(number))) for number in range(3)]
        while len(server.memory.events) < 3:
            assert client.wait(10_000 * MS)
            studio.tick()
        server.finish(jobs[0])
        server.drop()
        for job in jobs[1:]:
            server.finish(job)
        assert sorted(drawn(studio, client, *jobs)) == sorted(jobs)
        client.close()
    assert sorted(group.name for group in canvas.groups) == [f"Scumble: {n}" for n in range(3)]
