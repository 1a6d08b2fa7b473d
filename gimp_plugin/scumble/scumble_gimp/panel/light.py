"""The light that says whether there is a server."""

from __future__ import annotations

from collections.abc import Callable

from scumble_gimp.host_window import Gtk
from scumble_protocol.editor.view import Light, View


class ConnectionLight:
    """A small lamp: green, amber while a server starts, or out; its tooltip says more.

    Args:
        pressed: Called when it is pressed.
    """

    def __init__(self, pressed: Callable[[], object]) -> None:
        self._lamp = Gtk.Box(name="scumble_light", halign=Gtk.Align.CENTER, valign=Gtk.Align.CENTER)
        self._style = self._lamp.get_style_context()
        self._style.add_class("scumble-light")
        self.widget = Gtk.Button(name="scumble_light_button", relief=Gtk.ReliefStyle.NONE)
        self.widget.get_style_context().add_class("scumble-sign")
        self.widget.add(self._lamp)
        self.widget.connect("clicked", lambda _: pressed())

    def show_view(self, view: View) -> None:
        """Show what the view says of the server."""
        is_on = view.light is Light.ON
        for name, is_so in (("on", is_on), ("starting", view.is_starting and not is_on)):
            (self._style.add_class if is_so else self._style.remove_class)(name)
        self.widget.set_tooltip_text(view.light_text)
        self.widget.get_accessible().set_name(view.light_text)
