"""A part of the docker that can be folded away."""

from __future__ import annotations

from scumble_krita.qt import Qt, QtWidgets


class Section(QtWidgets.QWidget):
    """A heading that shows or hides what is below it.

    Args:
        title: The heading.
        content: What is below.
        name: The heading's name.
    """

    def __init__(
        self, title: str, content: QtWidgets.QWidget, name: str = "scumble_advanced"
    ) -> None:
        super().__init__()
        self._content = content
        self._heading = QtWidgets.QToolButton()
        self._heading.setObjectName(name)
        self._heading.setText(title)
        self._heading.setAutoRaise(True)
        self._heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._heading.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._heading.clicked.connect(lambda: self.set_open(not self.is_open))
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._heading)
        column.addWidget(content)
        self.set_open(False)

    def set_title(self, title: str) -> None:
        """Change the heading."""
        self._heading.setText(title)

    def set_open(self, is_open: bool) -> None:
        """Unfold it, or fold it away."""
        self.is_open = is_open
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self._heading.setArrowType(arrow)
        self._content.setVisible(is_open)
