"""Names that a prompt can go on with, in a list below the cursor."""

from __future__ import annotations

from typing import Final

from scumble_gimp.host_window import Gdk, Gtk
from scumble_protocol.editor.completion import Completion, completion
from scumble_protocol.messages import Names

_UP: Final = frozenset({Gdk.KEY_Up, Gdk.KEY_KP_Up})
_DOWN: Final = frozenset({Gdk.KEY_Down, Gdk.KEY_KP_Down})
_TAKE: Final = frozenset({Gdk.KEY_Return, Gdk.KEY_KP_Enter, Gdk.KEY_Tab})


class Proposals:
    """Proposes names of LoRAs and wildcards while they are written.

    Args:
        view: The field.
    """

    def __init__(self, view: Gtk.TextView) -> None:
        self.names: Names | None = None
        self._view = view
        self._buffer = view.get_buffer()
        self._found: Completion | None = None
        self._list = Gtk.ListBox(name="scumble_names")
        self._list.connect("row-activated", lambda _, row: self._take(row.get_index()))
        self._list.show()
        self._popover = Gtk.Popover(relative_to=view, modal=False, position=Gtk.PositionType.BOTTOM)
        self._popover.add(self._list)
        view.connect("focus-out-event", self._left)

    def look(self) -> None:
        """Propose what goes on from the cursor, if anything does."""
        cursor = self._cursor()
        before = self._buffer.get_text(self._buffer.get_start_iter(), cursor, False)
        is_written = self._view.has_focus()
        self._found = completion(before, self.names) if is_written else None
        if self._found is None:
            self._popover.popdown()
            return
        for row in self._list.get_children():
            self._list.remove(row)
        for name in self._found.options:
            self._list.add(Gtk.Label(label=name, xalign=0.0, margin=2))
        self._list.show_all()
        self._list.select_row(self._list.get_row_at_index(0))
        place = self._view.get_iter_location(cursor)
        kind = Gtk.TextWindowType.WIDGET
        place.x, place.y = self._view.buffer_to_window_coords(kind, place.x, place.y)
        self._popover.set_pointing_to(place)
        self._popover.popup()

    def pressed(self, event: Gdk.EventKey) -> bool:
        """A key was pressed in the field; whether it was meant for the list."""
        if self._found is None:
            return False
        chosen = self._list.get_selected_row().get_index()
        if event.keyval in _TAKE:
            self._take(chosen)
        elif event.keyval in _DOWN | _UP:
            step = 1 if event.keyval in _DOWN else -1
            row = self._list.get_row_at_index((chosen + step) % len(self._found.options))
            self._list.select_row(row)
        elif event.keyval == Gdk.KEY_Escape:
            self._close()
        else:
            return False
        return True

    def _take(self, number: int) -> None:
        found = self._found
        if found is not None:
            cursor = self._cursor()
            begin = cursor.copy()
            begin.backward_chars(found.begun)
            self._buffer.delete(begin, cursor)
            self._buffer.insert_at_cursor([*found.options.values()][number])
            self._close()

    def _close(self) -> None:
        self._found = None
        self._popover.popdown()

    def _left(self, *_: object) -> bool:
        self._close()
        return False

    def _cursor(self) -> Gtk.TextIter:
        return self._buffer.get_iter_at_mark(self._buffer.get_insert())
