from __future__ import annotations

import ctypes
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Device, ModelInfo, Phase
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import LoadModel, Request
from scumble_server.jobs.blobstore import BlobStore
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
from scumble_server.jobs.pulse import Doing
from scumble_server.jobs.worker import Worker
from scumble_server.pixels.compose import Layer
from scumble_server.work.made import Made, Result
from scumble_server.work.report import ProgressReport, Reporter
from tests.protocol.samples import REGENERATE, STARTER
from tests.timing import MS

DEVICE = Device("cpu", "test", 0)
STEP = ProgressReport(Phase.SAMPLING, 1, 2)
Job = Callable[[Callable[[str], bytes], Reporter], Result]


def nothing(_blobs: Callable[[str], bytes], _report: Reporter) -> Result:
    return Result((), {"sampling": 0.5})


@dataclass
class ScriptedEngine:
    """Does with each request what the test says."""

    doing: Job = nothing
    done: list[Request] = field(default_factory=list)

    def device(self) -> Device:
        return DEVICE

    def models(self) -> tuple[ModelInfo, ...]:
        return (replace(STARTER, loaded=bool(self.done)),)

    def loaded(self) -> tuple[str, ...]:
        return ("starter",) if self.done else ()

    def memory_used(self) -> int:
        return len(self.done)

    def run(self, request: Request, blobs: Callable[[str], bytes], report: Reporter) -> Result:
        self.done.append(request)
        return self.doing(blobs, report)


class Told:
    """What a worker told, one outcome after the other."""

    def __init__(self) -> None:
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.tell = self._outcomes.put

    def next(self) -> Outcome:
        return self._outcomes.get(timeout=20_000 * MS)

    def ended(self) -> Outcome:
        """The next end of a job."""
        while True:
            outcome = self.next()
            if isinstance(outcome, (Done, Broken, Stopped)):
                return outcome


@contextmanager
def working(
    engine: ScriptedEngine, folder: Path, preload: str | None = None, memory: int = 2**20
) -> Iterator[tuple[Worker, Told, BlobStore]]:
    told = Told()
    store = BlobStore(folder, budget=2**20, memory=memory)
    worker = Worker(lambda: engine, store, told.tell, lambda _models: preload)
    worker.start()
    try:
        assert isinstance(told.next(), Ready)
        yield worker, told, store
    finally:
        assert worker.stop(20_000 * MS)


def test_a_result_is_stored_and_held_before_it_is_told(tmp_path: Path) -> None:
    pixels = np.arange(2 * 3 * 4, dtype=np.uint16).reshape(2, 3, 4)
    mask = np.full((2, 3), 255, np.uint8)
    layer = Layer(Rect(5, 6, 3, 2), pixels, mask)

    def paint(_blobs: object, _report: Reporter) -> Result:
        return Result((Made(layer, 7), Made(layer, 8)), {"sampling": 0.5})

    with working(ScriptedEngine(paint), tmp_path) as (worker, told, store):
        worker.run("one", REGENERATE)
        outcome = told.ended()
        assert isinstance(outcome, Done)
        first, second = outcome.layers
        assert (first.rect, first.seed, second.seed) == (layer.rect, 7, 8)
        assert (first.image.size, first.image.format) == (Size(3, 2), PixelFormat.RGBA16)
        assert first.mask.format is PixelFormat.GRAY8
        assert store.get(first.image.blob) == pixels.astype("<u2").tobytes()
        assert store.get(first.mask.blob) == mask.tobytes()
        for _ in outcome.layers:
            assert store.has(first.image.blob)
            store.release([first.image.blob], delete=True)
        assert not store.has(first.image.blob)


def test_the_engine_gets_the_jobs_pictures_and_its_reports_are_told(tmp_path: Path) -> None:
    def read(blobs: Callable[[str], bytes], report: Reporter) -> Result:
        assert blobs(blob_id(b"picture")) == b"picture"
        report(STEP)
        return Result((), {})

    with working(ScriptedEngine(read), tmp_path) as (worker, told, store):
        store.put(blob_id(b"picture"), b"picture")
        worker.run("one", REGENERATE)
        assert told.next() == Reported("one", STEP)
        assert told.ended() == Done("one", (), ())


