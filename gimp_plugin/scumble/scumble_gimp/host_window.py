"""The one place that imports what windows are made of; it needs a display, so it comes late."""

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("GimpUi", "3.0")

from gi.repository import GimpUi, Gtk  # noqa: E402  (the versions come first)

__all__ = ["GimpUi", "Gtk"]
