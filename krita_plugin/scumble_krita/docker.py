"""The docker in one of Krita's windows, between the panel and the widgets."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from krita import DockWidget
from scumble_krita.canvas import KritaPicture
from scumble_krita.front import Front
from scumble_krita.overlay import PreviewOverlay
from scumble_krita.panel_widget import PanelWidget
from scumble_krita.pictures import OpenPictures
from scumble_krita.qt import QtCore, QtGui, is_deleted
from scumble_krita.server_dialog import ServerDialog
from scumble_krita.shape import Shape, selected_shape
from scumble_krita.viewport import placement
from scumble_protocol.editor.gallery import Picture, Variation
from scumble_protocol.editor.guard import Guard
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.panel import Panel
from scumble_protocol.editor.recall import recall
from scumble_protocol.editor.view import JobView, PreviewView, View
from scumble_protocol.errors import ScumbleError

_LOOK_SECONDS = 2.0
"""How often to see whether the painter, or undo, changed which variations there are."""

_MESSAGE_MS = 6000
_TYPING_MS = 300
"""A pause as long as this, and the prompt is measured."""


class Office(Protocol):
    """What all dockers share; `Plugin` has it."""

    krita: Any
    panel: Panel
    pictures: OpenPictures
    guard: Guard
    tr: Translate

    def attach(self, docker: ScumbleDocker) -> None:
        """There is another docker."""
        ...


class ScumbleDocker(DockWidget):
    """Shows the active document of its window.

    Args:
        office: What all dockers share.
    """

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.setWindowTitle("Scumble")
        self._office = office
        self._overlay: PreviewOverlay | None = None
        self._dialog: ServerDialog | None = None
        self._looked = 0.0
        self._picture: KritaPicture | None = None
        self._told = ""
        self._shapes: dict[str, Shape | None] = {}
        self._is_working = False
        self.front = Front(office.krita, self)
        self.panel = PanelWidget(office.tr)
        self.panel.form.fill(office.panel.memory.order)
        self._use_history()
        self.setWidget(self.panel)
        self._pause = QtCore.QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_TYPING_MS)
        self._connect()
        office.attach(self)

    def canvasChanged(self, canvas: object) -> None:  # noqa: N802 (Krita's name)
        """Krita tells that another canvas is active, or none."""
        self._office.guard(self.refresh)()

    @property
    def is_working(self) -> bool:
        """Whether something is going on that the painter watches."""
        return self._is_working

    def refresh(self) -> None:
        """Show what there is to show now."""
        self.front.look()
        view, document = self.front.view, self.front.document
        picture = self._office.pictures.of(document) if document else None
        shown = self._office.panel.view(picture)
        was_working = self._is_working
        self._is_working = shown.job is not None or shown.is_starting
        self.panel.show_view(shown)
        if self._dialog is not None and not is_deleted(self._dialog):
            self._dialog.show_view(shown.server)
        self._show_preview(shown.preview, shown.job, view, document)
        self._tell(shown, view)
        if picture is not self._picture or (was_working and not self._is_working):
            self._picture = picture
            self.look_at_variations()
            self._look_at_layers()

    def turn(self, *, has_news: bool) -> None:
        """Some time went by: show what changed since."""
        if self.front.look() or has_news:
            self.refresh()
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            self.look_at_variations()

    def look_at_variations(self) -> None:
        """See which variations the picture has; not while one is on its way into it."""
        picture = self._picture
        if self._office.panel.is_placing or not self.panel.isVisible():
            return
        self._looked = time.monotonic()
        if picture is None or not picture.is_open():
            self.panel.strip.show_variations((), _nothing)
            return
        variations = picture.variations()
        self.panel.strip.show_variations(variations, picture.thumbnail)
        newest = recall(variations[0]) if variations else None
        self.panel.form.seed.show_last(newest.seed if newest else None)
        self._look_at_size(picture)

    def run(self, mode: Mode | None = None) -> None:
        """Have done what is set, in the mode that is set or another one."""
        if self._picture is not None:
            self._look_at_layers()
            order = self.panel.form.order(mode)
            # What is added to a canvas is outside of every selection.
            keeps_shape = order.mode is not Mode.EXPAND
            with self._shaped(self._picture if keeps_shape else None):
                self._office.panel.run(self._picture, order)
            self._use_history()
            self.refresh()

    def again(self) -> None:
        """Have the last one done once more, from another seed."""
        if self._picture is not None:
            last = self._office.panel.memory.order
            with self._shaped(self._picture if last.mode is not Mode.EXPAND else None):
                self._office.panel.again(self._picture)
            self.refresh()

    def cancel(self) -> None:
        """Stop the job that is shown."""
        if self._picture is not None:
            self._office.panel.cancel(self._picture)
            self.refresh()

    def see_mask(self) -> None:
        """Show on the canvas what would be made anew, or hide it again."""
        if self._picture is not None:
            self._office.panel.see_mask(self._picture, self.panel.form.order())
            self.refresh()

    def focus_prompt(self) -> None:
        """Come to the front, with the cursor in the prompt."""
        self.setVisible(True)
        self.raise_()
        self.panel.form.prompt.setFocus()

    def choose_server(self) -> None:
        """Open the dialog that says which server is used."""
        dialog = self._dialog
        if dialog is None or is_deleted(dialog):
            dialog = self._dialog = ServerDialog(self, self._office.tr)
            guard, panel = self._office.guard, self._office.panel
            dialog.connect_wanted.connect(guard(panel.connect))
            dialog.use_wanted.connect(guard(panel.use_server))
        dialog.show_view(self._office.panel.view(None).server)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def _connect(self) -> None:
        office, panel, guard = self._office, self.panel, self._office.guard
        panel.run_wanted.connect(guard(self.run))
        panel.cancel_wanted.connect(guard(self.cancel))
        panel.mask_wanted.connect(guard(self.see_mask))
        panel.file_dropped.connect(guard(self._use_file))
        panel.form.guides.layers_wanted.connect(guard(self._look_at_layers))
        panel.form.guides.changed.connect(guard(self._look_at_layers))
        form = panel.form
        for changed in (form.prompt.textChanged, form.style.chosen, form.model.chosen):
            changed.connect(self._pause.start)
        self._pause.timeout.connect(guard(self._measure))
        self._pause.start()
        panel.server.start_wanted.connect(guard(office.panel.start_server))
        panel.server.choice_wanted.connect(guard(self.choose_server))
        panel.light.clicked.connect(guard(lambda *_: self.choose_server()))
        panel.server.log_wanted.connect(guard(lambda: _open(office.panel.log)))
        panel.offers.inserted.connect(guard(self._insert))
        panel.offers.dropped.connect(guard(self._drop))
        panel.strip.shown.connect(guard(partial(self._choose, "show")))
        panel.strip.kept.connect(guard(partial(self._choose, "keep")))

    def _measure(self) -> None:
        """Ask how long the prompt is, once the painter pauses."""
        form = self.panel.form
        self._office.panel.measure(form.prompt.text(), form.style.id(), form.model.id())

    def _look_at_layers(self) -> None:
        """See which layers there are, as long as some of them may guide the model."""
        picture = self._picture
        if picture is not None and picture.is_open() and self.panel.form.guides.rows:
            self.panel.form.show_layers(picture.outline())

    def _look_at_size(self, picture: KritaPicture) -> None:
        """See how large the picture is, and how much memory what is set would take."""
        form = self.panel.form
        seen = picture.glance()
        form.show_canvas(seen.bounds())
        try:
            form.show_memory(self._office.panel.memory_line(seen, form.order()))
        except ScumbleError:  # what is written is not complete yet
            form.show_memory("")

    def _use_file(self, file: Path) -> None:
        """Set what a picture's file says of how it was made."""
        recipe = self._office.panel.recipe_of(self._picture, file)
        if recipe is not None:
            self.panel.form.take(recipe)
        self.refresh()

    def _insert(self, job: str) -> None:
        if self._picture is not None:
            self._office.panel.place(self._picture, job)

    def _drop(self, job: str) -> None:
        self._office.panel.drop(job)

    def _choose(self, how: str, variation: Variation) -> None:
        picture = self._picture
        if picture is not None and picture.is_open():
            (picture.show if how == "show" else picture.keep)(variation)
            self.look_at_variations()

    @contextlib.contextmanager
    def _shaped(self, picture: Picture | None) -> Iterator[None]:
        """Remember for the job that is begun in the block what was selected then."""
        pending = self._office.panel.memory.pending
        self._shapes = {job: shape for job, shape in self._shapes.items() if job in pending}
        before = set(pending)
        shape = selected_shape(picture) if picture else None
        yield
        for job in pending.keys() - before:
            self._shapes[job] = shape

    def _use_history(self) -> None:
        self.panel.form.prompt.used(self._office.panel.memory.prompts)

    def _show_preview(
        self, preview: PreviewView | None, job: JobView | None, view: Any, document: Any
    ) -> None:
        overlay = self._overlay
        if overlay is not None and is_deleted(overlay):
            overlay = self._overlay = None
        area = self.front.canvas() if preview and view else None
        if overlay is not None and (area is None or overlay.parentWidget() is not area.viewport()):
            overlay.show_preview(None)
            overlay.deleteLater()
            overlay = self._overlay = None
        if area is None:
            return
        if overlay is None:
            locate = partial(placement, view, document, area)
            overlay = self._overlay = PreviewOverlay(area.viewport(), locate, self._office.guard)
        is_shaped = job is not None and preview is not None and not preview.is_mask
        overlay.show_preview(preview, self._shapes.get(job.job) if job and is_shaped else None)

    def _tell(self, shown: View, view: Any) -> None:
        """Say errors on the canvas where the docker is closed or behind another one."""
        is_new = shown.status != self._told
        self._told = shown.status
        if is_new and shown.is_error and shown.status and view and not self._can_be_seen():
            view.showFloatingMessage(shown.status, QtGui.QIcon(), _MESSAGE_MS, 1)

    def _can_be_seen(self) -> bool:
        return bool(self.isVisible() and not self.visibleRegion().isEmpty())


def _nothing(variation: Variation, side: int) -> Any:
    raise AssertionError(variation, side)


def _open(log: Any) -> None:
    QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(str(log)))
