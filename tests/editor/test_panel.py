"""What a painter orders, and what the panel says about it."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from scumble_protocol.choices import MaskedContent, Sampler
from scumble_protocol.client import (
    Address,
    Connected,
    Disconnected,
    Result,
    Servers,
    write_servers,
)
from scumble_protocol.editor.canvas import Margins
from scumble_protocol.editor.language import Language
from scumble_protocol.editor.memory import Memory, Pending
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.panel import Panel
from scumble_protocol.editor.server_choice import ServerChoice
from scumble_protocol.editor.server_watch import RETURN_SECONDS
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.starter import Starter
from scumble_protocol.editor.studio import Studio
from scumble_protocol.editor.view import JobView, Light, Offer, PreviewView
from scumble_protocol.errors import ErrorCode, PeerError, RequestError, ServerError, error_of
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    Accepted,
    Cancelled,
    Device,
    Failed,
    Limits,
    Measured,
    Models,
    Names,
    Phase,
    Preview,
    Progress,
    Refused,
    Started,
    Welcome,
)
from scumble_protocol.pixels import PixelFormat, Pixels
from scumble_protocol.program import write_program
from scumble_protocol.requests import Regenerate, Remove, Upscale
from tests.client.passing_server import MODELS
from tests.client.requests_to_send import IMAGE, MASK, blobs_of, finished
from tests.editor.framed_picture import FramedPicture
from tests.editor.grey_canvas import Clerk
from tests.timing import MS

FEATURES = ("regenerate", "fill", "remove", "expand", "upscale", "show_mask")
WELCOME = Welcome(
    PROTOCOL_VERSION, "1.2", Device("cpu", "A processor", 0), MODELS, (Sampler.EULER,), Limits(),
    (), (), FEATURES,
)  # fmt: skip
LOST = PeerError(ErrorCode.DISCONNECTED, "The server is gone.", "Start it again.")
CLOSED = RequestError(ErrorCode.CANVAS_GONE, "The picture was closed.", "Open it again.")
CAT = Order(settings=Settings(prompt="a  cat\n", seed=7))


@dataclass
class Desk:
    """A panel that has met its server, and everything around it."""

    folder: Path
    memory: Memory = field(default_factory=Memory)
    clerk: Clerk = field(default_factory=lambda: Clerk(Connected(WELCOME)))
    seconds: float = 10.0

    def __post_init__(self) -> None:
        self.picture = FramedPicture(file="cat.kra")
        self.studio = Studio(self.clerk, self.picture)
        self.starter = Starter(self.folder, {})
        tr = Language({}).tr
        self.choice = ServerChoice(
            self.folder, "a test", self.clerk.reconnect, tr, clock=lambda: self.seconds
        )
        self.panel = Panel(
            self.studio,
            self.memory,
            self.starter,
            tr,
            choice=self.choice,
            clock=lambda: self.seconds,
        )
        self.panel.open(self.picture)
        self.panel.tick()

    def hear(self, *events: object) -> None:
        self.clerk.events += events  # type: ignore[arg-type]
        assert self.panel.tick()

    def order(self, order: Order = CAT) -> str:
        """Have something done; the job's id."""
        before = set(self.clerk.requests)
        self.panel.run(self.picture, order)
        (job,) = set(self.clerk.requests) - before
        return job

    @property
    def job(self) -> JobView:
        shown = self.panel.view(self.picture).job
        assert shown is not None
        return shown

    @property
    def said(self) -> tuple[str, bool]:
        view = self.panel.view(self.picture)
        return view.status, view.is_error


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def result(job: str) -> Result:
    return Result(job, finished(job, IMAGE), blobs_of(IMAGE, MASK))


