"""A real Krita on a screen of its own, driven from the test through a plugin made for tests."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from scumble_installer.plugins.bundle import bundle_krita
from tests.end_to_end.editors.processes import end, last_words, start, wait_for
from tests.end_to_end.editors.screen import Screen, open_screen
from tests.timing import MS

HERE: Final = Path(__file__).resolve().parent
CONTROL: Final = "scumble_control"
LOG: Final = "krita.log"

# Enough to load a plugin without the dialog of the plugin manager.
KRITARC: Final = "[General]\nHideSplashScreen=true\n[python]\n{enabled}\n"
# The screen has no OpenGL worth using.
KRITADISPLAYRC: Final = "OpenGLRenderer=none\ncanvasState=OPENGL_SUCCESS\n"
# The caller's variables that would lead Krita to other folders, Pythons or settings.
MISLEADING: Final = ("PYTHON", "PYENV", "VIRTUAL_ENV", "XDG_", "QT_", "KDE", "LD_")


class KritaError(AssertionError):
    """Code inside Krita raised, or something else in Krita did since it started."""


class Krita:
    """A Krita that runs and does what it is told."""

    def __init__(
        self,
        screen: Screen,
        connection: socket.socket,
        folder: Path,
        process: subprocess.Popen[bytes],
    ) -> None:
        self.screen = screen
        self.folder = folder
        self._connection = connection
        self._process = process

    def run(self, code: str, **values: object) -> Any:
        """Run code on Krita's main thread and give what it assigned to `result`.

        The code sees `app`, every value by its name, and what earlier code assigned.

        Raises:
            KritaError: The code raised, or something did in Krita outside of such code.
        """
        request = json.dumps({"code": code, "values": values}).encode()
        try:
            self._connection.sendall(struct.pack(">I", len(request)) + request)
            (length,) = struct.unpack(">I", self._receive(4))
            answer = json.loads(self._receive(length))
        except TimeoutError:
            # Mostly a dialog that waits for somebody to press a button.
            photograph = self.folder / "no-answer.png"
            self.screen.photograph(photograph)
            raise KritaError(f"Krita does not answer; what it shows: {photograph}") from None
        except ConnectionError as error:
            raise KritaError(f"Krita is gone ({error}); {self._how_it_ended()}") from None
        if answer["error"]:
            raise KritaError(answer["error"])
        return answer["result"]

    def wait_for(self, code: str, what: str, seconds: float = 20_000 * MS) -> Any:
        """Run code until its `result` is true; Krita's event loop turns in between."""
        return wait_for(lambda: self.run(code), seconds, what)

    def wait_for_end(self, seconds: float = 60_000 * MS) -> int:
        """Wait until it has closed itself; its exit code."""
        return self._process.wait(seconds)

    def _receive(self, length: int) -> bytes:
        received = b""
        while len(received) < length:
            part = self._connection.recv(length - len(received))
            if not part:
                raise ConnectionError("it closed the connection")
            received += part
        return received

    def _how_it_ended(self) -> str:
        try:
            code: object = self._process.wait(5000 * MS)
        except subprocess.TimeoutExpired:
            code = "none: it runs"
        return f"exit code {code}, its last words:\n{last_words(self.folder / LOG)}"


@contextmanager
def open_krita(folder: Path, state: Path | None = None) -> Iterator[Krita]:
    """Krita for as long as the block runs, in a home of its own.

    Args:
        folder: Everything that Krita writes goes here. What an earlier Krita left is found again.
        state: The server's state folder, if Scumble's plugin is to be there, as it is bundled.
    """
    control = folder / "control.socket"
    log = folder / LOG
    _furnish(folder, with_scumble=state is not None)
    with open_screen(folder) as screen:
        environment = _environment(folder, screen, control)
        if state is not None:
            environment["SCUMBLE_STATE"] = str(state)
        krita = start(("krita", "--nosplash"), log, environment, folder)
        try:
            with _connect(control, krita, log) as connection:
                yield Krita(screen, connection, folder, krita)
        finally:
            end(krita)


def _furnish(folder: Path, *, with_scumble: bool) -> None:
    for name in ("home", "config", "data/krita/pykrita", "cache", "run", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "run").chmod(0o700)  # Qt insists on it
    shutil.copytree(
        HERE / "krita_control",
        folder / "data/krita/pykrita",
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    plugins = [CONTROL]
    if with_scumble:
        bundle_krita(folder / "data/krita")
        plugins.append("scumble_krita")
    settings = folder / "config/kritarc"
    if not settings.exists():
        enabled = "\n".join(f"enable_{name}=true" for name in plugins)
        settings.write_text(KRITARC.format(enabled=enabled), "utf-8")
        (folder / "config/kritadisplayrc").write_text(KRITADISPLAYRC, "utf-8")


def _environment(folder: Path, screen: Screen, control: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(MISLEADING)}
    return kept | {
        # Its Python is the system's: no other one may come first.
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "TMPDIR": str(folder / "tmp"),
        "DISPLAY": screen.display,
        "QT_QPA_PLATFORM": "xcb",
        "QT_LOGGING_RULES": "krita.general.debug=true",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "en_US",
        "NO_AT_BRIDGE": "1",
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "SCUMBLE_CONTROL_SOCKET": str(control),
    }


def _connect(control: Path, krita: subprocess.Popen[bytes], log: Path) -> socket.socket:
    """The first connection that Krita takes; it listens when its window is there."""

    def attempt() -> socket.socket | None:
        assert krita.poll() is None, f"Krita ended:\n{last_words(log)}"
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(control))
        except OSError:
            connection.close()
            return None
        connection.settimeout(60_000 * MS)
        return connection

    return wait_for(attempt, 180_000 * MS, "answer from Krita")