def test_a_cancelled_job_stops_at_its_next_report_and_the_next_one_runs(tmp_path: Path) -> None:
    is_running = threading.Event()
    may_go_on = threading.Event()

    def endless(_blobs: object, report: Reporter) -> Result:
        while True:
            is_running.set()
            assert may_go_on.wait(20_000 * MS)
            report(STEP)

    engine = ScriptedEngine(endless)
    with working(engine, tmp_path) as (worker, told, _):
        worker.run("one", REGENERATE)
        worker.run("two", REGENERATE)
        assert is_running.wait(20_000 * MS)
        engine.doing = nothing
        worker.cancel("one")
        may_go_on.set()
        assert told.ended() == Stopped("one")
        assert isinstance(told.ended(), Done)


def test_an_error_that_a_painter_can_read_is_told_as_it_is(tmp_path: Path) -> None:
    error = RequestError(ErrorCode.UNKNOWN_MODEL, "There is no such model.", "Choose another.")

    def fail(_blobs: object, _report: Reporter) -> Result:
        raise error

    with working(ScriptedEngine(fail), tmp_path) as (worker, told, _):
        worker.run("one", REGENERATE)
        broken = told.ended()
        assert isinstance(broken, Broken)
        assert broken.error.args == error.args
        # Its frames would keep alive what there was no memory for.
        assert broken.error.__traceback__ is None
        assert broken.error.__cause__ is None


class FromNowhere(BaseException):
    """What no library should raise."""


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(3),
        GeneratorExit(),
        RecursionError("too deep"),
        np.linalg.LinAlgError("singular"),
        FloatingPointError("divided by zero"),
        FromNowhere(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_job_raises_the_next_one_is_done(error: BaseException, tmp_path: Path) -> None:
    def fail(_blobs: object, _report: Reporter) -> Result:
        raise error

    engine = ScriptedEngine(fail)
    with working(engine, tmp_path) as (worker, told, _):
        worker.run("one", REGENERATE)
        broken = told.ended()
        assert isinstance(broken, Broken)
        assert broken.error.code is ErrorCode.INTERNAL
        engine.doing = nothing
        worker.run("two", REGENERATE)
        assert isinstance(told.ended(), Done)
        assert worker.is_alive


def test_an_endless_recursion_of_a_job_is_survived(tmp_path: Path) -> None:
    def deeper(blobs: Callable[[str], bytes], report: Reporter) -> Result:
        return deeper(blobs, report)

    engine = ScriptedEngine(deeper)
    with working(engine, tmp_path) as (worker, told, _):
        worker.run("one", REGENERATE)
        assert isinstance(told.ended(), Broken)
        engine.doing = nothing
        worker.run("two", REGENERATE)
        assert isinstance(told.ended(), Done)


def test_a_keyboard_interrupt_that_is_put_into_the_thread_is_survived(tmp_path: Path) -> None:
    is_running = threading.Event()

    def busy(_blobs: object, report: Reporter) -> Result:
        while True:
            is_running.set()
            report(STEP)

    engine = ScriptedEngine(busy)
    with working(engine, tmp_path) as (worker, told, _):
        worker.run("one", REGENERATE)
        assert is_running.wait(20_000 * MS)
        (thread,) = (it for it in threading.enumerate() if it.name == "scumble-worker")
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyboardInterrupt)
        )
        engine.doing = nothing
        assert isinstance(told.ended(), Broken)
        worker.run("two", REGENERATE)
        assert isinstance(told.ended(), Done)


def test_models_that_can_not_be_listed_keep_no_job_from_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ScriptedEngine()
    with working(engine, tmp_path) as (worker, told, _):

        def gone() -> tuple[ModelInfo, ...]:
            raise PermissionError

        monkeypatch.setattr(engine, "models", gone)
        worker.run("one", REGENERATE)
        assert isinstance(told.ended(), Done)


def test_a_large_result_is_written_from_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.arange(64 * 64 * 4, dtype=np.uint16).reshape(64, 64, 4)
    layer = Layer(Rect(0, 0, 64, 64), pixels, np.broadcast_to(np.uint8(255), (64, 64)))
    seen: list[bytes | memoryview] = []

    def paint(_blobs: object, _report: Reporter) -> Result:
        return Result((Made(layer, 7),), {})

    with working(ScriptedEngine(paint), tmp_path, memory=16) as (worker, told, store):
        put = store.put

        def watched(blob: str, data: bytes | memoryview) -> None:
            seen.append(data)
            put(blob, data)

        monkeypatch.setattr(store, "put", watched)
        worker.run("one", REGENERATE)
        done = told.ended()
        assert isinstance(done, Done)
        assert np.shares_memory(np.asarray(seen[0]), pixels)
        assert store.get(done.layers[0].image.blob) == pixels.astype("<u2").tobytes()
        assert store.get(done.layers[0].mask.blob) == b"\xff" * 64 * 64