def test_a_view_says_what_the_server_offers(desk: Desk) -> None:
    view = desk.panel.view(desk.picture)
    assert (view.light, view.light_text) == (Light.ON, "Scumble 1.2 on A processor")
    assert [model.id for model in view.models] == ["starter"]
    assert [model.id for model in view.upscalers] == ["lanczos"]
    assert view.samplers == (Sampler.EULER,)
    assert view.can_run
    assert not desk.panel.view(None).can_run
    assert {mode for mode, reason in view.modes.items() if reason} == {Mode.SKETCH}
    desk.hear(Models(()))
    reasons = desk.panel.view(desk.picture).modes
    assert reasons[Mode.UPSCALE] == "The server has no upscaler."
    assert reasons[Mode.FILL] == "The server has no model for that."


def test_a_job_goes_from_the_button_to_the_layer(desk: Desk) -> None:
    job = desk.order()
    assert desk.job == JobView(job, "a cat", "Sending")
    desk.hear(Accepted(job, 1, 2))
    assert desk.job.phase == "Waiting behind 2"
    desk.hear(Accepted(job, 1, 0))
    assert desk.job.phase == "Waiting"
    desk.hear(Started(job, 2))
    assert desk.job == JobView(job, "a cat", "Starting")
    desk.hear(Progress(job, 3, Phase.LOADING, 0, 1, -1, "starter"))
    assert desk.job == JobView(job, "a cat", "Loading the model: starter", is_loading=True)
    desk.hear(Progress(job, 3, Phase.LOADING, 1, 2, -1, ""))
    assert desk.job.fraction == 0.5
    desk.hear(Progress(job, 4, Phase.SAMPLING, 6, 12, 2.5, ""))
    assert desk.job.fraction == pytest.approx(0.5)
    sampling = JobView(job, "a cat", "Sampling 6 of 12", desk.job.fraction, 2.5)
    assert desk.job == sampling
    desk.hear(Progress(job, 5, Phase.SAMPLING, 12, 12, 0, ""))
    desk.hear(Progress(job, 6, Phase.DECODING, 0, 0, 0, ""))
    assert desk.job.phase == "Decoding"
    assert desk.job.fraction == pytest.approx(0.95)
    desk.hear(result(job))
    assert desk.panel.view(desk.picture).job is None
    assert desk.said == ("Done in 0.5 s.", False)
    assert [group.name for group in desk.picture.groups] == ["Scumble: a cat"]


def test_the_bar_never_goes_back(desk: Desk) -> None:
    job = desk.order()
    desk.hear(Progress(job, 3, Phase.SAMPLING, 12, 12, 2.5, ""))
    desk.hear(Progress(job, 4, Phase.SAMPLING, 1, 12, 2.5, ""))
    assert desk.job.fraction == 0.95


def test_a_preview_is_shown_until_its_job_is_over(desk: Desk) -> None:
    job = desk.order()
    pixels = Pixels(Size(1, 1), PixelFormat.RGBA8, bytes(4))
    desk.hear(
        Preview("another", 1, Rect(0, 0, 2, 2), pixels), Preview(job, 3, Rect(1, 2, 3, 4), pixels)
    )
    preview = PreviewView(Rect(1, 2, 3, 4), pixels)
    assert desk.panel.view(desk.picture).preview == preview
    assert desk.panel.view(FramedPicture()).preview is None
    desk.hear(Disconnected(LOST))
    assert desk.panel.view(desk.picture).preview is None, "nothing is known of it any more"


def test_the_job_that_runs_is_shown_before_those_that_wait(desk: Desk) -> None:
    first, second = desk.order(), desk.order()
    desk.hear(Accepted(first, 1, 1), Started(second, 2))
    assert desk.job.job == second
    assert desk.panel.view(desk.picture).queued == 1


def test_each_picture_has_its_own_jobs_and_status(desk: Desk) -> None:
    other = FramedPicture(file="dog.kra", selected=None)
    desk.panel.open(other)
    desk.order()
    desk.panel.run(other, CAT)
    view = desk.panel.view(other)
    assert view.job is None
    assert view.status == "Nothing is selected. Select the area that should be made anew."
    assert view.is_error
    assert desk.said == ("", False)


