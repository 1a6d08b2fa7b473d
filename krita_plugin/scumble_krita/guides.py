"""The list of controls, references and regions."""

from __future__ import annotations

from collections.abc import Callable, Collection

from scumble_krita.choice import Choice
from scumble_krita.glyphs import GlyphButton, cross, sliders
from scumble_krita.line import Line
from scumble_krita.number import RealNumber, WholeNumber
from scumble_krita.qt import Qt, QtCore, QtWidgets
from scumble_krita.rows import Rows
from scumble_krita.switch import Switch
from scumble_protocol.editor.guide_rows import GuideRow, GuideRows
from scumble_protocol.editor.language import Translate

_DETAILS = ("model", "start", "end", "preprocess", "show")
"""Fields that are seen only once the painter asks for more."""


class Row(GuideRow):
    """One of them, in a frame: its kind and its layer, and what else there is on request.

    Args:
        tr: Translates.
        number: Which one it is, counted from 0.
        remove: Called where the painter wants it gone.
    """

    kind: Choice
    layer: Choice
    model: Choice

    def __init__(self, tr: Translate, number: int, remove: Callable[[Row], None]) -> None:
        self.tr = tr
        self.kind = Choice(f"scumble_guide_kind_{number}", tr("Kind of guide"))
        self.layer = Choice(f"scumble_guide_layer_{number}", tr("Layer"))
        self.prompt = Line(f"scumble_guide_prompt_{number}", tr("the layer's name"))
        self.model = Choice(f"scumble_guide_model_{number}")
        self.weight = RealNumber(f"scumble_guide_weight_{number}", 0, 2, 0.05, digits=2)
        self.start = WholeNumber(f"scumble_guide_start_{number}", 0, 100, " %")
        self.end = WholeNumber(f"scumble_guide_end_{number}", 0, 100, " %")
        self.preprocess = Switch(
            f"scumble_guide_preprocess_{number}", tr("Draw it from the layer first")
        )
        self.show = Switch(f"scumble_guide_show_{number}", tr("Show it as a layer"))
        self._shown: Collection[str] = ()
        self._more = GlyphButton(sliders, tr("More settings"))
        self._more.setObjectName(f"scumble_guide_more_{number}")
        self._more.setCheckable(True)
        self._more.toggled.connect(lambda _: self._show())
        self._remove = GlyphButton(cross, tr("Remove"))
        self._remove.setObjectName(f"scumble_guide_remove_{number}")
        self._remove.clicked.connect(lambda _: remove(self))
        self.kind.chosen.connect(self.kind_chosen)
        self.widget = self._frame()

    def show_fields(self, names: Collection[str]) -> None:
        """Show the fields of these names."""
        self._shown = names
        self._show()

    def _show(self) -> None:
        is_open = bool(self._more.isChecked())
        for name in ("prompt", "weight", *_DETAILS):
            is_shown = name in self._shown and (is_open or name not in _DETAILS)
            if name != "end":  # it is in the row of the start
                self._rows.set_shown(
                    self._range if name == "start" else getattr(self, name), is_shown
                )
        self._more.setVisible(any(name in _DETAILS for name in self._shown))

    def _frame(self) -> QtWidgets.QFrame:
        tr = self.tr
        frame = QtWidgets.QFrame()
        frame.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        head = QtWidgets.QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.kind, 1)
        head.addWidget(self._more)
        head.addWidget(self._remove)
        self._range = _side_by_side(self.start, self.end)
        self._rows = rows = Rows()
        rows.add(tr("Layer"), self.layer)
        rows.add(tr("Prompt"), self.prompt, tr("Empty for the layer's name."))
        rows.add(tr("Weight"), self.weight, tr("How strongly it counts; 1 is as made."))
        rows.add(tr("Model"), self.model)
        rows.add(tr("Steps"), self._range, tr("From which part of the steps to which it counts."))
        rows.add(
            "",
            self.preprocess,
            tr("Off where the layer is a drawing of edges, depth and so on already."),
        )
        rows.add("", self.show)
        column = QtWidgets.QVBoxLayout(frame)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(rows)
        return frame


class GuideList(GuideRows, QtWidgets.QWidget):
    """All of them, and a button for one more.

    Args:
        tr: Translates.
    """

    changed = QtCore.pyqtSignal()
    """There is one more, or one less."""

    layers_wanted = QtCore.pyqtSignal()
    """The painter is about to choose a layer."""

    rows: list[Row]

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self.tr = tr
        self.rows = []
        self._made = 0
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._button = QtWidgets.QPushButton(tr("Add a control, reference or region"))
        self._button.setObjectName("scumble_guide_add")
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._button.setMinimumWidth(1)
        self._button.clicked.connect(lambda _: self.add())
        self._column.addWidget(self._button)

    def new_row(self) -> Row:
        """Make a row at the end, and show it."""
        row = Row(self.tr, self._made, self.remove)
        self._made += 1
        row.layer.opening.connect(self.layers_wanted)
        self.rows.append(row)
        self._column.insertWidget(len(self.rows) - 1, row.widget)
        self.changed.emit()
        return row

    def remove(self, row: GuideRow) -> None:
        """Take a row away."""
        for each in self.rows:
            if each is row:
                self._column.removeWidget(each.widget)
                each.widget.hide()
                each.widget.deleteLater()
        self.rows = [each for each in self.rows if each is not row]
        self.changed.emit()


def _side_by_side(*fields: QtWidgets.QWidget) -> QtWidgets.QWidget:
    widget = QtWidgets.QWidget()
    row = QtWidgets.QHBoxLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    for field in fields:
        row.addWidget(field, 1)
    return widget