def test_signs_of_life_say_what_the_worker_is_at(tmp_path: Path) -> None:
    seen = []

    def work(_blobs: object, report: Reporter) -> Result:
        for phase, step in ((Phase.LOADING, 0), (Phase.LOADING, 1), (Phase.SAMPLING, 1)):
            report(ProgressReport(phase, step, 1))
            seen.append(worker.sign)
        return Result((), {})

    with working(ScriptedEngine(work), tmp_path) as (worker, told, _):
        worker.run("one", REGENERATE)
        told.ended()
        assert [sign.doing for sign in seen] == [Doing.LOADING, Doing.WORKING, Doing.WORKING]
        assert {sign.job for sign in seen} == {"one"}
        assert worker.sign.doing is Doing.RESTING


def test_a_defect_is_told_with_a_reference_into_the_log_and_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_blobs: object, _report: Reporter) -> Result:
        raise ZeroDivisionError("a secret detail")

    engine = ScriptedEngine(fail)
    with caplog.at_level(logging.ERROR), working(engine, tmp_path) as (worker, told, _):
        worker.run("one", REGENERATE)
        broken = told.ended()
        assert isinstance(broken, Broken)
        assert broken.error.code is ErrorCode.INTERNAL
        assert "secret" not in str(broken.error)
        (record,) = caplog.records
        reference = broken.error.hint.rstrip(".").split()[-1]
        assert reference in record.getMessage()
        assert record.exc_info is not None
        engine.doing = nothing
        worker.run("two", REGENERATE)
        assert isinstance(told.ended(), Done)


def test_a_job_whose_picture_is_damaged_fails_and_the_next_one_runs(tmp_path: Path) -> None:
    def read(blobs: Callable[[str], bytes], _report: Reporter) -> Result:
        blobs("0" * 32)
        raise AssertionError

    engine = ScriptedEngine(read)
    with working(engine, tmp_path) as (worker, told, _):
        worker.run("one", REGENERATE)
        broken = told.ended()
        assert isinstance(broken, Broken)
        assert broken.error.code is ErrorCode.INTERNAL
        engine.doing = nothing
        worker.run("two", REGENERATE)
        assert isinstance(told.ended(), Done)


def test_a_disk_that_fills_up_with_the_result_leaves_no_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = Layer(Rect(0, 0, 1, 1), np.zeros((1, 1, 4), np.uint8), np.ones((1, 1), np.uint8))

    def paint(_blobs: object, _report: Reporter) -> Result:
        return Result((Made(layer, 7),), {})

    with working(ScriptedEngine(paint), tmp_path) as (worker, told, store):
        put = store.put

        def put_images_only(blob: str, data: bytes) -> None:
            if len(data) == 1:
                raise ServerError(ErrorCode.DISK_FULL, "The disk is full.", "Make room.")
            put(blob, data)

        monkeypatch.setattr(store, "put", put_images_only)
        worker.run("one", REGENERATE)
        broken = told.ended()
        assert isinstance(broken, Broken)
        assert broken.error.code is ErrorCode.DISK_FULL
        assert list(tmp_path.iterdir()) == []


def test_a_job_that_lacks_a_library_says_that_it_is_missing(tmp_path: Path) -> None:
    def fail(_blobs: object, _report: Reporter) -> Result:
        raise ModuleNotFoundError("No module named 'diffusers'")

    with working(ScriptedEngine(fail), tmp_path) as (worker, told, _):
        worker.run("one", REGENERATE)
        broken = told.ended()
        assert isinstance(broken, Broken)
        assert "missing or damaged: No module named 'diffusers'" in broken.error.message


