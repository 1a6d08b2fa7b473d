"""The settings that most pictures can leave alone."""

from __future__ import annotations

from collections.abc import Iterable

from scumble_krita.choice import Choice
from scumble_krita.line import Line
from scumble_krita.number import RealNumber, RimNumber, WholeNumber
from scumble_krita.rows import Rows
from scumble_krita.strength import StrengthSlider
from scumble_krita.switch import Switch
from scumble_protocol.editor.advanced import AdvancedFields
from scumble_protocol.editor.fields import Item
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.offered import (
    area_items,
    content_items,
    resize_items,
    source_items,
)


class Advanced(AdvancedFields, Rows):
    """Fields for the rarer settings.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        super().__init__()
        self._tr = tr
        self._add_area()
        self._add_sampling()
        self._add_result()

    def show_for(self, mode: Mode, *, has_model: bool) -> None:
        """Show what counts in a mode, where a model works or none does."""
        is_free = mode is Mode.REGENERATE
        selects = mode in {Mode.REGENERATE, Mode.SKETCH, Mode.FILL}
        is_upscale = mode is Mode.UPSCALE
        shown = dict.fromkeys(_PARTS, has_model and not is_upscale)
        shown |= dict.fromkeys(("steps", "cfg", "_sampling_heading"), has_model)
        shown |= dict.fromkeys(("padding", "grow", "feather", "source"), not is_upscale)
        shown |= dict.fromkeys(("content", "only_faces", "target", "resize"), is_free)
        shown["_area_heading"] = not is_upscale
        shown |= dict.fromkeys(("area", "invert"), selects)
        for name, is_shown in shown.items():
            self.set_shown(getattr(self, name), is_shown)

    def _add_area(self) -> None:
        tr = self._tr
        self.area = _choice("scumble_area", area_items(tr))
        self.padding = WholeNumber("scumble_padding", 0, 4096, " px")
        self.padding.setSingleStep(16)
        self.grow = RimNumber("scumble_grow", tr("Automatic"))
        self.feather = RimNumber("scumble_feather", tr("Automatic"))
        self.content = _choice("scumble_content", content_items(tr))
        self.source = _choice("scumble_source", source_items(tr))
        self.invert = Switch("scumble_invert", tr("All but the selection"))
        self.match_color = Switch("scumble_match_color", tr("Match colours at the rim"))
        self._area_heading = self.add_heading(tr("Area"))
        self.add(tr("Work on"), self.area)
        self.add(tr("Context"), self.padding, tr("How much around the selection the model sees."))
        self.add(tr("Grow"), self.grow, tr("How far the new part reaches beyond the selection."))
        self.add(tr("Feather"), self.feather, tr("How wide the soft rim of the new part is."))
        self.add(tr("Start from"), self.content)
        self.add(tr("Look at"), self.source)
        self.add("", self.invert, tr("Inpaint not masked: what is selected stays."))
        self.add("", self.match_color)

    def _add_sampling(self) -> None:
        tr = self._tr
        self.steps = WholeNumber("scumble_steps", 1, 200)
        self.full_steps = Switch("scumble_full_steps", tr("All steps at any strength"))
        self.passes = Line("scumble_passes", "0.4, 0.2")
        self.cfg = RealNumber("scumble_cfg", 1, 30, 0.5)
        self.cfg_rescale = RealNumber("scumble_cfg_rescale", 0, 1, 0.05, digits=2)
        self.clip_skip = WholeNumber("scumble_clip_skip", 1, 12)
        self.vae = Choice("scumble_vae", empty=tr("The model's own"))
        self.batch = WholeNumber("scumble_batch", 1, 16)
        self._sampling_heading = self.add_heading(tr("Steps and guidance"))
        self.add(tr("Steps"), self.steps, tr("More steps take longer and may look better."))
        self.add(
            "",
            self.full_steps,
            tr("Else a strength of 50 % runs half of the steps, as elsewhere."),
        )
        self.add(
            tr("Passes"),
            self.passes,
            tr("Strengths of further passes over the result, for instance 0.4, 0.2."),
        )
        self.add(tr("CFG"), self.cfg, tr("How closely to follow the prompt; 1 is not at all."))
        self.add(
            tr("Rescale"),
            self.cfg_rescale,
            tr("CFG rescale: takes back the contrast that a high CFG adds; 0 is not at all."),
        )
        self.add(tr("CLIP skip"), self.clip_skip, tr("1 is as the model was made."))
        self.add(tr("VAE"), self.vae)
        self.add(tr("Batch"), self.batch, tr("How many variations are made at once."))

    def _add_result(self) -> None:
        tr = self._tr
        self.hires = StrengthSlider("scumble_hires")
        self.only_faces = Switch("scumble_only_faces", tr("Faces only"))
        self.target = Line("scumble_target", tr("as the picture"))
        self.resize = _choice("scumble_resize", resize_items(tr))
        self._result_heading = self.add_heading(tr("Result"))
        self.add(
            tr("Detail"),
            self.hires,
            tr("Draws detail into an area too large to be made at once; 0 % only scales it."),
        )
        self.add("", self.only_faces, tr("Makes only the faces in the selection anew."))
        self.add(tr("Size"), self.target, tr("The picture's new size, for instance 1024 x 768."))
        self.add(tr("Resize"), self.resize, tr("How the picture is brought to its new size."))


_PARTS = (
    "_area_heading", "area", "padding", "grow", "feather", "content", "source", "invert",
    "match_color", "_sampling_heading", "steps", "full_steps", "passes", "cfg", "cfg_rescale",
    "clip_skip", "vae", "batch", "_result_heading", "hires", "only_faces", "target", "resize",
)  # fmt: skip


def _choice(name: str, items: Iterable[Item]) -> Choice:
    choice = Choice(name)
    choice.offer(tuple(items))
    return choice
