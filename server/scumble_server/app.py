"""The server as a program: the websocket, the signals, and everything put together."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import logging
import os
import signal
import threading
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

from websockets.asyncio.server import serve as listen
from websockets.typing import Subprotocol

from scumble_protocol import endpoint
from scumble_protocol.endpoint import Endpoint
from scumble_protocol.errors import ErrorCode, RequestError, ScumbleError, ServerError
from scumble_protocol.messages import SUBPROTOCOL
from scumble_server.clients.connection import Connection
from scumble_server.clients.gate import refuse_strangers
from scumble_server.clients.service import Service
from scumble_server.device_guess import guess_device
from scumble_server.jobs.blobstore import BlobStore, disk_error
from scumble_server.jobs.book import JobBook
from scumble_server.jobs.journal import Journal
from scumble_server.jobs.outcomes import Unusable
from scumble_server.jobs.worker import Worker
from scumble_server.logs import ENDS, STARTS, keep_log
from scumble_server.models.catalog import STARTER, Catalog
from scumble_server.models.importing import IMPORTING
from scumble_server.prompts.library import Library
from scumble_server.prompts.measuring import Measuring
from scumble_server.prompts.wording import check_prompts
from scumble_server.sampling.samplers import check_request
from scumble_server.state import open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from websockets.asyncio.server import Server, ServerConnection

    from scumble_protocol.messages import ModelInfo
    from scumble_protocol.requests import Request
    from scumble_server.config import ServerConfig
    from scumble_server.jobs.outcomes import Outcome
    from scumble_server.jobs.worker import Engine
    from scumble_server.state import StateFolder

_STOP_SECONDS = 5.0
"""For the running job to reach its next report; a model that is being loaded takes longer."""

STARTER_FOLDER = Path(__file__).parent / "starter"
"""The model that ships with Scumble."""

_CLOSE_SECONDS = 2.0
"""For a client to say goodbye; one that hangs must not keep the server from ending."""

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (only to name the way from here)

_HOUR = 3600.0
_DAY = 24 * _HOUR

_log = logging.getLogger(__name__)


def serve(config: ServerConfig, ready: Callable[[Endpoint], None]) -> None:
    """Serve until SIGTERM or SIGINT; blocks.

    Args:
        config: The settings.
        ready: Told once where the server listens, when the endpoint file is written.

    Raises:
        ServerError: PORT_IN_USE, also when another server has the state folder; DISK_FULL; INTERNAL
            when the folder can't be used.
        RequestError: The host or the device is not one of this machine.
    """
    folder = open_folder(config.state)
    with keep_log(folder.log, config.log_level, secrets=[config.token or folder.token()]):
        _log.info(STARTS, extra={"version": version(), "pid": os.getpid()})
        try:
            with contextlib.closing(Journal(folder.journal)) as journal:
                asyncio.run(_run(config, folder, journal, ready))
        except ScumbleError as error:
            _log.error("The server failed: %s", error)
            raise
        except Exception:
            _log.critical("The server failed.", exc_info=True)
            raise
        _log.info(ENDS)


def version() -> str:
    """The distribution's version, or `0` when run from a folder that was never installed."""
    try:
        return installed_version("scumble")
    except PackageNotFoundError:
        return "0"


async def _run(
    config: ServerConfig,
    folder: StateFolder,
    journal: Journal,
    ready: Callable[[Endpoint], None],
) -> None:
    await _Program(config, folder, journal).run(ready)


