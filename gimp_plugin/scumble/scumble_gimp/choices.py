"""Rows of a dialog in which a painter chooses among names: of models, of VAEs, of styles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from scumble_gimp.arguments import Argument
from scumble_gimp.host import Gimp, GObject
from scumble_gimp.host_window import Gtk
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.styles import Styles
from scumble_protocol.messages import ModelInfo, ModelKind

Offer = tuple[tuple[str, str], ...]
"""Names and titles."""

_Offers = Callable[[tuple[ModelInfo, ...], Styles], Offer]


def _models(kind: ModelKind) -> _Offers:
    return lambda models, _: tuple((m.id, m.title) for m in models if m.kind is kind)


def _styles(_: tuple[ModelInfo, ...], styles: Styles) -> Offer:
    return tuple((style.name, style.title) for style in styles.usable.values())


_OFFERS: Final[Mapping[str, _Offers]] = {
    "model": _models(ModelKind.DIFFUSION),
    "upscaler": _models(ModelKind.UPSCALER),
    "second": _models(ModelKind.UPSCALER),
    "refiner": _models(ModelKind.DIFFUSION),
    "vae": _models(ModelKind.VAE),
    "style": _styles,
}


class NameRow:
    """A row to choose a name in, or none; a name that is not offered can stay as it is.

    Args:
        config: The values of the arguments, which it changes.
        argument: A text of `arguments.OFFERED`.
        mode: What the procedure does.
        tr: Translates.
    """

    def __init__(
        self, config: Gimp.ProcedureConfig, argument: Argument, mode: Mode, tr: Translate
    ) -> None:
        self._config = config
        self._name = argument.name
        is_upscaler = mode is Mode.UPSCALE and argument.name == "model"
        self._offers = _OFFERS["upscaler" if is_upscaler else argument.name]
        self._first = {
            "model": tr("The first that the server offers"),
            "vae": tr("The model's own"),
            "style": tr("None"),
            "second": tr("None"),
            "refiner": tr("The first that the server offers"),
        }[argument.name]
        if is_upscaler:
            self._first = tr("The one that suits the factor")
        self._offered: Offer = ()
        self._combo = Gtk.ComboBoxText()
        self.label = Gtk.Label(
            label=tr(argument.label), use_underline=True, xalign=0.0, mnemonic_widget=self._combo
        )
        self.widget = Gtk.Box(spacing=6)
        self.widget.pack_start(self.label, False, False, 0)
        self.widget.pack_start(self._combo, True, True, 0)
        self._show()
        self.widget.show_all()
        self._combo.connect("changed", self._take)
        config.connect(f"notify::{self._name}", self._choose)

    def offer(self, models: tuple[ModelInfo, ...], styles: Styles) -> None:
        """Offer what there is."""
        offered = self._offers(models, styles)
        if offered != self._offered:
            self._offered = offered
            self._show()

    def _show(self) -> None:
        wanted = self._config.get_property(self._name) or ""
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
        if chosen is not None and chosen != self._config.get_property(self._name):
            self._config.set_property(self._name, chosen)

    def _choose(self, config: Gimp.ProcedureConfig, changed: GObject.ParamSpec) -> None:
        del changed
        wanted: Any = config.get_property(self._name)
        if wanted != self._combo.get_active_id():
            self._show()