def test_filling_keeps_nothing_of_what_was_there(desk: Desk) -> None:
    order = dataclasses.replace(CAT, mode=Mode.FILL)
    request = desk.clerk.requests[desk.order(order)]
    assert isinstance(request, Regenerate)
    assert (request.strength, request.content) == (1.0, MaskedContent.FILL)


def test_expanding_and_upscaling_take_what_they_need_from_the_order(desk: Desk) -> None:
    expanded = desk.clerk.requests[desk.order(Order(Mode.EXPAND, margins=Margins(right=28)))]
    assert isinstance(expanded, Regenerate)
    assert expanded.canvas == desk.picture.size == Size(128, 80)
    upscaled = desk.clerk.requests[desk.order(Order(Mode.UPSCALE, scale=3.0))]
    assert isinstance(upscaled, Upscale)
    assert (upscaled.model, upscaled.scale) == ("lanczos", 3.0)
    assert [view.title for view in (desk.job,)] == ["Expand"]


def test_removing_needs_no_model_unless_it_is_refined(desk: Desk) -> None:
    remove = Order(Mode.REMOVE, settings=CAT.settings)
    assert isinstance(desk.clerk.requests[desk.order(remove)], Remove)
    refined = desk.clerk.requests[desk.order(dataclasses.replace(remove, refine=0.25))]
    assert isinstance(refined, Regenerate)
    assert (refined.content, refined.strength) == (MaskedContent.REMOVE, 0.25)
    assert refined.prompt == "", "what is not there needs no words"
    desk.hear(Models(MODELS[1:]))
    assert desk.panel.view(desk.picture).modes[Mode.REMOVE] == ""
    plain = desk.clerk.requests[desk.order(dataclasses.replace(remove, refine=0.25))]
    assert isinstance(plain, Remove)


def test_a_sketch_is_painted_over(desk: Desk) -> None:
    welcome = dataclasses.replace(WELCOME, features=(*FEATURES, "sketch"))
    desk.hear(Connected(welcome))
    request = desk.clerk.requests[desk.order(dataclasses.replace(CAT, mode=Mode.SKETCH))]
    assert isinstance(request, Regenerate)
    assert request.strength == 0.75


def test_an_enlargement_is_mixed_and_refined(desk: Desk) -> None:
    order = Order(Mode.UPSCALE, CAT.settings, second="lanczos", blend=0.25, refine=0.5)
    request = desk.clerk.requests[desk.order(order)]
    assert isinstance(request, Upscale)
    assert (request.second, request.blend) == ("lanczos", 0.25)
    assert request.refinement is not None
    assert (request.refinement.model, request.refinement.strength) == ("starter", 0.5)


def test_a_style_puts_words_around_the_prompt(desk: Desk) -> None:
    request = desk.clerk.requests[desk.order(dataclasses.replace(CAT, style="comic"))]
    assert isinstance(request, Regenerate)
    assert "a  cat" in request.prompt
    assert len(request.prompt) > len("a  cat")
    assert desk.memory.order.settings.prompt == CAT.settings.prompt, "the painter's own words"
    desk.panel.run(desk.picture, dataclasses.replace(CAT, style="comics"))
    assert desk.said == ("There is no style 'comics'. Did you mean comic?", True)


def test_notes_of_the_server_are_told(desk: Desk) -> None:
    job = desk.order()
    done = dataclasses.replace(finished(job, IMAGE), notes=("One at a time.", "On the CPU."))
    desk.hear(Result(job, done, blobs_of(IMAGE, MASK)))
    assert desk.said == ("Done in 0.5 s. One at a time. On the CPU.", False)


def mask_of(desk: Desk, job: str) -> Result:
    done = dataclasses.replace(finished(job, IMAGE), request=desk.clerk.requests[job])
    return Result(job, done, blobs_of(IMAGE, MASK))


