"""What the panel's widgets look like beyond GIMP's theme, and its own signs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scumble_gimp.host_window import Gdk, Gtk

GAP: Final = 6
"""Pixels between two widgets."""

# The only colours that no theme gives: a light is green or it is out, and amber in between.
_CSS: Final = b"""
.scumble-light { border-radius: 50%; border: 1px solid alpha(currentColor, 0.55); padding: 5px; }
.scumble-light.on { background-color: #3fb950; }
.scumble-light.starting { background-color: #d9a72b; }
.scumble-panel spinbutton button { padding: 0 2px; min-width: 18px; }
.scumble-frame { border: 1px solid alpha(currentColor, 0.25); border-radius: 3px; }
.scumble-sign { padding: 3px 5px; min-width: 16px; }
.scumble-sign.scumble-on { background-color: alpha(currentColor, 0.25); }
.scumble-run { font-weight: bold; padding-top: 6px; padding-bottom: 6px; }
.scumble-placeholder { opacity: 0.55; }
.scumble-small { font-size: smaller; opacity: 0.75; }
.scumble-thumbnail { padding: 2px; border: 2px solid transparent; }
.scumble-thumbnail.shown { border-color: @theme_selected_bg_color; }
.scumble-thumbnail:focus { outline: 1px dashed currentColor; outline-offset: -2px; }
"""

_ICONS: Final = Path(__file__).parent / "icons"


def use_style() -> None:
    """Make this process's windows know the panel's classes and icons."""
    provider = Gtk.CssProvider()
    provider.load_from_data(_CSS)
    # GIMP's own theme is an application's too, and comes first.
    priority = Gtk.STYLE_PROVIDER_PRIORITY_APPLICATION + 1
    Gtk.StyleContext.add_provider_for_screen(Gdk.Screen.get_default(), provider, priority)
    Gtk.IconTheme.get_default().prepend_search_path(str(_ICONS))


def sign(name: str) -> Gtk.Image:
    """One of the panel's signs: `dice`, `stop`, `locked`, `unlocked`, `mask`, `plus`, `minus`."""
    return Gtk.Image.new_from_icon_name(f"scumble-{name}-symbolic", Gtk.IconSize.BUTTON)


def flat_button(name: str, drawing: str, tip: str) -> Gtk.Button:
    """A button with a sign; `tip` is also what screen readers say."""
    button = Gtk.Button(name=name, relief=Gtk.ReliefStyle.NONE, tooltip_text=tip)
    button.set_image(sign(drawing))
    button.get_style_context().add_class("scumble-sign")
    button.get_accessible().set_name(tip)
    return button


def text_label(name: str = "") -> Gtk.Label:
    """A label for sentences: it wraps, and never makes the panel wider."""
    label = Gtk.Label(name=name, xalign=0.0, wrap=True, max_width_chars=30)
    label.set_hexpand(True)
    return label


def small_label(name: str) -> Gtk.Label:
    """A label for what is good to know and not important."""
    label = text_label(name)
    label.get_style_context().add_class("scumble-small")
    return label


def line_height(widget: Gtk.Widget) -> int:
    """The height of a line of the widget's text, in pixels."""
    return int(widget.create_pango_layout("Ag").get_pixel_size()[1])
