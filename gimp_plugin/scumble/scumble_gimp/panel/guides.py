"""What guides the model besides the prompt: a row for each control, reference and region."""

from __future__ import annotations

from collections.abc import Callable, Collection

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.choice import Choice
from scumble_gimp.panel.line import LineField
from scumble_gimp.panel.number import NumberField
from scumble_gimp.panel.style import GAP, flat_button
from scumble_gimp.panel.switch import Switch
from scumble_protocol.editor.guide_rows import GuideRow, GuideRows
from scumble_protocol.editor.language import Translate


class Guide(GuideRow):
    """One row, in a frame.

    Args:
        remove: Called when it is to go.
        tr: Translates.
    """

    kind: Choice
    layer: Choice
    prompt: LineField
    model: Choice
    weight: NumberField
    start: NumberField
    end: NumberField
    preprocess: Switch
    show: Switch

    def __init__(self, remove: Callable[[Guide], object], tr: Translate) -> None:
        self.tr = tr
        self.kind = Choice("scumble_guide_kind", tr("Kind of guide"))
        self.layer = Choice("scumble_guide_layer", tr("Layer"))
        self.prompt = LineField("scumble_guide_prompt", tr("the layer's name"))
        self.model = Choice("scumble_guide_model", tr("Model"))
        self.weight = NumberField("scumble_guide_weight", 0, 2, 0.05)
        self.start = NumberField("scumble_guide_start", 0, 100, 5)
        self.end = NumberField("scumble_guide_end", 0, 100, 5, before="–", unit="%")  # noqa: RUF001
        self.preprocess = Switch("scumble_guide_preprocess", tr("Draw it from the layer first"))
        self.show = Switch("scumble_guide_show", tr("Show it as a layer"))
        self._explain()
        self.kind.chosen = self.kind_chosen
        bin_it = flat_button("scumble_guide_remove", "minus", tr("Remove"))
        bin_it.connect("clicked", lambda _: remove(self))
        self._lines = {
            "prompt": self.prompt.widget,
            "model": self.model.widget,
            "weight": _line(self.weight.widget, self.start.widget, self.end.widget),
            "preprocess": self.preprocess.widget,
            "show": self.show.widget,
        }
        self.widget = self._laid_out(bin_it)

    def show_fields(self, names: Collection[str]) -> None:
        """Show the fields of these names and no others."""
        for name, line in self._lines.items():
            line.set_visible(name in names)

    def _explain(self) -> None:
        tr = self.tr
        steps = tr("From which part of the steps to which it counts.")
        self.weight.explain(tr("How strongly it counts; 1 is as made."))
        self.start.explain(steps)
        self.end.explain(steps)
        self.preprocess.widget.set_tooltip_text(
            tr("Off where the layer is a drawing of edges, depth and so on already.")
        )

    def _laid_out(self, bin_it: Gtk.Button) -> Gtk.Widget:
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=GAP // 2, margin=GAP)
        first = Gtk.Box(spacing=GAP)
        first.pack_start(self.kind.widget, True, True, 0)
        first.pack_start(bin_it, False, False, 0)
        for line in (first, self.layer.widget, *self._lines.values()):
            column.pack_start(line, False, False, 0)
        frame = Gtk.Box(name="scumble_guide")
        frame.get_style_context().add_class("scumble-frame")
        frame.pack_start(column, True, True, 0)
        frame.show_all()
        return frame


class Guides(GuideRows):
    """All rows, under a button that adds one.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        self.tr = tr
        self.rows: list[Guide] = []
        self.changed: Callable[[], object] = _nothing
        self._column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=GAP)
        more = Gtk.Button(name="scumble_guide_add", label=tr("Add a control, reference or region"))
        more.connect("clicked", lambda _: self.add())
        self.widget = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=GAP)
        self.widget.pack_start(self._column, False, False, 0)
        self.widget.pack_start(more, False, False, 0)

    def new_row(self) -> Guide:
        """Make a row at the end, and show it."""
        row = Guide(self.remove, self.tr)
        self.rows.append(row)
        self._column.pack_start(row.widget, False, False, 0)
        self.changed()
        return row

    def remove(self, row: GuideRow) -> None:
        """Take a row away."""
        gone = next(each for each in self.rows if each is row)
        self.rows.remove(gone)
        gone.widget.destroy()
        self.changed()


def _line(*widgets: Gtk.Widget) -> Gtk.Box:
    line = Gtk.Box(spacing=GAP // 2)
    for widget in widgets:
        line.pack_start(widget, True, True, 0)
    line.show_all()
    return line


def _nothing() -> None:
    """Nobody wants to know."""
