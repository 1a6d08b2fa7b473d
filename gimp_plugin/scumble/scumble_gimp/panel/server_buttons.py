"""What to do when no server answers."""

from __future__ import annotations

from collections.abc import Callable

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.framed import Framed
from scumble_gimp.panel.style import GAP
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.view import Light, View


class ServerButtons:
    """Says that there is no server, and offers to start one; not there while one answers.

    Args:
        start: Starts the server.
        show_log: Shows what it says.
        choose: Opens the window about which server is used.
        tr: Translates.
    """

    def __init__(
        self,
        start: Callable[[], object],
        show_log: Callable[[], object],
        choose: Callable[[], object],
        tr: Translate,
    ) -> None:
        self._framed = Framed(
            "scumble_server",
            ("scumble_start_server", tr("Start server")),
            ("scumble_show_log", tr("Show log")),
        )
        button = Gtk.Button(name="scumble_choose_server", label=tr("Server …"))
        button.set_tooltip_text(tr("Which server Scumble uses"))
        button.connect("clicked", lambda _: choose())
        self.widget = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=GAP)
        self.widget.pack_start(self._framed.widget, False, False, 0)
        self.widget.pack_start(button, False, False, 0)
        self._framed.first.connect("clicked", lambda _: start())
        self._framed.second.connect("clicked", lambda _: show_log())

    def show_view(self, view: View) -> None:
        """Show what can be done about the server."""
        self._framed.text.set_text(view.light_text)
        self._framed.first.set_visible(view.can_start_server)
        self._framed.first.set_sensitive(not view.is_starting)
        self._framed.second.set_visible(view.can_start_server)
        self.widget.set_visible(view.light is Light.OFF)
