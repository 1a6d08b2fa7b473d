"""The one place that imports what windows are made of; it needs a display, so it comes late."""

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
gi.require_version("GimpUi", "3.0")

from gi.repository import Gdk, GdkPixbuf, GimpUi, Gio, Gtk, Pango  # noqa: E402  (versions first)

__all__ = ["Gdk", "GdkPixbuf", "GimpUi", "Gio", "Gtk", "Pango"]
