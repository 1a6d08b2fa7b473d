"""The plugin as a whole: one panel for this Krita, its dockers, its actions and its clock."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from krita import DockWidgetFactory, DockWidgetFactoryBase, Extension
from scumble_krita.actions import ActionName, action_titles
from scumble_krita.backstage import Backstage
from scumble_krita.docker import ScumbleDocker
from scumble_krita.front import SETTLING_SECONDS
from scumble_krita.pictures import OpenPictures
from scumble_krita.qt import QtCore, QtWidgets, is_deleted
from scumble_protocol.client import Client, chosen_server
from scumble_protocol.editor.guard import Guard
from scumble_protocol.editor.language import Language
from scumble_protocol.editor.memory import Memory
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.panel import Panel
from scumble_protocol.editor.server_choice import ServerChoice
from scumble_protocol.editor.starter import Starter
from scumble_protocol.editor.studio import Studio
from scumble_protocol.editor.style_shelf import StyleShelf
from scumble_protocol.editor.styles import OWN, SHIPPED
from scumble_protocol.endpoint import state_folder

_PLACING_MS = 2
_WORKING_MS = 20
_IDLE_MS = 100
_LOOK_SECONDS = 0.1
"""How often to see which documents are open."""

_CLOSING_SECONDS = 0.5
_LOG_BYTES = 2**20
_TURN_SECONDS = 0.001

_MODES = {
    ActionName.REGENERATE: Mode.REGENERATE,
    ActionName.FILL: Mode.FILL,
    ActionName.REMOVE: Mode.REMOVE,
    ActionName.UPSCALE: Mode.UPSCALE,
}


class Plugin(QtCore.QObject):
    """What all windows of this Krita share.

    Args:
        krita: Krita's instance.
        state: The folder of the server's state, where the plugin keeps its memory too.
    """

    def __init__(self, krita: Any, state: Path) -> None:
        super().__init__()
        self.krita = krita
        self.tr = Language.of(_locale()).tr
        self._client = Client(chosen_server(state), name="krita", version=_version())
        memory = Memory.of(state / "krita.json", self._client.soon)
        studio = Studio(self._client)  # each order brings its picture
        self.panel = Panel(
            studio,
            memory,
            Starter(state),
            self.tr,
            choice=ServerChoice(state, "Krita", self._client.reconnect, self.tr),
            styles=StyleShelf(SHIPPED, state / OWN),
        )
        self.guard = Guard(partial(self.panel.say, None))
        self.pictures = OpenPictures(krita, self.panel, Backstage(krita, self.guard))
        self._dockers: list[ScumbleDocker] = []
        self._shown: list[QtWidgets.QMdiSubWindow] = []
        self._settled = 0.0
        self._looked = 0.0
        self._timer = QtCore.QTimer(self)
        self._timer.timeout.connect(self.guard(self._tick))
        notifier = krita.notifier()
        notifier.setActive(True)
        notifier.applicationClosing.connect(self.guard(self._close))
        self._notifier = notifier  # signals of an object that Python dropped do not arrive

    def attach(self, docker: ScumbleDocker) -> None:
        """There is another docker; with the first one, the plugin begins to work."""
        self._dockers.append(docker)
        if not self._timer.isActive():
            self._client.start()
            self._timer.start(_IDLE_MS)

    def act(self, window: QtWidgets.QMainWindow, name: ActionName) -> None:
        """Do what an action says, in a window."""
        docker = self._docker(window)
        if docker is None:
            return
        if name is ActionName.PROMPT:
            docker.focus_prompt()
            return
        docker.refresh()
        if name is ActionName.CANCEL:
            docker.cancel()
        elif name is ActionName.AGAIN:
            docker.again()
        else:
            docker.run(_MODES[name])

    def _docker(self, window: QtWidgets.QMainWindow) -> ScumbleDocker | None:
        return next((each for each in self._living() if each.parentWidget() is window), None)

    def _living(self) -> list[ScumbleDocker]:
        """The dockers whose windows are open."""
        self._dockers = [docker for docker in self._dockers if not is_deleted(docker)]
        return self._dockers

    def _tick(self) -> None:
        has_news = self.panel.tick()
        now = time.monotonic()
        if now - self._looked > _LOOK_SECONDS:
            self._looked = now
            self._look()
        for docker in self._living():
            docker.turn(has_news=has_news)
        pace = self._pace()
        if self._timer.interval() != pace:
            self._timer.setInterval(pace)

    def _pace(self) -> int:
        if self.panel.is_placing:
            return _PLACING_MS
        is_working = any(docker.is_working for docker in self._living())
        return _WORKING_MS if is_working else _IDLE_MS

    def _look(self) -> None:
        """See which pictures are open, as long as that may have changed."""
        shown = [one for docker in self._living() for one in docker.front.all_shown()]
        now = time.monotonic()
        if shown != self._shown:
            self._shown = shown
            self._settled = now + SETTLING_SECONDS
        if now < self._settled:
            self.pictures.look()

    def _close(self) -> None:
        """Krita ends: what runs goes on, and its results are asked for the next time."""
        self._timer.stop()
        self._client.close(_CLOSING_SECONDS)


class ScumbleExtension(Extension):
    """Puts the actions into every window.

    Args:
        parent: Krita's instance.
        plugin: Does what they say.
    """

    def __init__(self, parent: Any, plugin: Plugin) -> None:
        super().__init__(parent)
        self._plugin = plugin

    def setup(self) -> None:
        """Krita calls this before there is a window; nothing is to be done yet."""

    def createActions(self, window: Any) -> None:  # noqa: N802 (Krita's name)
        """Krita calls this for every window."""
        here = window.qwindow()  # `window` itself lives no longer than this call
        for name, title in action_titles(self._plugin.tr).items():
            action = window.createAction(name.value, title, "tools/scripts")
            do = partial(self._plugin.act, here, name)
            action.triggered.connect(self._plugin.guard(lambda *_, do=do: do()))


def register(krita: Any) -> None:
    """Make Krita know the plugin."""
    # Whenever Krita's thread has waited for anything, Python lets it go on only once another thread
    # has had its turn. The usual 5 ms of that are felt while the client packs a picture.
    sys.setswitchinterval(min(sys.getswitchinterval(), _TURN_SECONDS))
    state = state_folder()
    _keep_log(state / "krita.log")
    plugin = Plugin(krita, state)
    krita.addExtension(ScumbleExtension(krita, plugin))

    class Docker(ScumbleDocker):
        """Krita makes one for each window, and gives it nothing."""

        def __init__(self) -> None:
            super().__init__(plugin)

    place = DockWidgetFactoryBase.DockRight
    krita.addDockWidgetFactory(DockWidgetFactory("scumble", place, Docker))


def _keep_log(file: Path) -> None:
    """Have what goes wrong written down; Krita itself shows its plugins' output nowhere."""
    package = logging.getLogger(__name__.rpartition(".")[0])
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            file, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", delay=True
        )
    except OSError as error:
        package.warning("There will be no log: %s", error)
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    package.addHandler(handler)


def _locale() -> str:
    """The language of Krita's own windows: the one it was told in its settings, or the system's."""
    return os.environ.get("LANGUAGE", "").partition(":")[0] or str(QtCore.QLocale().name())


def _version() -> str:
    """The version that the bundle was made of."""
    file = Path(__file__).parent / "version.txt"
    return file.read_text("utf-8").strip() if file.is_file() else "0"
