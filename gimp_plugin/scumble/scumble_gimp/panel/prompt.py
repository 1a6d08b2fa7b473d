"""The field for a prompt, with a history behind it."""

from __future__ import annotations

from collections.abc import Callable

from scumble_gimp.host_window import Gdk, Gtk
from scumble_gimp.panel.proposals import Proposals
from scumble_gimp.panel.style import line_height
from scumble_protocol.editor.history import PromptHistory

_AROUND = 4
"""Pixels between the text and the rim."""


class PromptField:
    """Text of some lines that grows with what is written.

    In its first line ↑ goes back through earlier prompts, in its last line ↓ forth again. Tab
    leaves the field.

    Args:
        name: The name of the text's widget.
        lines: How many lines it shows at least, and at most.
        title: What screen readers call it.
        placeholder: What it shows while it is empty.
    """

    def __init__(self, name: str, lines: tuple[int, int], title: str, placeholder: str) -> None:
        self.submitted: Callable[[], object] = _nothing
        self.changed: Callable[[], object] = _nothing
        self._history = PromptHistory()
        self._lines = lines
        self.text_view = Gtk.TextView(
            name=name,
            accepts_tab=False,
            wrap_mode=Gtk.WrapMode.WORD_CHAR,
            left_margin=_AROUND,
            right_margin=_AROUND,
            top_margin=_AROUND,
            bottom_margin=_AROUND,
        )
        self.text_view.get_accessible().set_name(title)
        self._buffer = self.text_view.get_buffer()
        self._scrolled = Gtk.ScrolledWindow(
            shadow_type=Gtk.ShadowType.IN,
            hscrollbar_policy=Gtk.PolicyType.NEVER,
            propagate_natural_height=True,
        )
        self._scrolled.add(self.text_view)
        self._hint = Gtk.Label(label=placeholder, halign=Gtk.Align.START, valign=Gtk.Align.START)
        self._hint.set_property("margin", _AROUND + 1)
        self._hint.get_style_context().add_class("scumble-placeholder")
        self.widget = Gtk.Overlay()
        self.widget.add(self._scrolled)
        self.widget.add_overlay(self._hint)
        self.widget.set_overlay_pass_through(self._hint, True)
        self.proposals = Proposals(self.text_view)
        self._buffer.connect("changed", lambda _: self._written())
        self.text_view.connect("key-press-event", self._pressed)
        self.text_view.connect("style-updated", lambda _: self._fit())
        self._fit()

    def text(self) -> str:
        """What is written."""
        start, end = self._buffer.get_bounds()
        return str(self._buffer.get_text(start, end, False))

    def set_text(self, text: str) -> None:
        """Write something else."""
        if text != self.text():
            self._buffer.set_text(text)
        self._buffer.place_cursor(self._buffer.get_end_iter())

    def used(self, prompts: tuple[str, ...]) -> None:
        """The history is this now, the newest first, and what is written no draft any more."""
        self._history.used(prompts)

    def _pressed(self, _: Gtk.TextView, event: Gdk.EventKey) -> bool:
        if self.proposals.pressed(event):
            return True
        held = event.state & Gtk.accelerator_get_default_mod_mask()
        if event.keyval in {Gdk.KEY_Return, Gdk.KEY_KP_Enter}:
            if held == Gdk.ModifierType.CONTROL_MASK:
                self.submitted()
                return True
        elif not held and event.keyval in {Gdk.KEY_Up, Gdk.KEY_KP_Up}:
            return self._is_at(self._buffer.get_start_iter()) and self._walk(self._history.older)
        elif not held and event.keyval in {Gdk.KEY_Down, Gdk.KEY_KP_Down}:
            return self._is_at(self._buffer.get_end_iter()) and self._walk(self._history.newer)
        return False

    def _is_at(self, edge: Gtk.TextIter) -> bool:
        """Whether the cursor is in the same line as an edge of the text, wrapped lines counted."""
        cursor = self._buffer.get_iter_at_mark(self._buffer.get_insert())
        of_cursor = self.text_view.get_iter_location(cursor)
        return bool(of_cursor.y == self.text_view.get_iter_location(edge).y)

    def _walk(self, go: Callable[[str], str | None]) -> bool:
        prompt = go(self.text())
        if prompt is not None:
            self.set_text(prompt)
        return prompt is not None

    def _written(self) -> None:
        self._hint.set_visible(not self._buffer.get_char_count())
        self.proposals.look()
        self.changed()

    def _fit(self) -> None:
        low, high = (lines * line_height(self.text_view) + 2 * _AROUND for lines in self._lines)
        # In this order, or GTK finds that the least is more than the most.
        self._scrolled.set_max_content_height(-1)
        self._scrolled.set_min_content_height(low)
        self._scrolled.set_max_content_height(high)


def _nothing() -> None:
    """Nobody wants to know."""