def test_the_mask_is_shown_until_it_is_no_longer_wanted(desk: Desk) -> None:
    assert desk.panel.view(desk.picture).can_show_mask
    desk.panel.see_mask(desk.picture, CAT)
    (job,) = desk.clerk.requests
    assert desk.job.title == "Mask"
    desk.hear(mask_of(desk, job))
    view = desk.panel.view(desk.picture)
    assert view.is_mask_shown
    assert view.preview is not None
    assert view.preview.is_mask
    assert view.job is None
    assert view.status.startswith("What is red")
    desk.panel.see_mask(desk.picture, CAT)
    view = desk.panel.view(desk.picture)
    assert (view.is_mask_shown, view.preview, view.status) == (False, None, "")
    assert desk.memory.pending == {}


def test_a_mask_gives_way_to_work_and_is_not_shown_where_its_picture_is_gone(desk: Desk) -> None:
    desk.panel.see_mask(desk.picture, CAT)
    desk.hear(mask_of(desk, "job1"))
    desk.order()
    assert not desk.panel.view(desk.picture).is_mask_shown
    desk.panel.see_mask(desk.picture, CAT)
    desk.panel.close(desk.picture)
    desk.hear(mask_of(desk, "job3"))
    assert not desk.panel.view(desk.picture).is_mask_shown


def test_a_mask_of_nothing_is_an_error(desk: Desk) -> None:
    desk.picture.selected = None
    desk.panel.see_mask(desk.picture, CAT)
    assert desk.said == ("Nothing is selected. Select the area that should be made anew.", True)


def test_a_prompt_is_measured_with_the_words_of_its_style(desk: Desk) -> None:
    desk.panel.measure("a cat", "", "starter")
    desk.panel.measure("a cat", "comic", "starter")
    desk.panel.measure("a cat", "unknown", "")
    texts = [text for text, _ in desk.clerk.measured]
    assert (texts[0], texts[2]) == ("a cat", "a cat")
    assert "a cat" in texts[1]
    assert len(texts[1]) > len("a cat")
    desk.hear(Measured("a cat", "", 2, 1, 2), Names(("ink",), (), ()))
    view = desk.panel.view(desk.picture)
    assert view.measured == Measured("a cat", "", 2, 1, 2)
    assert view.names == Names(("ink",), (), ())


def test_the_memory_of_an_order_is_told_as_far_as_it_is_known(desk: Desk) -> None:
    assert desk.panel.memory_line(desk.picture, CAT) == "", "nobody knows"
    model = dataclasses.replace(MODELS[0], memory=2**30)
    welcome = dataclasses.replace(
        WELCOME, models=(model, MODELS[1]), device=Device("cuda:0", "", 2**33)
    )
    desk.hear(Connected(welcome))
    assert desk.panel.memory_line(desk.picture, CAT) == "About 1.0 of 8.0 GiB"
    assert desk.panel.memory_line(desk.picture, Order(Mode.UPSCALE)) == ""
    desk.picture.selected = None
    assert desk.panel.memory_line(desk.picture, CAT) == ""
    unknown = Order(settings=Settings(model="unknown"))
    assert desk.panel.memory_line(desk.picture, unknown) == ""


@pytest.mark.parametrize("mode", [Mode.SKETCH])
def test_what_is_not_offered_is_refused_with_the_reason(desk: Desk, mode: Mode) -> None:
    desk.panel.run(desk.picture, Order(mode))
    assert desk.clerk.requests == {}
    assert desk.said == (
        "This server can't do that yet; a newer Scumble may. Choose another mode.",
        True,
    )


def test_without_a_server_the_panel_says_how_to_get_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path, clerk=Clerk(Disconnected(LOST)))
    desk.panel.run(desk.picture, CAT)
    assert desk.said == (
        "No Scumble server has been reached yet. Start it with `scumble serve`, or wait for it.",
        True,
    )
    view = desk.panel.view(desk.picture)
    assert (view.light, view.light_text) == (Light.OFF, "The server is gone. Start it again.")
    assert not view.can_start_server, "this machine does not know how"
    assert not any(view.modes.values()), "a painter may try, and is told then"


