"""The one who does the jobs: one per device, in a thread of its own, where alone torch is used."""

from __future__ import annotations

import logging
import queue
import secrets
import sys
import threading
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from scumble_protocol.blobs import blob_id
from scumble_protocol.errors import ErrorCode, ScumbleError, ServerError, error_of
from scumble_protocol.geometry import Size
from scumble_protocol.images import ImageRef
from scumble_protocol.messages import PhaseTime, ResultLayer
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import LoadModel
from scumble_server.jobs.news import News
from scumble_server.jobs.outcomes import (
    Broken,
    Done,
    ModelsChanged,
    Outcome,
    Ready,
    Reported,
    Stopped,
    Unusable,
)
from scumble_server.jobs.pulse import Doing, Pulse
from scumble_server.logs import about_job
from scumble_server.work.report import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from scumble_protocol.messages import Device, ModelInfo
    from scumble_protocol.requests import Request
    from scumble_server.jobs.blobstore import BlobStore
    from scumble_server.jobs.pulse import Sign
    from scumble_server.work.made import Result
    from scumble_server.work.report import Report, Reporter

_log = logging.getLogger(__name__)


class Engine(Protocol):
    """What a worker does jobs with: a device, its models, and the way from request to result."""

    def device(self) -> Device:
        """The device, for people and for `welcome`."""
        ...

    def models(self) -> tuple[ModelInfo, ...]:
        """Every model that requests can name, and whether it is in memory."""
        ...

    def loaded(self) -> tuple[str, ...]:
        """The ids of the models in memory."""
        ...

    def memory_used(self) -> int:
        """Bytes of memory that models take."""
        ...

    def run(self, request: Request, blobs: Callable[[str], bytes], report: Reporter) -> Result:
        """Do a job; raises `Cancelled` out of `report`, or a `ScumbleError`."""
        ...


@dataclass(frozen=True)
class _Task:
    job: str
    request: Request


