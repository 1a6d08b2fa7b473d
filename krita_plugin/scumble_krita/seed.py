"""The seed: a new one each time, or one that is kept."""

from __future__ import annotations

import secrets

from scumble_krita.glyphs import GlyphButton, closed_lock, dice, open_lock
from scumble_krita.qt import QtCore, QtGui, QtWidgets
from scumble_protocol.checks import MAX_SEED
from scumble_protocol.editor.language import Translate

_SEEDS = 2**32
"""New seeds are below this, so that they are short enough to be written down."""


class SeedField(QtWidgets.QWidget):
    """A number with a lock: open means a new seed each time, closed keeps the number.

    Args:
        tr: Translates.
    """

    changed = QtCore.pyqtSignal()

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self._tr = tr
        self._last: int | None = None
        self._number = QtWidgets.QLineEdit()
        self._number.setObjectName("scumble_seed")
        digits = QtCore.QRegularExpression("[0-9]{0,19}")
        self._number.setValidator(QtGui.QRegularExpressionValidator(digits, self._number))
        self._dice = GlyphButton(dice, tr("Roll another seed and keep it"))
        self._dice.setObjectName("scumble_seed_dice")
        self._lock = GlyphButton(open_lock, "")
        self._lock.setObjectName("scumble_seed_lock")
        self._lock.setCheckable(True)
        self._number.textChanged.connect(self._written)
        self._dice.clicked.connect(lambda: self.set_value(secrets.randbelow(_SEEDS)))
        self._lock.clicked.connect(self._toggle)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for widget, stretch in ((self._number, 1), (self._dice, 0), (self._lock, 0)):
            row.addWidget(widget, stretch)
        self.setFocusProxy(self._number)
        self._written("")

    def value(self) -> int | None:
        """The seed that is kept; None for a new one each time."""
        written = str(self._number.text())
        return min(int(written), MAX_SEED) if written else None

    def set_value(self, seed: int | None) -> None:
        """Keep this seed, or none."""
        self._number.setText("" if seed is None else str(seed))

    def show_last(self, seed: int | None) -> None:
        """The seed that was used last, which closing the lock keeps."""
        if seed != self._last:
            self._last = seed
            self._written(str(self._number.text()))

    def _toggle(self) -> None:
        if self.value() is not None:
            self.set_value(None)
        else:
            self.set_value(secrets.randbelow(_SEEDS) if self._last is None else self._last)

    def _written(self, text: str) -> None:
        tr = self._tr
        is_kept = bool(text)
        self._lock.setChecked(is_kept)
        self._lock.draw = closed_lock if is_kept else open_lock
        name = tr("Use a new seed each time") if is_kept else tr("Keep the last seed")
        self._lock.setToolTip(name)
        self._lock.setAccessibleName(name)
        last = self._last
        self._number.setPlaceholderText(
            tr("New each time") if last is None else tr("New each time, last {seed}", seed=last)
        )
        self._lock.update()
        self.changed.emit()