def test_the_same_is_done_again_from_a_new_seed(desk: Desk) -> None:
    first = desk.clerk.requests[desk.order()]
    desk.panel.again(desk.picture)
    second = desk.clerk.requests["job2"]
    assert isinstance(first, Regenerate)
    assert isinstance(second, Regenerate)
    assert (first.seed, first.prompt) == (7, second.prompt)
    assert second.seed != 7


def test_again_in_a_new_picture_does_what_was_remembered(tmp_path: Path) -> None:
    desk = Desk(tmp_path, memory=Memory(order=CAT))
    desk.panel.again(desk.picture)
    assert desk.job.title == "a cat"


def test_a_job_is_cancelled(desk: Desk) -> None:
    desk.panel.cancel(desk.picture)
    assert desk.clerk.cancelled == [], "nothing is there to be cancelled"
    job = desk.order()
    desk.panel.cancel(desk.picture)
    assert desk.clerk.cancelled == [job]
    assert (desk.job.phase, desk.job.is_stopping) == ("Stopping", True)
    desk.hear(Progress(job, 3, Phase.SAMPLING, 1, 12, 2.5, ""))
    assert desk.job.phase == "Stopping"
    desk.hear(Cancelled(job, 4))
    assert desk.said == ("Cancelled.", False)
    assert desk.memory.pending == {}


def test_a_failure_is_told_where_it_belongs(desk: Desk) -> None:
    job = desk.order()
    desk.hear(Failed(job, 2, ErrorCode.OUT_OF_MEMORY, "Out of memory.", "Select less."))
    assert desk.said == ("Out of memory. Select less.", True)
    desk.order()
    assert desk.said == ("", False), "a new order begins with a clean slate"


def test_what_is_about_no_job_is_told_everywhere(desk: Desk) -> None:
    desk.hear(Refused("", ErrorCode.PROTOCOL, "What?", ""))
    assert desk.said == ("What?", True)


def test_errors_of_the_editor_are_shown(desk: Desk) -> None:
    other = FramedPicture()
    desk.panel.open(other)
    desk.panel.say(other, CLOSED)
    assert desk.panel.view(other).status == "The picture was closed. Open it again."
    assert desk.said == ("", False)
    desk.panel.say(None, CLOSED)
    assert desk.said[1]


def test_a_lost_connection_is_shown_until_it_is_back(desk: Desk) -> None:
    job = desk.order()
    desk.hear(Started(job, 2), Disconnected(LOST))
    view = desk.panel.view(desk.picture)
    assert (view.light, desk.job.phase) == (Light.OFF, "Waiting for the server")
    desk.hear(Connected(WELCOME), Progress(job, 3, Phase.SAMPLING, 3, 12, 2.5, ""))
    assert desk.job.phase == "Sampling 3 of 12"


def test_events_of_jobs_that_nobody_ordered_here_are_passed_over(desk: Desk) -> None:
    desk.hear(Started("unknown", 2), Cancelled("unknown", 3))
    assert desk.said == ("", False)


def test_the_result_of_a_closed_picture_waits_until_it_is_opened_again(desk: Desk) -> None:
    job = desk.order()
    desk.panel.view(desk.picture)
    desk.picture.error = CLOSED
    desk.panel.close(desk.picture)
    desk.hear(result(job))
    other, again = FramedPicture(file="dog.kra"), FramedPicture(file="cat.kra")
    desk.panel.open(other)
    desk.panel.open(again)
    assert desk.panel.view(other).offers == ()
    assert desk.panel.view(again).offers == (Offer(job, "“a cat” is done and waits."),)
    assert desk.panel.view(None).offers == ()
    desk.panel.place(again, job)
    assert desk.panel.view(again).offers == (), "it is on its way"
    assert desk.panel.tick()
    assert len(again.groups) == 1
    assert desk.memory.pending == {}


