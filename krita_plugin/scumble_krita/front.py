"""Which view is in front in one of Krita's windows.

Whatever object Krita 5 makes for a script, it never gives back its half kilobyte. Asked ten times a
second, that is a hundred megabytes in an hour. So Qt is watched, which costs nothing, and Krita is
asked only while Qt says that something changed.
"""

from __future__ import annotations

import time
from typing import Any

from scumble_krita.qt import QtWidgets, is_deleted

SETTLING_SECONDS = 1.0
"""For how long after a change Krita may be still on its way from one view to the other."""


class Front:
    """The view in front in the window that a docker belongs to.

    Args:
        krita: Krita's instance.
        docker: Once it is in a window, that window counts.
    """

    def __init__(self, krita: Any, docker: QtWidgets.QWidget) -> None:
        self.view: Any = None
        """Krita's `View`; None if no picture is open."""
        self.document: Any = None
        """Krita's `Document` in the view."""
        self._krita = krita
        self._docker = docker
        self._space: QtWidgets.QMdiArea | None = None
        self._shown: QtWidgets.QMdiSubWindow | None = None
        self._settled = 0.0

    def look(self) -> bool:
        """See which view is in front now; whether it may be another one than before."""
        shown = self._in_front()
        now = time.monotonic()
        if shown is not self._shown:
            self._shown = shown
            self._settled = now + SETTLING_SECONDS
        elif now > self._settled:
            return False
        self.view = self._view() if shown else None
        self.document = self.view.document() if self.view else None
        if self.document is None:
            self.view = None
        return True

    def canvas(self) -> QtWidgets.QAbstractScrollArea | None:
        """The scroll area around the canvas of the view; None if there is no view."""
        shown = self._in_front()
        areas = shown.findChildren(QtWidgets.QAbstractScrollArea) if shown else []
        return next((area for area in areas if _is_canvas(area)), None)

    def all_shown(self) -> list[QtWidgets.QMdiSubWindow]:
        """Whatever shows a picture in this window."""
        space = self._mdi_area()
        return list(space.subWindowList()) if space else []

    def _in_front(self) -> QtWidgets.QMdiSubWindow | None:
        # Not the active one: there is none while another program is in use.
        space = self._mdi_area()
        return space.currentSubWindow() if space else None

    def _mdi_area(self) -> QtWidgets.QMdiArea | None:
        if self._space is None or is_deleted(self._space):
            window = self._docker.parentWidget()
            self._space = window.findChild(QtWidgets.QMdiArea) if window else None
        return self._space

    def _view(self) -> Any:
        here = self._docker.parentWidget()
        for window in self._krita.windows():
            if window.qwindow() is here:
                return window.activeView()
        return None


def _is_canvas(area: QtWidgets.QAbstractScrollArea) -> bool:
    return "CanvasController" in area.metaObject().className()
