"""TLS in front of a server of the tests, on a loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from tests.client.certificates import Certificate

_PIECE = 2**16


class TlsFront:
    """Listens with TLS, and passes everything on to a port without it, until `stop`.

    Args:
        certificate: Its certificate.
        behind: The port that it passes everything on to.
    """

    def __init__(self, certificate: Certificate, behind: int) -> None:
        self._certificate = certificate
        self._behind = behind
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._is_ready.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        tls = self._certificate.server_side()
        server = await asyncio.start_server(self._visit, "127.0.0.1", 0, ssl=tls)
        self.port: int = server.sockets[0].getsockname()[1]
        self._is_ready.set()
        await self._end.wait()
        server.close()
        visits = asyncio.all_tasks() - {asyncio.current_task()}
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        await asyncio.sleep(0)  # so that what was aborted is closed

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self._behind)
        try:
            await asyncio.gather(_pass_on(reader, outer), _pass_on(inner, writer))
        finally:
            for side in (writer, outer):
                side.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):  # either side may be cut off
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()
