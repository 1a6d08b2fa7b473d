"""From a sketch to a picture: settings by which its lines are kept and its surfaces are painted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from scumble_protocol.choices import MaskedContent
from scumble_protocol.editor.guides import ControlLayer
from scumble_protocol.editor.settings import Settings
from scumble_protocol.guides import ControlKind
from scumble_protocol.messages import ModelInfo, ModelKind
from scumble_protocol.requests import MAX_GUIDES

LINES = (ControlKind.SCRIBBLE, ControlKind.LINEART)
"""Kinds of control that hold a picture to the strokes of a sketch, the looser one first."""

STRENGTH = 0.75
"""Without a control: enough to paint over strokes and flat colours, and to keep where they are."""
GUIDED_STRENGTH = 1.0
"""With one nothing else of the sketch needs to be kept."""


def sketch_settings(settings: Settings, models: Iterable[ModelInfo]) -> Settings:
    """The settings of a regeneration that takes what is there as a sketch.

    Where there is a ControlNet for scribbles or line art that fits the model, it holds the result
    to the lines; else the sketch itself is painted over. Lines that the painter has chosen a
    control for are left to it.

    Args:
        settings: What the painter has set; strength and masked content are replaced.
        models: Those of the server.
    """
    plain = dataclasses.replace(
        settings, strength=STRENGTH, content=MaskedContent.ORIGINAL, only_faces=False, target=None
    )
    guided = dataclasses.replace(plain, strength=GUIDED_STRENGTH)
    if any(control.kind in LINES for control in settings.controls):
        return guided
    kind = _kind(settings, tuple(models))
    if kind is None or len(settings.controls) == MAX_GUIDES:
        return plain
    return dataclasses.replace(guided, controls=(*settings.controls, ControlLayer(kind)))


def _kind(settings: Settings, models: tuple[ModelInfo, ...]) -> ControlKind | None:
    """The kind of control for lines that there is for the model."""
    chosen = next(
        (
            model
            for model in models
            if model.kind is ModelKind.DIFFUSION and settings.model in {"", model.id}
        ),
        None,
    )
    if chosen is None or not chosen.base:
        return None
    there = {
        kind
        for model in models
        if model.kind is ModelKind.CONTROL and chosen.base in model.fits
        for kind in model.controls
    }
    return next((kind for kind in LINES if kind.value in there), None)