def test_the_result_of_a_closed_picture_without_a_file_is_offered_to_all(desk: Desk) -> None:
    desk.picture.file = ""
    job = desk.order()
    desk.picture.error = CLOSED
    desk.panel.close(desk.picture)
    desk.hear(result(job))
    other = FramedPicture(file="dog.kra")
    desk.panel.open(other)
    assert [offer.job for offer in desk.panel.view(other).offers] == [job]
    desk.panel.drop(job)
    assert desk.panel.view(other).offers == ()
    assert desk.clerk.acknowledged == [job]


def test_a_result_that_an_open_picture_refuses_is_offered_there_with_the_reason(desk: Desk) -> None:
    desk.picture.error = RequestError(ErrorCode.INVALID_VALUE, "No room.", "Make some.")
    job = desk.order()
    desk.hear(result(job))
    assert desk.said == ("No room. Make some.", True)
    assert [offer.job for offer in desk.panel.view(desk.picture).offers] == [job]
    desk.picture.error = None
    desk.panel.place(desk.picture, job)
    desk.panel.place(desk.picture, "unknown")
    assert desk.panel.is_placing
    desk.panel.tick()
    assert len(desk.picture.groups) == 1


def test_what_an_earlier_run_left_is_fetched_when_its_picture_is_opened(tmp_path: Path) -> None:
    pending = {"old": Pending("cat.kra", "a cat"), "other": Pending("", "a dog")}
    desk = Desk(tmp_path, memory=Memory(pending=pending))
    assert desk.clerk.attached == ["old"]
    assert desk.job.title == "a cat"
    desk.panel.open(desk.picture)
    assert desk.clerk.attached == ["old"], "once is enough"
    desk.hear(result("old"))
    assert [offer.job for offer in desk.panel.view(desk.picture).offers] == ["old"]


def test_a_job_that_the_server_has_forgotten_is_forgotten_here(tmp_path: Path) -> None:
    desk = Desk(tmp_path, memory=Memory(pending={"old": Pending("cat.kra", "a cat")}))
    desk.hear(Refused("old", ErrorCode.UNKNOWN_JOB, "Unknown.", ""))
    assert desk.memory.pending == {}
    assert desk.panel.view(desk.picture).job is None


def test_jobs_are_remembered_by_the_name_that_their_picture_has_now(desk: Desk) -> None:
    job = desk.order()
    desk.picture.file = "renamed.kra"
    desk.panel.view(desk.picture)
    assert desk.memory.pending == {job: Pending("renamed.kra", "a cat")}


def test_a_server_is_started_and_tried_until_it_answers(tmp_path: Path) -> None:
    write_program(tmp_path, (sys.executable, "-c", "import time; time.sleep(60)"), "1")
    desk = Desk(tmp_path, clerk=Clerk(Disconnected(LOST)))
    assert desk.panel.view(desk.picture).can_start_server
    desk.panel.start_server()
    view = desk.panel.view(desk.picture)
    assert (view.is_starting, view.light_text) == (True, "Starting the server …")
    desk.panel.tick()
    desk.panel.tick()
    assert desk.clerk.retries == 1, "not with every tick"
    desk.seconds += 1
    desk.panel.tick()
    assert desk.clerk.retries == 2
    desk.hear(Disconnected(LOST))
    assert desk.panel.view(desk.picture).light_text == "Starting the server …"
    desk.hear(Connected(WELCOME))
    assert not desk.panel.view(desk.picture).is_starting
    process = desk.starter._process  # noqa: SLF001 (the test has to end what it started)
    assert process is not None
    process.terminate()
    process.wait()