class Worker:
    """Does one job after the other.

    Everything it has to say goes to `tell`, which is called on the worker's thread.

    Args:
        make_engine: Makes the engine, on the worker's thread, since that takes seconds.
        store: Where the jobs' pictures are, and where those of results go.
        tell: Told every outcome.
        preload: Names the model to load when no job waits, of those that are there, or None.
    """

    def __init__(
        self,
        make_engine: Callable[[], Engine],
        store: BlobStore,
        tell: Callable[[Outcome], None],
        preload: Callable[[tuple[ModelInfo, ...]], str | None],
    ) -> None:
        self._make_engine = make_engine
        self._store = store
        self._tell = tell
        self._preload = preload
        self._inbox: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._loaded: frozenset[str] = frozenset()
        self._chosen: str | None = None
        self._pulse = Pulse()
        self._is_stopping = threading.Event()
        # A daemon, since a model that is being loaded can't be interrupted when the program ends.
        self._thread = threading.Thread(target=self._work, name="scumble-worker", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def sign(self) -> Sign:
        """Its last sign of life."""
        return self._pulse.last

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs, however long it may be silent."""
        return self._thread.is_alive()

    @property
    def place(self) -> str:
        """Where in the code its thread is, for the log."""
        frame = sys._current_frames().get(self._thread.ident or 0)  # noqa: SLF001
        return "".join(traceback.format_stack(frame)) if frame else "its end"

    def is_cancelled(self, job: str) -> bool:
        """Whether this job was told to stop and has not ended."""
        return job in self._cancelled

    def run(self, job: str, request: Request) -> None:
        """Do this job after those that were given before."""
        self._inbox.put(_Task(job, request))

    def cancel(self, job: str) -> None:
        """Stop this job at its next report; does nothing if it has ended."""
        self._cancelled.add(job)

    def stop(self, seconds: float = 0) -> bool:
        """Stop the running job at its next report and end; False if that takes longer than this."""
        self._is_stopping.set()
        self._inbox.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        engine = self._set_up()
        if engine is None:
            return
        while (task := self._next(engine)) is not None and not self._is_stopping.is_set():
            self._pulse.begin(task.job)
            with about_job(task.job, task.request):
                outcome = self._attempt(engine, task)
            self._cancelled.discard(task.job)
            # First, so that whoever had a model loaded finds it in the list once that is done.
            self._tell_models(engine, anyhow=isinstance(task.request, LoadModel))
            self._pulse.rest()
            self._tell(outcome)

    def _next(self, engine: Engine) -> _Task | None:
        """The next task; the first time that none waits, the chosen model is loaded before.

        Whoever asked for something already does not wait for a model that others might want.
        """
        if self._chosen is not None and self._inbox.empty():
            chosen, self._chosen = self._chosen, None
            if not engine.memory_used():  # else what was asked for first is in memory, and stays
                self._load(engine, chosen)
                self._pulse.rest()
        return self._inbox.get()

    def _set_up(self) -> Engine | None:
        """The engine; None, which is told, if there is none."""
        try:
            engine = self._make_engine()
            models = engine.models()
            self._tell(Ready(engine.device(), models))
        except ScumbleError as error:
            self._tell(Unusable(error))
            return None
        except ImportError as error:
            self._tell(Unusable(_missing(error)))
            return None
        except BaseException:  # noqa: BLE001  foreign libraries are set up here; see `_attempt`
            self._tell(Unusable(_internal("The device could not be set up.")))
            return None
        self._chosen = self._preload(models)
        self._pulse.rest()
        return engine

    def _load(self, engine: Engine, model: str) -> None:
        self._pulse.begin("", Doing.LOADING)

        def report(told: Report) -> None:
            self._pulse.beat(told)
            if self._is_stopping.is_set():
                raise Cancelled

        try:
            engine.run(LoadModel(model), self._store.get, report)
        except Cancelled:
            return
        except ScumbleError as error:
            _log.warning("%s was not loaded at the start: %s", model, error)
        except BaseException:  # noqa: BLE001  as in `_attempt`; the job that needs it will say so
            _internal(f"{model} could not be loaded at the start.")
        self._tell_models(engine)

    def _tell_models(self, engine: Engine, *, anyhow: bool = False) -> None:
        # Only after a change: looking at every model's files takes a while, though less than the
        # loading before it, and a client is waiting for its result meanwhile. What is added to
        # models is fetched without being loaded.
        if (loaded := frozenset(engine.loaded())) == self._loaded and not anyhow:
            return
        try:
            self._tell(ModelsChanged(engine.models(), engine.memory_used()))
            self._loaded = loaded
        # A folder that went away, or no memory to read in it; the job has its end all the same.
        except (OSError, MemoryError) as error:
            _log.warning(
                "The models could not be looked up: %s", str(error) or type(error).__name__
            )

    def _reporter(self, job: str) -> Reporter:
        """Tells what is news of a job; ends it where it was told to stop."""
        news = News()

        def report(told: Report) -> None:
            self._pulse.beat(told)
            if job in self._cancelled or self._is_stopping.is_set():
                raise Cancelled
            if news.is_in(told):
                self._tell(Reported(job, told))

        return report

    def _attempt(self, engine: Engine, task: _Task) -> Outcome:
        report = self._reporter(task.job)
        try:
            return self._done(task, engine.run(task.request, self._store.get, report))
        except Cancelled:
            return Stopped(task.job)
        except ScumbleError as error:
            return Broken(task.job, _bare(error))
        except KeyError as error:
            return Broken(task.job, _internal(f"A picture of the job is damaged: {error}."))
        except ImportError as error:  # the largest libraries are imported by the first job for them
            return Broken(task.job, _missing(error))
        # The models and the libraries below them can raise anything, `SystemExit` too, and
        # whatever it is, the job has failed and the server goes on.
        except BaseException:  # noqa: BLE001
            return Broken(task.job, _internal("Something went wrong inside the server."))

    def _done(self, task: _Task, result: Result) -> Done:
        layers = []
        held: list[str] = []
        try:
            for made in result.made:
                layer, used = made.layer, vars(made.prompts)
                image = self._keep(layer.pixels, held)
                mask = self._keep(layer.mask, held)
                layers.append(
                    ResultLayer(
                        layer.rect,
                        image,
                        mask,
                        made.seed,
                        passes=made.passes,
                        title=made.title,
                        **used,
                    )
                )
        except ScumbleError:
            self._store.release(held, delete=True)
            raise
        times = tuple(PhaseTime(phase, seconds) for phase, seconds in result.times.items())
        return Done(task.job, tuple(layers), times, result.notes)

    def _keep(self, pixels: NDArray[np.uint8] | NDArray[np.uint16], held: list[str]) -> ImageRef:
        import numpy as np  # here, on the worker's thread, so that the server listens before it

        height, width = pixels.shape[:2]
        little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
        # The array's own memory, not a copy of it: a large result takes a gigabyte.
        data = np.ascontiguousarray(little).data.cast("B")
        blob = blob_id(data)
        self._store.hold([blob])
        held.append(blob)
        self._store.put(blob, data)
        return ImageRef(blob, Size(width, height), _format(pixels))


def _format(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> PixelFormat:
    if pixels.ndim == 2:
        return PixelFormat.GRAY8
    return PixelFormat.RGBA16 if pixels.dtype.itemsize == 2 else PixelFormat.RGBA8


def _bare(error: ScumbleError) -> ScumbleError:
    """The error without its tracebacks, whose frames hold what did not fit into memory."""
    return error_of(error.code, error.message, error.hint)


def _missing(error: ImportError) -> ServerError:
    _log.error("A part of Scumble could not be imported.", exc_info=error)
    return ServerError(
        ErrorCode.INTERNAL,
        f"A part of Scumble is missing or damaged: {error}.",
        "Run `python3 installer` again, then start Scumble once more.",
    )


def _internal(message: str) -> ServerError:
    """Log the exception being handled; the error tells where to find it."""
    reference = secrets.token_hex(4)
    _log.exception("%s Reference %s.", message, reference)
    return ServerError(
        ErrorCode.INTERNAL,
        message,
        f"Try again; if it happens again, report it with what server.log says at {reference}.",
    )
