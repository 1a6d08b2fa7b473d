"""The docker's content: everything laid out, drawn from the panel's `View`."""

from __future__ import annotations

import itertools

from scumble_krita.file_drop import dropped_file
from scumble_krita.form import Form
from scumble_krita.glyphs import GlyphButton, mask, stop
from scumble_krita.light import ConnectionLight
from scumble_krita.offers import Offers
from scumble_krita.progress import ProgressLines
from scumble_krita.qt import Qt, QtCore, QtGui, QtWidgets
from scumble_krita.server_buttons import ServerButtons
from scumble_krita.strip import VariationStrip
from scumble_krita.token_line import TokenLine
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.names import mode_names
from scumble_protocol.editor.view import Light, View


class PanelWidget(QtWidgets.QScrollArea):
    """Shows a view and says what the painter wants.

    Args:
        tr: Translates.
    """

    run_wanted = QtCore.pyqtSignal()
    """The button was pressed."""
    cancel_wanted = QtCore.pyqtSignal()
    mask_wanted = QtCore.pyqtSignal()
    """The painter wants to see the mask, or no longer."""
    file_dropped = QtCore.pyqtSignal(object)
    """The painter wants the settings of this file."""

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self._tr = tr
        self._view: View | None = None
        self.light = ConnectionLight(tr)
        self.form = Form(tr)
        self.progress = ProgressLines(tr)
        self.offers = Offers(tr)
        self.strip = VariationStrip(tr)
        self.server = ServerButtons(tr)
        self._run = QtWidgets.QPushButton()
        self._run.setObjectName("scumble_run")
        self._stress(self._run)
        self._cancel = GlyphButton(stop, tr("Cancel"))
        self._cancel.setObjectName("scumble_cancel")
        self._cancel.setEnabled(False)
        self._mask = GlyphButton(mask, tr("Show the mask"))
        self._mask.setObjectName("scumble_mask")
        self._mask.setCheckable(True)
        self._mask.setToolTip(tr("Show what will be made anew, and how strongly"))
        self.measure = TokenLine(tr)
        self._connect()
        self.setAcceptDrops(True)
        self._lay_out()
        self._show_button()

    def _connect(self) -> None:
        self._run.clicked.connect(self.run_wanted)
        self._cancel.clicked.connect(self.cancel_wanted)
        for prompt in (self.form.prompt, self.form.negative):
            prompt.submitted.connect(self._submit)
            prompt.file_dropped.connect(self.file_dropped)
        self.form.changed.connect(self._show_button)
        self.form.guides.changed.connect(self._set_tab_order)
        self._mask.clicked.connect(self.mask_wanted)
        self.strip.reused.connect(self.form.reuse)

    def show_view(self, view: View) -> None:
        """Show this, as far as it is new."""
        if view == self._view:
            return
        self._view = view
        self.light.show_view(view)
        self.form.show_view(view)
        self.progress.show_view(view)
        if self.offers.show_offers(view.offers):
            self._set_tab_order()
        self.server.show_view(view)
        self._cancel.setEnabled(view.job is not None and not view.job.is_stopping)
        self._mask.setChecked(view.is_mask_shown)
        self.measure.show_view(view, self.form.prompt)
        self._show_button()

    def sizeHint(self) -> QtCore.QSize:  # noqa: N802 (Qt's name)
        """Room for everything that is always there."""
        hint = self.widget().sizeHint()
        bar = self.verticalScrollBar().sizeHint().width()
        return QtCore.QSize(hint.width() + bar, hint.height())

    def minimumSizeHint(self) -> QtCore.QSize:  # noqa: N802 (Qt's name)
        """It may be lower than its content, which then scrolls, but hardly narrower."""
        least = self.widget().minimumSizeHint().width()
        bar = self.verticalScrollBar().sizeHint().width()
        return QtCore.QSize(least + bar, 6 * self.fontMetrics().height())

    def dragEnterEvent(self, event: QtGui.QDragEnterEvent) -> None:  # noqa: N802 (Qt's name)
        """Picture files may be dropped, to use their settings."""
        if dropped_file(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QtGui.QDragMoveEvent) -> None:  # noqa: N802 (Qt's name)
        """As above; without it, a scroll area lets nothing be dropped."""
        if dropped_file(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QtGui.QDropEvent) -> None:  # noqa: N802 (Qt's name)
        """As above."""
        file = dropped_file(event.mimeData())
        if file is not None:
            event.acceptProposedAction()
            self.file_dropped.emit(file)

    @staticmethod
    def _stress(button: QtWidgets.QPushButton) -> None:
        """Make the one button that matters look like it."""
        font = button.font()
        font.setBold(True)
        button.setFont(font)
        button.setMinimumHeight(2 * button.fontMetrics().height())

    def _submit(self) -> None:
        if self._run.isEnabled():
            self.run_wanted.emit()

    def _show_button(self) -> None:
        mode = Mode(self.form.mode.id())
        name = mode_names(self._tr)[mode]
        reason = self._reason(mode)
        self._run.setText(name)
        can_see = self._view is not None and self._view.can_run and self._view.can_show_mask
        self._mask.setVisible(mode in {Mode.REGENERATE, Mode.FILL, Mode.SKETCH})
        self._mask.setEnabled(can_see)
        self.measure.follow(self.form.prompt)
        self._run.setEnabled(not reason)
        self._run.setToolTip(reason or self._tr("{name} (Ctrl+Return in the prompt)", name=name))

    def _reason(self, mode: Mode) -> str:
        """Why the button can't be pressed; empty if it can."""
        if self._view is None:
            return self._tr("Not ready yet")
        if not self._view.can_run:
            return self._tr("Open a picture first.")
        reason = self._view.modes[mode]
        return self._view.light_text if reason and self._view.light is Light.OFF else reason

    def _lay_out(self) -> None:
        form = self.form
        content = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(content)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        column.addLayout(_row(form.mode, self.light))
        words = QtWidgets.QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(form.prompt)
        words.addWidget(self.measure)
        column.addLayout(words)
        column.addWidget(form.near)
        column.addLayout(_row(self._run, form.count, self._mask, self._cancel))
        for widget in (self.progress, self.server, self.offers, self.strip):
            column.addWidget(widget)
        # What is set once and kept comes last: in a low docker the button stays in sight.
        for widget in (form.negative, form.far, form.guide_section, form.section):
            column.addWidget(widget)
        column.addStretch(1)
        form.far.align_with(form.near, form.advanced)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._set_tab_order()

    def _set_tab_order(self) -> None:
        """From top to bottom, which is how children follow each other."""
        widgets = [
            widget
            for widget in self.widget().findChildren(QtWidgets.QWidget)
            if widget.focusPolicy() in {Qt.FocusPolicy.StrongFocus, Qt.FocusPolicy.WheelFocus}
            if not isinstance(widget.parent(), QtWidgets.QAbstractSpinBox)
            if widget.window() is self.window()  # not a list that drops down
        ]
        for before, after in itertools.pairwise(widgets):
            self.setTabOrder(before, after)


def _row(first: QtWidgets.QWidget, *others: QtWidgets.QWidget) -> QtWidgets.QHBoxLayout:
    row = QtWidgets.QHBoxLayout()
    row.addWidget(first, 1)
    for other in others:
        row.addWidget(other)
    return row