def test_a_server_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    write_program(tmp_path, (sys.executable, "-c", "import sys; sys.exit('No memory.')"), "1")
    desk = Desk(tmp_path, clerk=Clerk(Disconnected(LOST)))
    desk.panel.start_server()
    while desk.panel.view(desk.picture).is_starting:
        desk.panel.tick()
    assert desk.said == ("The server ended at once: No memory. Its log says more.", True)
    assert desk.panel.log.read_text() == "No memory.\n"


def test_a_server_that_is_not_installed_can_not_be_started(desk: Desk) -> None:
    desk.panel.start_server()
    assert desk.said == (
        "The Scumble server is not installed on this machine. "
        "Run `python3 installer`, then try again.",
        True,
    )


def test_a_picture_file_says_how_it_was_made(desk: Desk, tmp_path: Path) -> None:
    made = PngInfo()
    made.add_text("parameters", "a cat\nNegative prompt: dogs\nSteps: 12, Sampler: Euler, ENSD: 3")
    Image.new("RGB", (2, 2)).save(tmp_path / "cat.png", pnginfo=made)
    recipe = desk.panel.recipe_of(desk.picture, tmp_path / "cat.png")
    assert recipe is not None
    assert (recipe.settings.prompt, recipe.settings.steps) == ("a cat", 12)
    assert desk.said == ("The settings of cat.png are set. Left out: ENSD.", False)
    assert desk.panel.recipe_of(None, tmp_path / "cat.png") == recipe


def test_a_file_that_does_not_say_how_it_was_made_is_an_error(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir")
    assert desk.panel.recipe_of(desk.picture, tmp_path / "letter.txt") is None
    assert desk.said[0].startswith("letter.txt does not say how it was made.")
    assert desk.said[1]


def test_orders_are_remembered(tmp_path: Path) -> None:
    file = tmp_path / "panel.json"
    desk = Desk(tmp_path, memory=Memory.of(file))
    job = desk.order()
    remembered = Memory.of(file)
    assert remembered.order == CAT
    assert remembered.prompts == ("a  cat",)
    assert remembered.pending == {job: Pending("cat.kra", "a cat")}
    assert json.loads(file.read_text())


def test_the_failure_of_a_closed_pictures_job_is_told_to_nobody(desk: Desk) -> None:
    other = FramedPicture(file="dog.kra")
    desk.panel.open(other)
    job = desk.order()
    desk.panel.close(other)
    assert desk.job.job == job, "it was another picture that was closed"
    desk.panel.close(desk.picture)
    desk.hear(Failed(job, 2, ErrorCode.OUT_OF_MEMORY, "Out of memory.", "Select less."))
    assert desk.memory.pending == {}
    assert desk.said == ("", False)


def test_a_result_that_waits_needs_no_server(desk: Desk) -> None:
    desk.picture.error = CLOSED
    job = desk.order()
    desk.hear(result(job))
    desk.hear(Disconnected(LOST))
    assert [offer.job for offer in desk.panel.view(desk.picture).offers] == [job]


ENDING = ServerError(ErrorCode.SHUTTING_DOWN, "It ends.", "Wait.")
ABSENT = PeerError(ErrorCode.NO_SERVER, "No server is there.", "Start it.")


def test_a_server_that_starts_anew_is_no_reason_for_alarm(desk: Desk) -> None:
    write_program(desk.folder, (sys.executable,), "1")
    job = desk.order()
    desk.hear(Started(job, 2), Disconnected(ENDING), Disconnected(ABSENT))
    view = desk.panel.view(desk.picture)
    assert view.light_text.startswith("The server is ending, or starts anew.")
    assert (view.is_starting, view.can_start_server) == (True, False)
    assert desk.job.phase == "Waiting for the server"
    assert desk.said == ("", False)
    desk.hear(Connected(WELCOME))
    assert desk.panel.view(desk.picture).light_text == "Scumble 1.2 on A processor"


def test_a_server_that_does_not_come_back_is_told_after_a_while(desk: Desk) -> None:
    write_program(desk.folder, (sys.executable,), "1")
    desk.hear(Disconnected(ENDING), Disconnected(ABSENT))
    desk.seconds += RETURN_SECONDS - 1
    assert not desk.panel.tick()
    desk.seconds += 1
    assert desk.panel.tick()
    view = desk.panel.view(desk.picture)
    assert view.light_text == "No server is there. Start it."
    assert (view.is_starting, view.can_start_server) == (False, True)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (ErrorCode.UNTRUSTED, "Its own words. Its hint."),
        (ErrorCode.UNAUTHORIZED, "Connect with a new code"),
        (ErrorCode.FORBIDDEN, "where the server runs"),
        (ErrorCode.TOO_MANY_ATTEMPTS, "Wait for a minute"),
        (ErrorCode.TOO_MANY_CLIENTS, "Close one of them"),
        (ErrorCode.SHUTTING_DOWN, "go on when it is back"),
    ],
)
def test_the_light_says_what_to_do(desk: Desk, code: ErrorCode, said: str) -> None:
    desk.hear(Disconnected(ENDING), Disconnected(error_of(code, "Its own words.", "Its hint.")))
    assert said in desk.panel.view(desk.picture).light_text


