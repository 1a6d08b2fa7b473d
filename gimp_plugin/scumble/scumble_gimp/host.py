"""The one place that imports GIMP's own libraries; they may be used on the main thread only."""

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")

from gi.repository import Gegl, Gimp, GLib, GObject  # noqa: E402  (the versions come first)

__all__ = ["GLib", "GObject", "Gegl", "Gimp"]