def test_the_chosen_model_is_loaded_while_no_job_waits(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    with working(engine, tmp_path, preload="starter") as (worker, told, _):
        assert told.next() == ModelsChanged((replace(STARTER, loaded=True),), 1)
        worker.run("one", REGENERATE)
        told.ended()
        assert engine.done == [LoadModel("starter"), REGENERATE]


def test_a_job_that_waits_already_is_done_before_the_chosen_model_is_loaded(
    tmp_path: Path,
) -> None:
    engine = _Remembering(is_forgetful=True)
    with _waited_for(engine, tmp_path):
        assert engine.has_loaded.wait(20_000 * MS)
    assert engine.done == [REGENERATE, LoadModel("starter")]


def test_the_model_of_a_job_that_waited_is_not_put_away_for_the_chosen_one(tmp_path: Path) -> None:
    engine = _Remembering(is_forgetful=False)
    with _waited_for(engine, tmp_path):
        assert engine.is_asked_at_rest.wait(20_000 * MS)
    assert engine.done == [REGENERATE]


class _Remembering(ScriptedEngine):
    """Has a model in memory after the first job, unless it is forgetful."""

    def __init__(self, *, is_forgetful: bool) -> None:
        super().__init__()
        self._is_forgetful = is_forgetful
        self._asked = 0
        self.has_loaded = threading.Event()
        self.is_asked_at_rest = threading.Event()

    def memory_used(self) -> int:
        self._asked += 1
        if self._asked == 2:  # the first time it is for the list of models, after the job
            self.is_asked_at_rest.set()
        return 0 if self._is_forgetful else super().memory_used()

    def run(self, request: Request, blobs: Callable[[str], bytes], report: Reporter) -> Result:
        try:
            return super().run(request, blobs, report)
        finally:
            if isinstance(request, LoadModel):
                self.has_loaded.set()


@contextmanager
def _waited_for(engine: ScriptedEngine, folder: Path) -> Iterator[None]:
    """A worker that starts while a job waits for it, and whose chosen model is the starter."""
    store = BlobStore(folder, budget=2**20, memory=2**20)
    worker = Worker(lambda: engine, store, Told().tell, lambda _models: "starter")
    worker.run("one", REGENERATE)
    worker.start()
    try:
        yield
    finally:
        assert worker.stop(20_000 * MS)


@pytest.mark.parametrize(
    "error", [RequestError(ErrorCode.DAMAGED_MODEL, "It is damaged.", ""), ValueError("odd")]
)
def test_a_model_that_can_not_be_loaded_at_the_start_keeps_nobody_from_working(
    error: Exception, tmp_path: Path
) -> None:
    def fail(_blobs: object, _report: Reporter) -> Result:
        raise error

    engine = ScriptedEngine(fail)
    with working(engine, tmp_path, preload="broken") as (worker, told, _):
        engine.doing = nothing
        worker.run("one", REGENERATE)
        assert isinstance(told.ended(), Done)


def test_a_worker_that_is_told_to_stop_stops_loading_at_the_next_report(tmp_path: Path) -> None:
    is_loading = threading.Event()

    def endless(_blobs: object, report: Reporter) -> Result:
        while True:
            report(STEP)
            is_loading.set()

    with working(ScriptedEngine(endless), tmp_path, preload="large"):
        assert is_loading.wait(20_000 * MS)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RequestError(ErrorCode.INVALID_VALUE, "No such device.", ""), ErrorCode.INVALID_VALUE),
        (OSError("a library is missing"), ErrorCode.INTERNAL),
        (SystemExit("a library gives up"), ErrorCode.INTERNAL),
    ],
)
def test_a_device_that_can_not_be_set_up_is_told(
    error: BaseException, code: ErrorCode, tmp_path: Path
) -> None:
    def fail() -> ScriptedEngine:
        raise error

    told = Told()
    worker = Worker(fail, BlobStore(tmp_path, budget=0, memory=0), told.tell, lambda _: None)
    worker.start()
    outcome = told.next()
    assert isinstance(outcome, Unusable)
    assert outcome.error.code is code
    assert worker.stop(20_000 * MS)


def test_a_library_that_is_missing_is_told_with_its_remedy(tmp_path: Path) -> None:
    def fail() -> ScriptedEngine:
        raise ModuleNotFoundError("No module named 'torch'")

    told = Told()
    worker = Worker(fail, BlobStore(tmp_path, budget=0, memory=0), told.tell, lambda _: None)
    worker.start()
    outcome = told.next()
    assert isinstance(outcome, Unusable)
    assert "torch" in outcome.error.message
    assert "python3 installer" in outcome.error.hint
    assert worker.stop(20_000 * MS)


@pytest.mark.parametrize("error", [OSError("the folder went away"), MemoryError()])
def test_models_that_can_not_be_looked_up_after_a_job_cost_nothing(
    error: Exception, tmp_path: Path
) -> None:
    class Blind(ScriptedEngine):
        def models(self) -> tuple[ModelInfo, ...]:
            if self.done:
                raise error
            return super().models()

    with working(Blind(), tmp_path) as (worker, told, _):
        for job in ("one", "two"):
            worker.run(job, REGENERATE)
            ended = told.ended()
            assert isinstance(ended, Done)
            assert ended.job == job