@pytest.mark.parametrize(
    ("code", "said"),
    [(ErrorCode.DEVICE_HUNG, "restart the computer"), (ErrorCode.CRASHED, "another model")],
)
def test_a_job_that_a_server_died_of_says_what_to_do(
    desk: Desk, code: ErrorCode, said: str
) -> None:
    job = desk.order()
    desk.hear(Failed(job, 3, code, "Its own words.", "Its hint."))
    assert said in desk.said[0]


def test_a_job_is_waited_for_where_it_was_accepted(desk: Desk) -> None:
    job = desk.order()
    assert desk.memory.pending[job].server == ""
    desk.hear(Connected(WELCOME, "attic"), Accepted(job, 1, 0))
    assert desk.memory.pending[job] == Pending("cat.kra", "a cat", "attic")
    desk.panel.view(desk.picture)
    assert desk.memory.pending[job].server == "attic"
    later = Desk(desk.folder, Memory(pending=dict(desk.memory.pending)))
    assert later.clerk.asked_of == {job: "attic"}


def test_a_job_of_another_server_does_not_hide_those_of_this_one(desk: Desk) -> None:
    first = desk.order()
    desk.hear(Started(first, 2), Disconnected(LOST), Connected(WELCOME, "attic"))
    second = desk.order(Order(settings=Settings(prompt="a dog")))
    desk.hear(Accepted(second, 1, 0), Started(second, 2))
    assert desk.job.title == "a dog"


def test_another_server_is_connected_to_and_left_again(desk: Desk) -> None:
    attic = Address("wss://attic:1", "secret", "3d" * 32, "wss://attic:1")
    write_program(desk.folder, (sys.executable,), "1")
    write_servers(desk.folder, Servers((attic,)))
    desk.panel.use_server("wss://attic:1")
    assert desk.panel.tick()
    desk.hear(Connected(WELCOME, "wss://attic:1"))
    view = desk.panel.view(desk.picture)
    assert view.server.used == "Scumble uses the server on attic:1."
    assert view.light_text == f"Scumble 1.2 on A processor\n{view.server.used}"
    desk.hear(Disconnected(LOST))
    assert not desk.panel.view(desk.picture).can_start_server, "one here would be no use"
    desk.panel.use_server("")
    assert desk.panel.view(desk.picture).can_start_server
    assert desk.clerk.reconnections == 2
    desk.panel.use_server("unknown")
    assert desk.said[1]


def test_connecting_is_shown_with_how_it_goes(desk: Desk) -> None:
    desk.panel.connect("attic:1", "no code")
    assert desk.panel.tick()
    deadline = time.monotonic() + 10_000 * MS
    while desk.panel.view(desk.picture).server.is_busy:
        assert time.monotonic() < deadline
        desk.panel.tick()
    assert "not a code" in desk.panel.view(desk.picture).server.text
