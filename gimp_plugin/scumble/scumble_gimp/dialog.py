"""The dialog of a procedure: drawn by GIMP from the arguments, with what the server offers."""

from __future__ import annotations

from typing import Any, Final

from scumble_gimp.arguments import ARGUMENTS
from scumble_gimp.errand import Errand
from scumble_gimp.host import Gimp, GLib, GObject
from scumble_gimp.host_window import GimpUi, Gtk
from scumble_gimp.line import Line
from scumble_gimp.words import said
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.messages import ModelKind

TICK_MILLISECONDS: Final = 50


class Dialog:
    """Asks for the values of a mode's arguments.

    Args:
        procedure: The procedure.
        config: Its values, which the dialog changes.
        mode: What the procedure does.
        title: The window's title.
        tr: Translates what painters read.
    """

    def __init__(
        self,
        procedure: Gimp.Procedure,
        config: Gimp.ProcedureConfig,
        mode: Mode,
        title: str,
        tr: Translate,
    ) -> None:
        self._mode = mode
        self._tr = tr
        self._dialog = GimpUi.ProcedureDialog.new(procedure, config, title)
        self._models = _ModelChoice(config, mode, tr)
        self._fill(config)

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

    def _fill(self, config: Gimp.ProcedureConfig) -> None:
        dialog, arguments = self._dialog, ARGUMENTS[self._mode]
        for argument in arguments.all:
            if argument.name == "strength":
                dialog.get_scale_entry("strength", 1.0)
        dialog.fill([a.name for a in arguments.main if a.name != "model"])
        dialog.get_content_area().pack_start(self._models.row, False, False, 0)
        first = dialog.get_widget(arguments.main[0].name, GObject.TYPE_NONE)
        self._models.align(first.get_label())
        if arguments.advanced:
            dialog.get_label("advanced-title", self._tr("Advanced"), False, False)
            dialog.fill_box("advanced-box", [a.name for a in arguments.advanced])
            dialog.fill_expander("advanced", "advanced-title", False, "advanced-box")
            dialog.fill(["advanced"])
        self._server = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=48)
        dialog.get_content_area().pack_end(self._server, False, False, 6)
        self._models.row.show_all()
        self._server.show()
        # So that a painter can type at once: GIMP gives the keyboard to OK, which a space presses.
        field = first.get_label().get_mnemonic_widget()
        dialog.connect("map", lambda _: field.grab_focus())

    def _show_server(self, line: Line, errand: Errand) -> None:
        tr = self._tr
        self._models.offer(line)
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


class _ModelChoice:
    """A row to choose among the models that the server offers, empty for what is proposed."""

    def __init__(self, config: Gimp.ProcedureConfig, mode: Mode, tr: Translate) -> None:
        self._config = config
        self._is_upscaler = mode is Mode.UPSCALE
        self._offered: tuple[tuple[str, str], ...] = ()
        if self._is_upscaler:
            label, self._first = tr("_Upscaler"), tr("The one that suits the factor")
        else:
            label, self._first = tr("_Model"), tr("The first that the server offers")
        self.row = Gtk.Box(spacing=6)
        self._combo = Gtk.ComboBoxText()
        self._label = Gtk.Label(
            label=label, use_underline=True, xalign=0.0, mnemonic_widget=self._combo
        )
        self.row.pack_start(self._label, False, False, 0)
        self.row.pack_start(self._combo, True, True, 0)
        self._show()
        self._combo.connect("changed", self._take)
        config.connect("notify::model", self._choose)

    def align(self, label: Gtk.Label) -> None:
        """Give the row's label the width of those that GIMP made."""
        self._widths = Gtk.SizeGroup(mode=Gtk.SizeGroupMode.HORIZONTAL)
        self._widths.add_widget(label)
        self._widths.add_widget(self._label)

    def offer(self, line: Line) -> None:
        """Offer the models of the server."""
        kind = ModelKind.UPSCALER if self._is_upscaler else ModelKind.DIFFUSION
        models = tuple((m.id, m.title) for m in line.studio.models if m.kind is kind)
        if models != self._offered:
            self._offered = models
            self._show()

    def _show(self) -> None:
        wanted = self._config.get_property("model")
        self._combo.remove_all()
        self._combo.append("", self._first)
        for name, title in self._offered:
            self._combo.append(name, title)
        if wanted and wanted not in dict(self._offered):
            # Perhaps it is a path, or the server is not there yet.
            self._combo.append(wanted, wanted)
        self._combo.set_active_id(wanted)

    def _take(self, combo: Gtk.ComboBoxText) -> None:
        chosen = combo.get_active_id()
        if chosen is not None and chosen != self._config.get_property("model"):
            self._config.set_property("model", chosen)

    def _choose(self, config: Gimp.ProcedureConfig, changed: GObject.ParamSpec) -> None:
        del changed
        wanted: Any = config.get_property("model")
        if wanted != self._combo.get_active_id():
            self._show()
