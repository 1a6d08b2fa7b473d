"""Fields that do not change when the panel is scrolled over them."""

from __future__ import annotations

from scumble_gimp.host_window import Gdk, Gtk


def ignore_wheel(field: Gtk.Widget) -> None:
    """Let the wheel scroll the panel, rather than change a setting in passing."""
    field.connect("scroll-event", _pass_on)


def _pass_on(field: Gtk.Widget, event: Gdk.EventScroll) -> bool:
    del event
    field.stop_emission_by_name("scroll-event")
    return False  # so that GTK asks what is around the field
