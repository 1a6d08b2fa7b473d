"""What a panel does, without its widgets: the same in every editor."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from scumble_protocol.choices import Sampler
from scumble_protocol.client import Connected, Disconnected
from scumble_protocol.editor.dropped import recipe_of_file
from scumble_protocol.editor.estimate import memory_text, working_size
from scumble_protocol.editor.foreign_recipe import Recipe
from scumble_protocol.editor.gallery import Picture
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.mask_preview import mask_preview
from scumble_protocol.editor.memory import Memory, Pending
from scumble_protocol.editor.modes import missing
from scumble_protocol.editor.names import mode_names
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.ordering import start
from scumble_protocol.editor.progress import advanced
from scumble_protocol.editor.prompt_words import PromptWords
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.starter import Starter
from scumble_protocol.editor.studio import (
    Applied,
    JobFailed,
    MaskSeen,
    Offered,
    Studio,
    StudioEvent,
    Unplaced,
)
from scumble_protocol.editor.style_shelf import StyleShelf
from scumble_protocol.editor.styles import SHIPPED
from scumble_protocol.editor.view import JobView, Light, Offer, PreviewView, View
from scumble_protocol.errors import ErrorCode, RequestError, ScumbleError
from scumble_protocol.messages import (
    Accepted,
    Cancelled,
    Device,
    ModelInfo,
    ModelKind,
    Preview,
    Progress,
    Refused,
    Started,
)

RETRY_SECONDS = 0.5
"""How often a server that is being started is tried."""


@dataclass
class _Job:
    """A job that is not over; `is_done` once its result waits to be placed."""

    view: JobView
    picture: Picture | None
    preview: PreviewView | None = None
    is_started: bool = False
    is_done: bool = False


@dataclass
class _Desk:
    """What is to be said about one picture, and what was last ordered for it.

    `mask` is what would be made anew, while the painter looks at it.
    """

    status: str = ""
    is_error: bool = False
    last: Order | None = None
    mask: PreviewView | None = None


@dataclass
class _Server:
    """What is known of the server."""

    light: Light = Light.OFF
    text: str = ""
    samplers: tuple[Sampler, ...] = ()
    device: Device | None = None
    is_starting: bool = False
    tried: float = field(default=0.0)


class Panel:
    """Takes orders for the pictures of an editor, and says how they go.

    All methods are to be called on the editor's GUI thread; none waits for anything.

    Args:
        studio: Does the work.
        memory: What was set and left unfinished in earlier runs.
        starter: Starts the server of this machine.
        tr: Translates what painters read.
        clock: Seconds that only rise.
        styles: The styles that there are; those that ship with Scumble by default.
    """

    def __init__(
        self,
        studio: Studio,
        memory: Memory,
        starter: Starter,
        tr: Translate,
        *,
        clock: Callable[[], float] = time.monotonic,
        styles: StyleShelf | None = None,
    ) -> None:
        self.memory = memory
        self._studio = studio
        self._starter = starter
        self._tr = tr
        self._clock = clock
        self._styles = styles or StyleShelf(SHIPPED)
        self._words = PromptWords(studio)
        self._jobs: dict[str, _Job] = {}
        self._desks: dict[Picture, _Desk] = {}
        self._server = _Server(text=tr("Looking for the Scumble server …"))
        self._has_news = False

    # Pictures

    def open(self, picture: Picture) -> None:
        """A picture is there; what earlier runs left unfinished for it is waited for."""
        self._desks.setdefault(picture, _Desk())
        key = picture.key()
        for job in [job for job in self.memory.of_picture(key) if key and job not in self._jobs]:
            title = self.memory.pending[job].title
            self._jobs[job] = _Job(JobView(job, title, self._tr("Waiting")), picture)
            self._studio.adopt(job)
        self._has_news = True

    def close(self, picture: Picture) -> None:
        """A picture is gone; its jobs go on, and their results are kept for when it comes back."""
        self._desks.pop(picture, None)
        for job in self._jobs.values():
            if job.picture is picture:
                job.picture = None
        self._has_news = True

    # Orders

    def run(self, picture: Picture, order: Order) -> None:
        """Have something done; what is wrong with it becomes the status."""
        desk = self._desks.setdefault(picture, _Desk())
        desk.last, desk.mask = order, None
        self.memory.use(order)
        self._has_news = True
        self._studio.canvas = picture
        try:
            job = self._start(order)
        except ScumbleError as error:
            self._fail(picture, error)
            return
        title = order.prompt or mode_names(self._tr)[order.mode]
        view = JobView(job, title, self._tr("Sending"))
        self._jobs[job] = _Job(view, picture)
        self.memory.expect(job, Pending(picture.key(), title))
        desk.status, desk.is_error = "", False

    def again(self, picture: Picture) -> None:
        """Have the last order done once more, from a new seed."""
        desk = self._desks.get(picture)
        last = desk.last if desk and desk.last else self.memory.order
        self.run(picture, last.with_new_seed())

    def see_mask(self, picture: Picture, order: Order) -> None:
        """Show in the preview what an order would make anew, and how strongly; or hide it again."""
        desk = self._desks.setdefault(picture, _Desk())
        self._has_news = True
        if desk.mask is not None:
            desk.mask, desk.status = None, ""
            return
        self._studio.canvas = picture
        try:
            job = self._studio.see_mask(order.effective)
        except ScumbleError as error:
            self._fail(picture, error)
            return
        view = JobView(job, self._tr("Mask"), self._tr("Sending"))
        self._jobs[job] = _Job(view, picture)
        desk.status, desk.is_error = "", False

    def measure(self, prompt: str, style: str, model: str) -> None:
        """Have a prompt measured as it would be sent; `View.measured` will say.

        Args:
            prompt: The prompt.
            style: The name of the style whose words are put around it; empty for none.
            model: The id of the model that is to read it.
        """
        known = self._styles.styles().usable.get(style)
        settings = Settings(prompt=prompt)
        self._words.ask((known.worded(settings) if known else settings).prompt, model)

    def memory_line(self, picture: Picture, order: Order) -> str:
        """How much of the device's memory an order would take, for people; empty if not known."""
        device = self._server.device
        try:
            model = self._studio.model(order.settings.model)
            selection = picture.selection()
        except ScumbleError:
            return ""
        if device is None or selection is None:
            return ""
        size = working_size(order, picture.bounds(), selection, model)
        return memory_text(model, device, size, order.settings, self._tr) if size else ""

    def cancel(self, picture: Picture) -> None:
        """Stop the job that the picture's view shows."""
        shown = self._shown(picture)
        if shown is not None:
            shown.view = dataclasses.replace(
                shown.view, phase=self._tr("Stopping"), is_stopping=True
            )
            self._studio.cancel(shown.view.job)
            self._has_news = True

    def place(self, picture: Picture, job: str) -> None:
        """Put a result that is offered into the picture."""
        if job in self._jobs:
            self._jobs[job].picture = picture
            self._studio.canvas = picture
            self._studio.place(job)

    def drop(self, job: str) -> None:
        """Throw a result away that is offered."""
        self._studio.drop(job)
        self._over(job)

    def start_server(self) -> None:
        """Start the server of this machine."""
        try:
            self._starter.start()
        except ScumbleError as error:
            self._tell_all(error)
            return
        self._server.is_starting = True
        self._server.text = self._tr("Starting the server …")
        self._has_news = True

    def recipe_of(self, picture: Picture | None, path: Path) -> Recipe | None:
        """How a picture file was made; None where it does not say, which becomes the status."""
        try:
            recipe = recipe_of_file(path)
        except ScumbleError as error:
            self.say(picture, error)
            return None
        if picture is not None:
            said = self._tr("The settings of {file} are set.", file=path.name)
            left = ", ".join(recipe.passed_over)
            more = (self._tr("Left out: {names}.", names=left),) if left else ()
            self._tell(picture, " ".join((said, *more)))
        return recipe

    def say(self, picture: Picture | None, error: ScumbleError) -> None:
        """Show an error of the editor's side."""
        if picture is None:
            self._tell_all(error)
        else:
            self._fail(picture, error)

    # What happens

    @property
    def is_placing(self) -> bool:
        """Whether a result is being put into a picture; `tick` should then be called often."""
        return self._studio.is_placing

    @property
    def log(self) -> Path:
        """Where a server that was started from here writes what it does."""
        return self._starter.log

    def tick(self) -> bool:
        """Take in what happened; whether any view may look different now."""
        for event in self._studio.tick():
            self._take(event)
            self._has_news = True
        if self._server.is_starting:
            self._watch_start()
        had_news, self._has_news = self._has_news, False
        return had_news

    def view(self, picture: Picture | None) -> View:
        """What to show for a picture; None if no picture is open."""
        desk = self._desks.get(picture, _Desk()) if picture else _Desk()
        mine = self._mine(picture)
        shown = self._shown(picture)
        models = self._studio.models
        server = self._server
        kinds: dict[ModelKind, list[ModelInfo]] = {kind: [] for kind in ModelKind}
        for model in models:
            kinds[model.kind].append(model)
        preview = shown.preview if shown and shown.preview else desk.mask
        return View(
            light=server.light,
            light_text=server.text,
            status=desk.status,
            is_error=desk.is_error,
            modes=missing(self._studio.features, models, self._tr),
            models=tuple(kinds[ModelKind.DIFFUSION]),
            upscalers=tuple(kinds[ModelKind.UPSCALER]),
            samplers=server.samplers,
            job=shown.view if shown else None,
            queued=max(0, len(mine) - 1),
            can_run=picture is not None,
            can_start_server=server.light is Light.OFF and self._starter.is_possible,
            is_starting=server.is_starting,
            offers=self._offers(picture),
            preview=preview,
            controls=tuple(kinds[ModelKind.CONTROL]),
            references=tuple(kinds[ModelKind.REFERENCE]),
            vaes=tuple(kinds[ModelKind.VAE]),
            styles=self._styles.styles(),
            device=server.device,
            measured=self._words.measured,
            names=self._words.names,
            can_show_mask="show_mask" in self._studio.features,
            is_mask_shown=desk.mask is not None,
        )

    # From here on: details

    def _start(self, order: Order) -> str:
        reason = missing(self._studio.features, self._studio.models, self._tr)[order.mode]
        if reason:
            raise RequestError(ErrorCode.INVALID_VALUE, reason, self._tr("Choose another mode."))
        return start(self._studio, order, self._styles.styles())

    def _take(self, event: StudioEvent) -> None:
        self._words.take(event)
        if isinstance(event, Connected):
            self._connected(event)
        elif isinstance(event, Disconnected):
            self._disconnected(event)
        elif isinstance(event, Refused) and not event.job:
            self._tell_all(RequestError(ErrorCode.INVALID_VALUE, event.message, event.hint))
        elif isinstance(event, (Accepted, Started, Progress)):
            self._advance(event)
        elif isinstance(event, (Preview, MaskSeen)):
            self._see(event)
        elif isinstance(event, (Applied, Offered, Unplaced, JobFailed, Cancelled)):
            self._end(event)

    def _connected(self, event: Connected) -> None:
        welcome = event.welcome
        self._server = _Server(
            Light.ON,
            self._tr(
                "Scumble {version} on {device}", version=welcome.version, device=welcome.device.name
            ),
            welcome.samplers,
            welcome.device,
        )

    def _disconnected(self, event: Disconnected) -> None:
        self._server = dataclasses.replace(self._server, light=Light.OFF)
        if not self._server.is_starting:
            self._server.text = self._said(event.error)
        for job in self._jobs.values():
            if not job.is_done:
                phase = self._tr("Waiting for the server")
                job.view = dataclasses.replace(job.view, phase=phase, seconds_left=None)
                job.preview = None

    def _watch_start(self) -> None:
        try:
            self._starter.check()
        except ScumbleError as error:
            self._server.is_starting = False
            self._server.text = self._said(error)
            self._tell_all(error)
            return
        now = self._clock()
        if now - self._server.tried >= RETRY_SECONDS:
            self._server.tried = now
            self._studio.retry()

    def _advance(self, event: Accepted | Started | Progress) -> None:
        job = self._jobs.get(event.job)
        if job is None or job.view.is_stopping:
            return
        job.is_started = job.is_started or not isinstance(event, Accepted)
        job.view = advanced(job.view, event, self._tr)

    def _end(self, event: Applied | Offered | Unplaced | JobFailed | Cancelled) -> None:
        job = self._jobs.get(event.job)
        if job is None:
            return
        job.preview = None
        if isinstance(event, (Offered, Unplaced)):
            job.is_done = True
            if isinstance(event, Unplaced) and job.picture is not None:
                self._fail(job.picture, event.error)
            return
        self._over(event.job)
        if job.picture is None:
            return
        if isinstance(event, JobFailed):
            self._fail(job.picture, event.error)
        elif isinstance(event, Cancelled):
            self._tell(job.picture, self._tr("Cancelled."))
        else:
            seconds = sum(phase.seconds for phase in event.finished.times)
            done = self._tr("Done in {seconds:.1f} s.", seconds=seconds)
            notes = (self._tr(note) for note in event.finished.notes)
            self._tell(job.picture, " ".join((done, *notes)))

    def _see(self, event: Preview | MaskSeen) -> None:
        job = self._jobs.get(event.job)
        if job is None:
            return
        if isinstance(event, Preview):
            job.preview = PreviewView(event.rect, event.pixels)
            return
        self._over(event.job)
        if job.picture in self._desks:
            self._desks[job.picture].mask = mask_preview(event.layer)
            self._tell(job.picture, self._tr("What is red will be made anew, the more the redder."))

    def _over(self, job: str) -> None:
        self._jobs.pop(job, None)
        self.memory.over(job)
        self._has_news = True

    def _mine(self, picture: Picture | None) -> list[_Job]:
        """The jobs of a picture that are not done; what is kept about them follows its name."""
        if picture is None:
            return []
        mine = [job for job in self._jobs.values() if job.picture is picture]
        for job in mine:
            self.memory.expect(job.view.job, Pending(picture.key(), job.view.title))
        return [job for job in mine if not job.is_done]

    def _shown(self, picture: Picture | None) -> _Job | None:
        mine = self._mine(picture)
        return next((job for job in mine if job.is_started), mine[0] if mine else None)

    def _offers(self, picture: Picture | None) -> tuple[Offer, ...]:
        if picture is None:
            return ()
        key = picture.key()
        return tuple(
            Offer(job.view.job, self._tr("“{title}” is done and waits.", title=job.view.title))
            for job in self._jobs.values()
            if job.is_done and not self._studio.is_being_placed(job.view.job)
            if job.picture is picture
            or (job.picture is None and self.memory.pending[job.view.job].key in {key, ""})
        )

    def _tell(self, picture: Picture, text: str, *, is_error: bool = False) -> None:
        desk = self._desks.setdefault(picture, _Desk())
        desk.status, desk.is_error = text, is_error
        self._has_news = True

    def _fail(self, picture: Picture, error: ScumbleError) -> None:
        self._tell(picture, self._said(error), is_error=True)

    def _tell_all(self, error: ScumbleError) -> None:
        for picture in self._desks:
            self._fail(picture, error)
        self._has_news = True

    def _said(self, error: ScumbleError) -> str:
        return f"{self._tr(error.message)} {self._tr(error.hint)}".rstrip()
