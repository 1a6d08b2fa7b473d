"""The server as a program: the websocket, the signals, and everything put together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_protocol import endpoint
from scumble_protocol.errors import ErrorCode, ScumbleError, ServerError
from scumble_server.clients.house import House
from scumble_server.clients.service import Service
from scumble_server.device_guess import guess_device
from scumble_server.ending import HOPELESS, Ending, at_most, become_anew, leave
from scumble_server.jobs.blobstore import BlobStore, disk_error
from scumble_server.jobs.book import JobBook
from scumble_server.jobs.journal import Journal
from scumble_server.jobs.outcomes import Unusable
from scumble_server.jobs.room import on_loop
from scumble_server.jobs.watchdog import Watchdog
from scumble_server.jobs.worker import Worker
from scumble_server.logs import ENDS, FAILS, STARTS, keep_log
from scumble_server.models.catalog import STARTER, Catalog
from scumble_server.models.importing import IMPORTING
from scumble_server.prompts.library import Library
from scumble_server.prompts.measuring import Measuring
from scumble_server.prompts.wording import check_prompts
from scumble_server.restarts import Restarts
from scumble_server.sampling.samplers import check_request
from scumble_server.state import open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from websockets.asyncio.server import Server

    from scumble_protocol.endpoint import Endpoint
    from scumble_protocol.messages import ModelInfo
    from scumble_protocol.requests import Request
    from scumble_server.config import ServerConfig
    from scumble_server.jobs.outcomes import Outcome
    from scumble_server.jobs.pulse import Sign
    from scumble_server.jobs.watchdog import Stuck
    from scumble_server.jobs.worker import Engine
    from scumble_server.state import StateFolder

_TELL_SECONDS = 0.4
"""For what clients are told at the end."""

STARTER_FOLDER = Path(__file__).parent / "starter"
"""The model that ships with Scumble."""

_CLOSE_SECONDS = 0.7
"""For a client to say goodbye, and for the worker to reach its next report; one that hangs must
not keep the server from ending."""

_LOOK_SECONDS = 1.0
"""Between two looks of the watchdog."""

_HOUR = 3600.0

_log = logging.getLogger(__name__)


def serve(config: ServerConfig, ready: Callable[[Endpoint], None]) -> None:
    """Serve until SIGTERM or SIGINT, which end the process; blocks.

    Elsewhere than on the main thread there are no signals, and nothing ends it.

    Args:
        config: The settings.
        ready: Told once where the server listens, when the endpoint file is written.

    Raises:
        ServerError: PORT_IN_USE, also when another server has the state folder; DISK_FULL; INTERNAL
            when the folder can't be used.
        RequestError: The host or the device is not one of this machine.
    """
    folder = open_folder(config.state)
    restarts = Restarts.of(os.environ)
    with keep_log(folder.log, config.log_level, secrets=[config.token or folder.token()]):
        where = {"host": config.host, "port": config.port}
        _log.info(STARTS, extra={"version": version(), "pid": os.getpid(), **where})
        try:
            with contextlib.closing(_journal(folder.journal, restarts)) as journal:
                ending = asyncio.run(_run(config, folder, journal, restarts, ready))
        except ScumbleError as error:
            _log.error(FAILS, error, extra={"code": error.code.value, **where})
            raise
        except KeyboardInterrupt:  # told to end while it was still starting
            _log.info(ENDS)
            raise
        except Exception:
            _log.critical(FAILS, "something went wrong inside it.", exc_info=True)
            raise
        _log.info(ENDS)
    if ending.restart is not None:
        become_anew(ending.restart)
    if ending.is_told:
        leave(0)


def _journal(path: Path, restarts: Restarts) -> Journal:
    """The journal; a server that begins anew waits until a command's own server lets go of it."""
    until = time.monotonic() + (_HOUR if restarts.count else 0)
    while True:
        try:
            return Journal(path)
        except ServerError as error:
            if error.code is not ErrorCode.PORT_IN_USE or time.monotonic() >= until:
                raise
        time.sleep(_LOOK_SECONDS)


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
    restarts: Restarts,
    ready: Callable[[Endpoint], None],
) -> Ending:
    return await _Program(config, folder, journal, restarts).run(ready)


