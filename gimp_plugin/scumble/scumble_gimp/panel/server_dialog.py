"""The window that says which server is used, and connects to another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scumble_gimp.host_window import Gdk, Gtk
from scumble_gimp.panel.line import LineField
from scumble_gimp.panel.style import GAP, text_label
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.view import ServerItem, ServerView

_WIDTH: Final = 360


class ServerDialog:
    """Stays open while one works.

    Args:
        parent: The window that it belongs to.
        connect: Has one let in at an address with a code.
        use: Has a server used, see `ServerItem.id`.
        tr: Translates.
    """

    def __init__(
        self,
        parent: Gtk.Window,
        connect: Callable[[str, str], object],
        use: Callable[[str], object],
        tr: Translate,
    ) -> None:
        self._use = use
        self._tr = tr
        self._shown: ServerView | None = None
        self._used = text_label("scumble_server_used")
        self._others = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=GAP)
        self._address = LineField("scumble_server_address", "gpu.local:7860")
        self._code = LineField("scumble_server_code", "K7QF-2M9X")
        self._connect = Gtk.Button(name="scumble_server_connect", label=tr("Connect"))
        self._text = text_label("scumble_server_text")
        self._connect.connect("clicked", lambda _: connect(self._address.text(), self._code.text()))
        for line in (self._address, self._code):
            line.widget.connect("changed", lambda _: self._show_button())
            line.widget.connect("activate", lambda _: self._connect.clicked())
        self.window = Gtk.Window(
            name="scumble_server_dialog",
            title=tr("Which server Scumble uses"),
            type_hint=Gdk.WindowTypeHint.DIALOG,
            transient_for=parent,
            destroy_with_parent=True,
            resizable=False,  # so that it is as high as its sentences need, and no higher
        )
        self.window.connect("delete-event", lambda *_: self.window.hide_on_delete())
        self.window.connect("key-press-event", self._key)
        self.window.add(self._laid_out())
        self._text.set_no_show_all(True)
        self._show_button()

    def open(self) -> None:
        """Show it, in front."""
        self.window.show_all()
        self.window.present_with_time(Gtk.get_current_event_time())
        self._address.widget.grab_focus()

    def show_view(self, view: ServerView) -> None:
        """Show this, as far as it is new."""
        if view == self._shown:
            return
        if self._shown is None or view.others != self._shown.others:
            self._offer(view.others)
        self._shown = view
        self._used.set_text(view.used)
        self._text.set_text(view.text)
        self._text.set_visible(bool(view.text))
        self._show_button()

    def _offer(self, others: tuple[ServerItem, ...]) -> None:
        for button in self._others.get_children():
            button.destroy()
        tr = self._tr
        for item in others:
            label = tr("Use {name}", name=item.name) if item.id else tr("Use this computer")
            name = "scumble_use_server" if item.id else "scumble_use_this_computer"
            button = Gtk.Button(name=name, label=label)
            button.connect("clicked", lambda _, server=item.id: self._use(server))
            self._others.pack_start(button, False, False, 0)
        self._others.show_all()

    def _show_button(self) -> None:
        is_busy = self._shown is not None and self._shown.is_busy
        is_filled = bool(self._address.text().strip() and self._code.text().strip())
        self._connect.set_sensitive(is_filled and not is_busy)

    def _key(self, _: Gtk.Window, event: Gdk.EventKey) -> bool:
        if event.keyval == Gdk.KEY_Escape:
            self.window.hide()
        return bool(event.keyval == Gdk.KEY_Escape)

    def _laid_out(self) -> Gtk.Widget:
        tr = self._tr
        where = text_label()
        where.set_text(
            tr("Run `scumble pair` on the computer with the graphics card: it shows both.")
        )
        grid = Gtk.Grid(column_spacing=2 * GAP, row_spacing=GAP, margin=2 * GAP)
        grid.attach(where, 0, 0, 2, 1)
        for row, text, line in ((1, tr("Address"), self._address), (2, tr("Code"), self._code)):
            label = Gtk.Label(label=text, xalign=0.0, mnemonic_widget=line.widget)
            grid.attach(label, 0, row, 1, 1)
            grid.attach(line.widget, 1, row, 1, 1)
        grid.attach(self._connect, 0, 3, 2, 1)
        grid.attach(self._text, 0, 4, 2, 1)
        frame = Gtk.Box()
        frame.get_style_context().add_class("scumble-frame")
        frame.pack_start(grid, True, True, 0)
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=GAP, margin=2 * GAP)
        column.set_size_request(_WIDTH, -1)
        for widget in (self._used, self._others, _heading(tr("Another computer")), frame):
            column.pack_start(widget, False, False, 0)
        return column


def _heading(text: str) -> Gtk.Label:
    return Gtk.Label(label=text, xalign=0.0, margin_top=GAP)
