"""Picture files that are dropped on the panel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from scumble_gimp.host import GLib
from scumble_gimp.host_window import Gdk, Gtk

Take = Callable[[Path], object]


def accept_files(widget: Gtk.Widget, take: Take) -> None:
    """Have a file that is dropped on the widget, or on what is in it, taken."""
    widget.drag_dest_set(Gtk.DestDefaults.ALL, [], Gdk.DragAction.COPY)
    widget.drag_dest_add_uri_targets()
    widget.connect("drag-data-received", _received, take)


def accept_files_in_text(view: Gtk.TextView, take: Take) -> None:
    """The same for a field that takes dropped text as well, where a file would be its name."""
    targets = Gtk.TargetList.new([])
    targets.add_uri_targets(0)
    targets.add_text_targets(0)
    view.drag_dest_set_target_list(targets)
    view.connect("drag-data-received", _received, take)


def _received(widget: Gtk.Widget, context: Gdk.DragContext, *more: Any) -> None:
    _, _, data, _, time, take = more
    files = [GLib.filename_from_uri(uri)[0] for uri in data.get_uris() if uri[:5] == "file:"]
    if files:
        # What is beneath would take it too.
        widget.stop_emission_by_name("drag-data-received")
        Gtk.drag_finish(context, True, False, time)
        take(Path(files[0]))