class _Program:
    """One run of the server."""

    def __init__(self, config: ServerConfig, folder: StateFolder, journal: Journal) -> None:
        self._config = config
        self._folder = folder
        self._token = config.token or folder.token()
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._failure: ScumbleError | None = None
        self._catalog = Catalog([folder.models], STARTER_FOLDER, is_private=config.is_loopback)
        self._library = Library.of(folder.root)
        store = BlobStore(folder.blobs, budget=config.cache_bytes, memory=config.memory_cache_bytes)
        self._worker = Worker(self._make_engine, store, self._tell, self._preload)
        self._book = JobBook(journal, store)
        self._service = Service(
            self._book,
            store,
            self._worker,
            limits=config.limits,
            version=version(),
            device=guess_device(config.device),
            look_up=self._catalog.list,
            check=self._check,
            answer=Measuring(self._catalog, self._library).answer,
        )

    def _check(self, request: Request) -> None:
        check_prompts(request, self._library)
        check_request(request)

    async def run(self, ready: Callable[[Endpoint], None]) -> None:
        """Serve until told to stop."""
        async with await self._listen() as server:
            self._worker.start()
            self._service.begin()
            sweeping = asyncio.create_task(self._sweep())
            with self._signals(), self._announced(server, ready):
                await self._ended.wait()
            sweeping.cancel()
            self._service.stop()
        stopped = await asyncio.to_thread(self._worker.stop, _STOP_SECONDS)
        if not stopped:
            _log.warning("The worker was busy until the end.")
        if self._failure is not None:
            raise self._failure

    async def _listen(self) -> Server:
        gate = functools.partial(refuse_strangers, is_loopback=self._config.is_loopback)
        try:
            return await listen(
                self._handle,
                self._config.host,
                self._config.port,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                compression=None,  # a hundred times slower than sending pixels as they are
                max_size=self._config.limits.message_bytes,
                process_request=gate,
                server_header=None,
                open_timeout=self._config.hello_seconds,
                close_timeout=_CLOSE_SECONDS,
                logger=logging.getLogger("scumble_server.websocket"),
            )
        except OSError as error:
            raise _listening_error(error, self._config) from error

    async def _handle(self, websocket: ServerConnection) -> None:
        connection = Connection(websocket, self._service, self._token, self._config.hello_seconds)
        await connection.serve()

    def _make_engine(self) -> Engine:
        # On the worker's thread and only there: this imports torch.
        with IMPORTING:
            from scumble_server.engine import DeviceEngine

        return DeviceEngine(
            self._config.device, self._catalog, self._config.memory_budget, self._library
        )

    def _preload(self, models: tuple[ModelInfo, ...]) -> str | None:
        if self._config.model is not None:
            return self._config.model
        return next((model.id for model in models if model.id == STARTER), None)

    def _tell(self, outcome: Outcome) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            self._loop.call_soon_threadsafe(self._happened, outcome)

    def _happened(self, outcome: Outcome) -> None:
        if isinstance(outcome, Unusable):
            self._failure = outcome.error
            self._ended.set()
        else:
            self._service.happened(outcome)

    async def _sweep(self) -> None:
        while True:
            try:
                self._book.expire(self._config.retention_days * _DAY)
            except ServerError as error:
                _log.warning("Old results could not be deleted: %s", error)
            await asyncio.sleep(_HOUR)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM end the server; elsewhere than on the main thread nothing does."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [
            signal.signal(number, lambda *_: self._loop.call_soon_threadsafe(self._ended.set))
            for number in numbers
        ]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    @contextlib.contextmanager
    def _announced(self, server: Server, ready: Callable[[Endpoint], None]) -> Iterator[None]:
        host, port = next(iter(server.sockets)).getsockname()[:2]
        here = Endpoint(_ANYWHERE.get(host, host), port, self._token, os.getpid(), version())
        try:
            endpoint.write(self._folder.root, here)
        except OSError as error:
            raise disk_error(error, self._folder.root) from error
        try:
            ready(here)
            yield
        finally:
            endpoint.remove(self._folder.root, here.pid)


def _listening_error(error: OSError, config: ServerConfig) -> ScumbleError:
    if error.errno == errno.EADDRINUSE:
        return ServerError(
            ErrorCode.PORT_IN_USE,
            f"Port {config.port} of {config.host} is used by another program.",
            "Choose another port, or 0 for any free one.",
        )
    return RequestError(
        ErrorCode.INVALID_VALUE,
        f"The server can't listen on {config.host}, port {config.port}: {error.strerror or error}.",
        "Choose another --host or --port.",
    )
