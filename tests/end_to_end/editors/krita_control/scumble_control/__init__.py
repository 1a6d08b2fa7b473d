"""For tests only: runs on Krita's main thread the code that the test process sends.

Both ways a message is its length, four bytes big-endian, and JSON: {"code", "values"} one way,
{"result", "error"} the other. It listens on the socket that SCUMBLE_CONTROL_SOCKET names, and does
nothing where that isn't set.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import json
import os
import struct
import sys
import traceback
from types import TracebackType
from typing import Any

from PyQt5.QtCore import QObject
from PyQt5.QtNetwork import QLocalServer, QLocalSocket

from krita import Extension, Krita

faulthandler.enable()

uncaught: list[str] = []


def _record(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    # Krita's own hook opens a modal dialog, which would stop a test for ever.
    uncaught.append("".join(traceback.format_exception(kind, error, trace)))


sys.excepthook = _record


class Control(QObject):  # type: ignore[misc]  # Krita's modules have no annotations
    """Listens, runs and answers."""

    def __init__(self, path: str, parent: QObject) -> None:
        super().__init__(parent)
        self._names: dict[str, Any] = {"Krita": Krita, "app": Krita.instance()}
        self._received: dict[QLocalSocket, bytearray] = {}
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 - a socket, left by a Krita that was killed
        self._server = QLocalServer(self)
        self._server.newConnection.connect(self._welcome)
        if not self._server.listen(path):
            raise OSError(self._server.errorString())

    def _welcome(self) -> None:
        while self._server.hasPendingConnections():
            peer = self._server.nextPendingConnection()
            # The dictionary keeps the wrapper alive: the garbage collector would clear it.
            self._received[peer] = bytearray()
            peer.readyRead.connect(functools.partial(self._read, peer))
            peer.disconnected.connect(functools.partial(self._received.pop, peer, None))

    def _read(self, peer: QLocalSocket) -> None:
        buffer = self._received[peer]
        buffer += bytes(peer.readAll())
        while len(buffer) >= 4:
            (length,) = struct.unpack(">I", buffer[:4])
            if len(buffer) < 4 + length:
                return
            request = json.loads(bytes(buffer[4 : 4 + length]))
            del buffer[: 4 + length]
            answer = json.dumps(self._run(**request)).encode()
            peer.write(struct.pack(">I", len(answer)) + answer)
            peer.flush()

    def _run(self, code: str, values: dict[str, Any]) -> dict[str, Any]:
        self._names.update(values, result=None)
        try:
            exec(compile(code, "<test>", "exec"), self._names)  # noqa: S102 - its whole purpose
        except BaseException:  # noqa: BLE001 - whatever it is, the test wants to see it
            return {"result": None, "error": traceback.format_exc()}
        return {"result": self._names["result"], "error": "\n".join(uncaught)}


class ControlExtension(Extension):
    """Starts to listen with the first window."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._control: Control | None = None

    def setup(self) -> None:
        """Krita calls this before there is a window: too early."""

    def createActions(self, window: object) -> None:  # noqa: N802 - Krita's name
        """Krita calls this for every window."""
        path = os.environ.get("SCUMBLE_CONTROL_SOCKET")
        if path and self._control is None:
            self._control = Control(path, self)


Krita.instance().addExtension(ControlExtension(Krita.instance()))
