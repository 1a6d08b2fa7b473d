"""What a panel does, without its widgets: the same in every editor."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scumble_protocol.client import Connected, Disconnected
from scumble_protocol.editor.dropped import recipe_of_file
from scumble_protocol.editor.estimate import Selected, memory_text, working_size
from scumble_protocol.editor.foreign_recipe import Recipe
from scumble_protocol.editor.gallery import Picture
from scumble_protocol.editor.job_list import JobList
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.mask_preview import mask_preview
from scumble_protocol.editor.memory import Memory
from scumble_protocol.editor.modes import missing
from scumble_protocol.editor.names import mode_names
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.ordering import start
from scumble_protocol.editor.prompt_words import PromptWords
from scumble_protocol.editor.server_choice import ServerChoice
from scumble_protocol.editor.server_trouble import trouble
from scumble_protocol.editor.server_watch import ServerWatch
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
from scumble_protocol.editor.view import PreviewView, View
from scumble_protocol.errors import ErrorCode, RequestError, ScumbleError
from scumble_protocol.messages import (
    Accepted,
    Cancelled,
    ModelInfo,
    ModelKind,
    Preview,
    Progress,
    Refused,
    Started,
)


@dataclass
class _Desk:
    """What is to be said about one picture, and what was last ordered for it.

    `mask` is what would be made anew, while the painter looks at it.
    """

    status: str = ""
    is_error: bool = False
    last: Order | None = None
    mask: PreviewView | None = None


class Panel:
    """Takes orders for the pictures of an editor, and says how they go.

    All methods are to be called on the editor's GUI thread; none waits for anything.

    Args:
        studio: Does the work.
        memory: What was set and left unfinished in earlier runs.
        starter: Starts the server of this machine.
        tr: Translates what painters read.
        choice: Which server is used.
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
        choice: ServerChoice,
        clock: Callable[[], float] = time.monotonic,
        styles: StyleShelf | None = None,
    ) -> None:
        self.memory = memory
        self._choice = choice
        self._studio = studio
        self._starter = starter
        self._tr = tr
        self._styles = styles or StyleShelf(SHIPPED)
        self._words = PromptWords(studio)
        self._jobs = JobList(memory, tr)
        self._desks: dict[Picture, _Desk] = {}
        self._server = ServerWatch(starter, studio.retry, tr, clock, choice)
        self._has_news = False

    # Pictures

    def open(self, picture: Picture) -> None:
        """A picture is there; what earlier runs left unfinished for it is waited for."""
        self._desks.setdefault(picture, _Desk())
        for job, server in self._jobs.reopen(picture):
            self._studio.adopt(job, server)
        self._has_news = True

    def close(self, picture: Picture) -> None:
        """A picture is gone; its jobs go on, and their results are kept for when it comes back."""
        self._desks.pop(picture, None)
        self._jobs.close(picture)
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
        self._jobs.begin(job, title, picture, is_kept=True)
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
        self._jobs.begin(job, self._tr("Mask"), picture, is_kept=False)
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

    def memory_line(self, picture: Selected, order: Order) -> str:
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
        shown = self._jobs.shown(picture)
        if shown is not None:
            shown.view = dataclasses.replace(
                shown.view, phase=self._tr("Stopping"), is_stopping=True
            )
            self._studio.cancel(shown.view.job)
            self._has_news = True

    def place(self, picture: Picture, job: str) -> None:
        """Put a result that is offered into the picture."""
        known = self._jobs.get(job)
        if known is not None:
            known.picture = picture
            self._studio.canvas = picture
            self._studio.place(job)

    def drop(self, job: str) -> None:
        """Throw a result away that is offered."""
        self._studio.drop(job)
        self._over(job)

    def connect(self, address: str, code: str) -> None:
        """Be let in by a server on another computer; `View.server` says how it goes."""
        self._choice.connect(address, code)
        self._has_news = True

    def use_server(self, server: str) -> None:
        """Use another one of the servers that are known; see `ServerView.others`."""
        try:
            self._choice.use(server)
        except ScumbleError as error:
            self._tell_all(error)
        self._has_news = True

    def start_server(self) -> None:
        """Start the server of this machine."""
        try:
            self._server.start()
        except ScumbleError as error:
            self._tell_all(error)
        self._has_news = True

    def recipe_of(self, picture: Picture | None, path: Path) -> Recipe | None:
        """How a picture file was made; None where it does not say, which becomes the status."""
        try:
            recipe = recipe_of_file(path)
        except ScumbleError as error:
            self.say(picture, error)
            return None
        if picture is not None:
            done = self._tr("The settings of {file} are set.", file=path.name)
            left = ", ".join(recipe.passed_over)
            more = (self._tr("Left out: {names}.", names=left),) if left else ()
            self._tell(picture, " ".join((done, *more)))
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
        try:
            self._has_news = self._server.look() or self._has_news
        except ScumbleError as error:
            self._tell_all(error)
        self._has_news = self._choice.look() or self._has_news
        had_news, self._has_news = self._has_news, False
        return had_news

    def view(self, picture: Picture | None) -> View:
        """What to show for a picture; None if no picture is open."""
        desk = self._desks.get(picture, _Desk()) if picture else _Desk()
        mine = self._jobs.of(picture)
        shown = self._jobs.shown(picture)
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
            can_start_server=server.can_start,
            is_starting=server.is_starting or server.is_returning,
            offers=self._jobs.offers(picture, self._studio.is_being_placed),
            preview=preview,
            controls=tuple(kinds[ModelKind.CONTROL]),
            references=tuple(kinds[ModelKind.REFERENCE]),
            vaes=tuple(kinds[ModelKind.VAE]),
            faces=tuple(kinds[ModelKind.FACES]),
            styles=self._styles.styles(),
            device=server.device,
            measured=self._words.measured,
            names=self._words.names,
            can_show_mask="show_mask" in self._studio.features,
            is_mask_shown=desk.mask is not None,
            server=self._choice.view,
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
            self._server.connected(event)
            self._jobs.connect(event.server)
        elif isinstance(event, Disconnected):
            self._server.disconnected(event)
            self._jobs.disconnect()
        elif isinstance(event, Refused) and not event.job:
            self._tell_all(RequestError(ErrorCode.INVALID_VALUE, event.message, event.hint))
        elif isinstance(event, (Accepted, Started, Progress)):
            self._jobs.advance(event)
        elif isinstance(event, (Preview, MaskSeen)):
            self._see(event)
        elif isinstance(event, (Applied, Offered, Unplaced, JobFailed, Cancelled)):
            self._end(event)

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
        self._jobs.over(job)
        self._has_news = True

    def _tell(self, picture: Picture, text: str, *, is_error: bool = False) -> None:
        desk = self._desks.setdefault(picture, _Desk())
        desk.status, desk.is_error = text, is_error
        self._has_news = True

    def _fail(self, picture: Picture, error: ScumbleError) -> None:
        self._tell(picture, trouble(error, self._tr), is_error=True)

    def _tell_all(self, error: ScumbleError) -> None:
        for picture in self._desks:
            self._fail(picture, error)
        self._has_news = True