class _Program:
    """One run of the server."""

    def __init__(
        self, config: ServerConfig, folder: StateFolder, journal: Journal, restarts: Restarts
    ) -> None:
        self._config = config
        self._folder = folder
        self._loop = asyncio.get_running_loop()
        self._ending = Ending()
        self._restarts = restarts
        self._catalog = Catalog([folder.models], STARTER_FOLDER, is_private=config.is_loopback)
        self._library = Library.of(folder.root)
        store = BlobStore(folder.blobs, budget=config.cache_bytes, memory=config.memory_cache_bytes)
        self._worker = Worker(self._make_engine, store, self._tell, self._preload)
        self._book = JobBook(journal, store, config.keep)
        store.when_full(on_loop(self._loop, self._book.keeping.make_room))
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
            restarts=self._restarts.count,
            links=config.links,
        )
        self._house = House(config, folder, self._service, config.token or folder.token())

    def _check(self, request: Request) -> None:
        check_prompts(request, self._library)
        check_request(request)

    async def run(self, ready: Callable[[Endpoint], None]) -> Ending:
        """Serve until told to stop, or until the process has to be replaced."""
        server = await self._house.open(self._restarts.port)
        self._worker.start()
        self._service.begin()
        tasks = [asyncio.create_task(work) for work in (self._sweep(), self._watch())]
        with self._ending.on_signals():
            with self._announced(server, ready):
                await self._ending.come()
            for task in tasks:
                task.cancel()
            await self._part(server)
        if self._ending.failure is not None:
            raise self._ending.failure
        return self._ending

    async def _part(self, server: Server) -> None:
        """Tell everybody, let the worker go, and close; none of it takes long, whatever hangs."""
        self._worker.stop()
        self._service.stop(self._ending.why)
        await at_most(_TELL_SECONDS, *(connection.told() for connection in self._house.connections))
        server.close()
        waiting = asyncio.to_thread(self._worker.stop, _CLOSE_SECONDS)
        await at_most(_CLOSE_SECONDS, server.wait_closed(), waiting)
        self._house.close()
        self._service.park()
        if self._worker.is_alive:
            _log.warning("The worker was busy until the end.")

    async def _watch(self) -> None:
        """Notice a worker that hangs."""
        watchdog = Watchdog(self._config.hang_seconds, self._config.cancel_seconds)
        seen: Sign | None = None
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            sign, worker = self._worker.sign, self._worker
            stuck = watchdog.look(
                sign,
                time.monotonic(),
                is_alive=worker.is_alive,
                is_cancelled=worker.is_cancelled(sign.job),
            )
            if stuck is not None and sign is not seen:
                seen = sign
                self._is_stuck(stuck)

    def _is_stuck(self, stuck: Stuck) -> None:
        _log.error("%s It is at:\n%s", stuck.error, self._worker.place)
        if stuck.is_jobs_fault:
            self._service.abandon(stuck.error)
        restart = self._restarts.one_more(time.monotonic(), self._house.port)
        if restart is None:
            self._service.give_up(HOPELESS)
        else:
            self._ending.begin_anew(restart)

    def _make_engine(self) -> Engine:
        # On the worker's thread and only there: this imports torch.
        with IMPORTING:
            from scumble_server.engine import DeviceEngine

        return DeviceEngine(
            self._config.device,
            self._catalog,
            self._config.memory_budget,
            self._library,
            self._folder.compiled if self._config.compile == "on" else None,
            fast=self._config.fast == "on",
            attention=self._folder.attention,
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
            self._ending.fail(outcome.error)
        else:
            self._service.happened(outcome)

    async def _sweep(self) -> None:
        while True:
            pause = 0 if self._has_more_to_sweep() else _HOUR  # but others first
            await asyncio.sleep(pause)

    def _has_more_to_sweep(self) -> bool:
        try:
            return self._book.sweep()
        except ServerError as error:
            _log.warning("Old results could not be deleted: %s", error)
            return False

    @contextlib.contextmanager
    def _announced(self, server: Server, ready: Callable[[Endpoint], None]) -> Iterator[None]:
        here = self._house.endpoint(server, version())
        try:
            endpoint.write(self._folder.root, here)
        except OSError as error:
            raise disk_error(error, self._folder.root) from error
        try:
            ready(here)
            yield
        finally:
            endpoint.remove(self._folder.root, here.pid)
