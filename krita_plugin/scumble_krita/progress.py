"""What goes on: a bar, a line about the running job, and what is to be said besides."""

from __future__ import annotations

from scumble_krita.qt import Qt, QtWidgets
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.progress import progress_line
from scumble_protocol.editor.view import JobView, View

_STEPS = 1000


class ProgressLines(QtWidgets.QWidget):
    """A thin bar above two lines of text; it keeps its place when nothing goes on.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self._tr = tr
        self._bar = QtWidgets.QProgressBar()
        self._bar.setObjectName("scumble_progress")
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(max(6, self.fontMetrics().height() // 2))
        # So that nothing below jumps when a job begins or ends.
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._phase = _text("scumble_phase")
        self._status = _text("scumble_status")
        self._sign = QtWidgets.QLabel()
        side = self.fontMetrics().height()
        icon = self.style().standardIcon(QtWidgets.QStyle.StandardPixmap.SP_MessageBoxWarning)
        self._sign.setPixmap(icon.pixmap(side, side))
        self._sign.setAccessibleName(tr("Error"))
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self._bar)
        column.addWidget(self._phase)
        line = QtWidgets.QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._status, 1)
        column.addLayout(line)
        self._bar.hide()
        self._sign.hide()

    def show_view(self, view: View) -> None:
        """Show how the view's job goes, and what the view says."""
        job = view.job
        self._bar.setVisible(job is not None)
        if job is not None:
            self._show_fraction(job)
        self._phase.setText(progress_line(job, view.queued, self._tr) if job else "")
        self._phase.setVisible(job is not None)
        self._status.setText(view.status)
        # One line is there at any time, so that little moves.
        self._status.setVisible(bool(view.status) or job is None)
        self._sign.setVisible(view.is_error and bool(view.status))

    def _show_fraction(self, job: JobView) -> None:
        if job.fraction is None:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, _STEPS)
            self._bar.setValue(round(job.fraction * _STEPS))
        self._bar.setToolTip(job.title)


def _text(name: str) -> QtWidgets.QLabel:
    """A label that wraps, and whose text can be copied; empty as high as with a line."""
    label = QtWidgets.QLabel("A")
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setMinimumWidth(1)  # a long word may be cut, rather than widen the docker
    label.setMinimumHeight(label.sizeHint().height())
    label.clear()
    return label
