"""The dialog of a procedure: drawn by GIMP from the arguments, with what the server offers."""

from __future__ import annotations

from typing import Final

from scumble_gimp.arguments import ARGUMENTS, OFFERED, Argument, Fold
from scumble_gimp.call import Call
from scumble_gimp.choices import NameRow
from scumble_gimp.errand import Errand
from scumble_gimp.host import GLib, GObject
from scumble_gimp.host_window import GimpUi, Gtk
from scumble_gimp.line import Line
from scumble_gimp.words import said
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.styles import Styles

TICK_MILLISECONDS: Final = 50

_SCALES: Final = frozenset({"strength", "hires", "cfg-rescale", "refine", "blend"})
"""Parts of one, which a slider shows best."""


class Dialog:
    """Asks for the values of a mode's arguments.

    Args:
        call: The procedure and its values, which the dialog changes.
        mode: What the procedure does.
        title: The window's title.
        styles: The style presets that there are.
        tr: Translates what painters read.
    """

    def __init__(self, call: Call, mode: Mode, title: str, styles: Styles, tr: Translate) -> None:
        self._mode = mode
        self._tr = tr
        self._dialog = GimpUi.ProcedureDialog.new(call.procedure, call.config, title)
        self._config = call.config
        self._styles = styles
        self._rows: list[NameRow] = []
        self._widths: list[Gtk.SizeGroup] = []
        self._fill()

    def ask(self, line: Line, errand: Errand) -> bool:
        """Show it until it is answered; whether to go on."""

        def tick() -> bool:
            line.hear(0)
            self._show_server(line, errand)
            return bool(GLib.SOURCE_CONTINUE)

        tick()
        source = GLib.timeout_add(TICK_MILLISECONDS, tick)
        try:
            return bool(self._dialog.run())
        finally:
            GLib.source_remove(source)
            self._dialog.destroy()

    def _fill(self) -> None:
        dialog, arguments = self._dialog, ARGUMENTS[self._mode]
        for argument in arguments.all:
            if argument.name in _SCALES:
                dialog.get_scale_entry(argument.name, 1.0)
        dialog.fill([a.name for a in arguments.main if a.name not in OFFERED])
        first = dialog.get_widget(arguments.main[0].name, GObject.TYPE_NONE)
        self._add_rows(dialog.get_content_area(), arguments.main, first)
        for number, fold in enumerate(arguments.folds):
            self._fold(f"fold-{number}", fold)
        self._server = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=48)
        dialog.get_content_area().pack_end(self._server, False, False, 6)
        self._server.show()
        # So that a painter can type at once: GIMP gives the keyboard to OK, which a space presses.
        field = first.get_label().get_mnemonic_widget()
        dialog.connect("map", lambda _: field.grab_focus())

    def _fold(self, name: str, fold: Fold) -> None:
        """Add what is folded up, under its title."""
        dialog, title, box = self._dialog, f"{name}-title", f"{name}-box"
        dialog.get_label(title, self._tr(fold.title), False, False)
        drawn = [a.name for a in fold.arguments if a.name not in OFFERED]
        first = dialog.get_widget(drawn[0], GObject.TYPE_NONE)
        self._add_rows(dialog.fill_box(box, drawn), fold.arguments, first)
        dialog.fill_expander(name, title, False, box)
        dialog.fill([name])

    def _add_rows(self, box: Gtk.Box, arguments: tuple[Argument, ...], first: Gtk.Widget) -> None:
        """Add the rows to choose names in, with labels as wide as those that GIMP made."""
        widths = Gtk.SizeGroup(mode=Gtk.SizeGroupMode.HORIZONTAL)
        for argument in arguments:
            if argument.name in OFFERED:
                row = NameRow(self._config, argument, self._mode, self._tr)
                box.pack_start(row.widget, False, False, 0)
                widths.add_widget(first.get_label())
                widths.add_widget(row.label)
                self._rows.append(row)
                self._widths.append(widths)

    def _show_server(self, line: Line, errand: Errand) -> None:
        tr = self._tr
        for row in self._rows:
            row.offer(line.studio.models, self._styles)
        reason = ""
        if line.error is not None and line.can_start:
            text = tr("No Scumble server is running; it is started when you press OK.")
        elif line.error is not None:
            text = said(line.error, tr)
        elif line.welcome is None:
            text = tr("Looking for the Scumble server …")
        else:
            reason = errand.reason_against(self._mode)
            name = line.welcome.device.name
            told = tr("Scumble {version} on {device}", version=line.welcome.version, device=name)
            text = reason or told
        if self._server.get_text() != text:
            self._server.set_text(text)
        self._dialog.set_response_sensitive(Gtk.ResponseType.OK, not reason)
