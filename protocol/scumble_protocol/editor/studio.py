"""Everything between a painter's wish and a new layer that is the same in every editor."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Protocol

from scumble_protocol.client import ClientEvent, Connected, Disconnected, Draft, Result
from scumble_protocol.editor.canvas import Canvas, Layer, Margins, Work
from scumble_protocol.editor.draft import (
    draft_enlargement,
    draft_expansion,
    draft_mask,
    draft_regeneration,
    draft_removal,
)
from scumble_protocol.editor.result import result_group
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.upscalers import proposed
from scumble_protocol.errors import ErrorCode, PeerError, RequestError, ScumbleError, error_of
from scumble_protocol.job_list import Jobs
from scumble_protocol.messages import (
    Accepted,
    Cancelled,
    Failed,
    Finished,
    Limits,
    Measured,
    ModelInfo,
    ModelKind,
    Models,
    Names,
    Preview,
    Progress,
    Refused,
    Started,
    Status,
)
from scumble_protocol.pairing import Clients, PairingOffer
from scumble_protocol.requests import LoadModel, Refinement, Regenerate, Upscale


class Courier(Protocol):
    """What the studio needs of a client; `scumble_protocol.client.Client` has it."""

    def submit_draft(self, draft: Draft) -> str:
        """Ask for a job; returns its id."""
        ...

    def attach(self, job: str, after: int = 0, server: str | None = None) -> None:
        """Wait for a job of an earlier run."""
        ...

    def cancel(self, job: str) -> None:
        """Stop a job."""
        ...

    def acknowledge(self, job: str) -> None:
        """The server need not keep the job any longer."""
        ...

    def retry(self) -> None:
        """Try to connect at once, rather than after the pause between attempts."""
        ...

    def measure(self, text: str, model: str) -> None:
        """Ask how long a prompt is; `Measured` answers."""
        ...

    def ask_names(self) -> None:
        """Ask which names prompts can use; `Names` answers."""
        ...

    def poll(self) -> list[ClientEvent]:
        """What happened since the last call."""
        ...


@dataclass(frozen=True)
class Applied:
    """A job is done, and what it made is in the canvas (loading a model makes nothing)."""

    job: str
    finished: Finished


@dataclass(frozen=True)
class JobFailed:
    """A job could not be done, and is over."""

    job: str
    error: ScumbleError


@dataclass(frozen=True)
class Offered:
    """A job of an earlier run is done; `Studio.place` puts it into a canvas."""

    job: str
    finished: Finished


@dataclass(frozen=True)
class Unplaced:
    """A job is done, but its canvas would not take the result; `Studio.place` tries again."""

    job: str
    error: ScumbleError


@dataclass(frozen=True)
class MaskSeen:
    """The mask that was to be looked at; `layer` has the strength of each pixel as its mask."""

    job: str
    layer: Layer


StudioEvent = (
    Connected
    | Disconnected
    | Refused
    | Models
    | Status
    | Measured
    | Names
    | Jobs
    | PairingOffer
    | Clients
    | Accepted
    | Started
    | Progress
    | Preview
    | Applied
    | MaskSeen
    | Offered
    | JobFailed
    | Unplaced
    | Cancelled
)


@dataclass
class _Placement:
    """A result on its way into its canvas; `work` is None until it was begun."""

    result: Result
    canvas: Canvas | None
    asked: Settings | None
    work: Work | None = None


class Studio:
    """Sends a painter's jobs, and puts what comes back into the canvas.

    All methods are to be called on one thread, the editor's GUI thread; none waits for the network.

    Args:
        client: The connection to the server.
        canvas: The canvas that new jobs work on; may be set anew at any time, since each job keeps
            the canvas that it was started on.
    """

    def __init__(self, client: Courier, canvas: Canvas | None = None) -> None:
        self.canvas = canvas
        self._client = client
        self._canvases: dict[str, Canvas | None] = {}
        self._asked: dict[str, Settings] = {}
        self._adopted: set[str] = set()
        self._masks_to_see: set[str] = set()
        self._unplaced: dict[str, Result] = {}
        self._placements: deque[_Placement] = deque()
        self._untold: deque[ClientEvent] = deque()
        self._is_busy = False
        self._models: tuple[ModelInfo, ...] | None = None
        self._features: tuple[str, ...] = ()
        self._limits = Limits()

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """The models that the server offers; empty until it has been reached once."""
        return self._models or ()

    @property
    def features(self) -> tuple[str, ...]:
        """What the server offers, as its welcome says; empty until it has been reached once."""
        return self._features

    @property
    def limits(self) -> Limits:
        """What the server accepts; the usual limits until it has been reached once."""
        return self._limits

    @property
    def is_placing(self) -> bool:
        """Whether a result is on its way into its canvas, a portion a tick."""
        return bool(self._placements)

    def is_being_placed(self, job: str) -> bool:
        """Whether this job's result is on its way into its canvas."""
        return any(placement.result.job == job for placement in self._placements)

    @property
    def jobs(self) -> tuple[str, ...]:
        """The jobs that are not over, for an editor to remember and `adopt` once it is back."""
        return tuple(dict.fromkeys((*self._canvases, *self._adopted, *self._unplaced)))

    def regenerate(self, settings: Settings) -> str:
        """Have the selection made anew; returns the job's id.

        Raises:
            RequestError: Nothing is selected, the area is too large, or the model is not offered.
            PeerError: No server has been reached yet.
        """
        model = self._model(settings.model, ModelKind.DIFFUSION)
        draft = draft_regeneration(self._present(), settings, model, self._limits)
        return self._start(draft, settings)

    def expand(self, settings: Settings, margins: Margins) -> str:
        """Expand the canvas and have the added space filled; returns the job's id.

        Raises:
            RequestError: Nothing would be added, the area is too large, or the model is not
                offered. The canvas is then as it was.
            PeerError: No server has been reached yet.
        """
        model = self._model(settings.model, ModelKind.DIFFUSION)
        draft = draft_expansion(self._present(), settings, margins, model, self._limits)
        return self._start(draft, settings)

    def remove(self, settings: Settings) -> str:
        """Have the selection taken away without a model; returns the job's id.

        Raises like `regenerate`.
        """
        return self._start(draft_removal(self._present(), settings, self._limits), settings)

    def show_mask(self, settings: Settings) -> str:
        """Have shown what `regenerate` would make anew, and how strongly; returns the job's id.

        Raises like `regenerate`.
        """
        model = self._model(settings.model, ModelKind.DIFFUSION)
        return self._start(draft_mask(self._present(), settings, model, self._limits), settings)

    def see_mask(self, settings: Settings) -> str:
        """As `show_mask`, but nothing is put into the canvas: `MaskSeen` has the layer."""
        job = self.show_mask(settings)
        self._masks_to_see.add(job)
        return job

    def upscale(
        self,
        scale: float,
        model: str = "",
        *,
        second: str = "",
        blend: float = 0.5,
        refinement: Refinement | None = None,
    ) -> str:
        """Have the whole canvas enlarged; returns the job's id. Raises like `regenerate`.

        Args:
            scale: The factor, 1 to 16.
            model: An upscaler's id; empty for the one that suits the factor.
            second: Another one's, whose result is mixed in; empty for none.
            blend: Its share of the mixture, 0 to 1.
            refinement: How a diffusion model, the first where it names none, draws detail into it.
        """
        wanted = model or proposed(self.models, scale)
        upscaler = self._model(wanted, ModelKind.UPSCALER)
        if second:
            self._model(second, ModelKind.UPSCALER)
        if refinement is not None:
            painter = self._model(refinement.model, ModelKind.DIFFUSION)
            refinement = replace(refinement, model=painter.id)
        draft = draft_enlargement(
            self._present(),
            scale,
            upscaler,
            self._limits,
            second=second,
            blend=blend if second else 0.0,
            refinement=refinement,
        )
        return self._start(draft)

    def model(self, wanted: str) -> ModelInfo:
        """The diffusion model of this id, or the first one where it is empty.

        Raises:
            RequestError: It is not offered.
            PeerError: No server has been reached yet.
        """
        return self._model(wanted, ModelKind.DIFFUSION)

    def measure(self, text: str, model: str) -> None:
        """Ask how long a prompt is for a model; `Measured` answers."""
        self._client.measure(text, model)

    def ask_names(self) -> None:
        """Ask which names prompts can use; `Names` answers."""
        self._client.ask_names()

    def load(self, model: str) -> str:
        """Have a model loaded, and fetched first where need be; returns the job's id."""
        return self._start(lambda: (LoadModel(model), {}))

    def cancel(self, job: str) -> None:
        """Stop a job."""
        self._client.cancel(job)

    def adopt(self, job: str, server: str | None = None) -> None:
        """Wait for a job of an earlier run; `Offered` says when its result is here.

        Args:
            job: The job's id.
            server: Which server has it, see `client.Address`; None to ask whichever is reached.
        """
        self._adopted.add(job)
        self._client.attach(job, server=server)

    def place(self, job: str) -> None:
        """Put a result that was offered or found no place into the present canvas."""
        result = self._unplaced.get(job)
        if result is not None and not self.is_being_placed(job):
            self._placements.append(_Placement(result, self._present(), self._asked.get(job)))

    def drop(self, job: str) -> None:
        """Neither wait for a job nor keep what it made."""
        self._unplaced.pop(job, None)
        self._forget(job)
        self._client.cancel(job)
        self._client.acknowledge(job)

    def retry(self) -> None:
        """Try to reach the server at once, since it may have been started just now."""
        self._client.retry()

    def tick(self) -> list[StudioEvent]:
        """What happened since the last call; and put a portion of a result into its canvas.

        To be called some twenty to fifty times a second, and as often as the editor can bear while
        `is_placing`. Not to be called from within itself, as an editor's event loop may try to
        while a canvas inserts: the inner call gives nothing.
        """
        self._untold.extend(self._client.poll())
        if self._is_busy:
            return []
        self._is_busy = True
        try:
            events: list[StudioEvent] = []
            while self._untold:
                events += self._take(self._untold.popleft())
            return events + self._place_a_portion()
        finally:
            self._is_busy = False

    def _present(self) -> Canvas:
        if self.canvas is None:
            raise RequestError(
                ErrorCode.CANVAS_GONE, "No picture is open.", "Open the one to work on."
            )
        return self.canvas

    def _start(self, draft: Draft, asked: Settings | None = None) -> str:
        job = self._client.submit_draft(draft)
        self._canvases[job] = self.canvas
        if asked is not None:
            self._asked[job] = asked
        return job

    def _model(self, wanted: str, kind: ModelKind) -> ModelInfo:
        if self._models is None:
            raise PeerError(
                ErrorCode.NO_SERVER,
                "No Scumble server has been reached yet.",
                "Start it with `scumble serve`, or wait for it.",
            )
        kinds = {kind}
        if wanted and kind is ModelKind.DIFFUSION:
            kinds.add(ModelKind.FACES)  # which is asked in the same way, for faces only
        for model in self._models:
            if model.kind in kinds and wanted in {"", model.id}:
                return model
        raise RequestError(
            ErrorCode.UNKNOWN_MODEL,
            f"The server has no {kind.value} model {wanted!r}."
            if wanted
            else f"The server has no {kind.value} model.",
            "Choose one of: " + ", ".join(m.id for m in self._models if m.kind is kind) + ".",
        )

    def _take(self, event: ClientEvent) -> list[StudioEvent]:
        if isinstance(event, Connected):
            self._models, self._limits = event.welcome.models, event.welcome.limits
            self._features = event.welcome.features
        elif isinstance(event, Models):
            self._models = event.models
        elif isinstance(event, Result):
            return self._arrived(event)
        elif isinstance(event, Refused) and event.job:
            return self._over(event.job, error_of(event.code, event.message, event.hint))
        elif isinstance(event, Failed):
            self._client.acknowledge(event.job)
            return self._over(event.job, error_of(event.code, event.message, event.hint))
        elif isinstance(event, Cancelled):
            self._client.acknowledge(event.job)
            self._forget(event.job)
        return [event]

    def _over(self, job: str, error: ScumbleError) -> list[StudioEvent]:
        known = job in self._canvases or job in self._adopted
        self._forget(job)
        return [JobFailed(job, error)] if known else []

    def _arrived(self, result: Result) -> list[StudioEvent]:
        if result.job in self._masks_to_see:
            return self._mask_arrived(result)
        # Whatever happens in the editor from here on, the result can be placed later.
        self._unplaced[result.job] = result
        if result.job not in self._canvases:
            return [Offered(result.job, result.finished)]
        canvas, asked = self._canvases[result.job], self._asked.get(result.job)
        self._placements.append(_Placement(result, canvas, asked))
        return []

    def _mask_arrived(self, result: Result) -> list[StudioEvent]:
        self._masks_to_see.discard(result.job)
        self._applied(result)
        return [MaskSeen(result.job, layer) for layer in result_group(result).layers[:1]]

    def _place_a_portion(self) -> list[StudioEvent]:
        """Go on with the placements until one has more to do in the next tick."""
        events: list[StudioEvent] = []
        while self._placements:
            placement = self._placements[0]
            try:
                if placement.work is None:
                    placement.work = _work(placement)
                next(placement.work)
                break
            except StopIteration:
                del self._placements[0]
                events.append(self._applied(placement.result))
            except ScumbleError as error:
                del self._placements[0]
                events.append(Unplaced(placement.result.job, error))
            except BaseException:
                del self._placements[0]  # a defect of the editor must not come with every tick
                raise
        return events

    def _applied(self, result: Result) -> Applied:
        self._client.acknowledge(result.job)
        self._unplaced.pop(result.job, None)
        self._forget(result.job)
        return Applied(result.job, result.finished)

    def _forget(self, job: str) -> None:
        self._canvases.pop(job, None)
        self._asked.pop(job, None)
        self._adopted.discard(job)


def _work(placement: _Placement) -> Work:
    finished, canvas = placement.result.finished, placement.canvas
    if canvas is None or not finished.layers:  # loading a model makes nothing
        return iter(())
    group, request = result_group(placement.result, placement.asked), finished.request
    if isinstance(request, (Upscale, Regenerate)) and request.target is not None:
        return canvas.enlarge(request.target, group)
    return canvas.insert(group)
