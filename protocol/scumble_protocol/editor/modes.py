"""What a painter can have done, and which of it a server offers."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from scumble_protocol.editor.language import Translate
from scumble_protocol.messages import ModelInfo, ModelKind


class Mode(str, enum.Enum):
    """What is to be done; the values are the names of `Welcome.features`."""

    REGENERATE = "regenerate"
    """Make the selection anew, from what is there."""
    FILL = "fill"
    """Make something in the selection that keeps nothing of what is there."""
    REMOVE = "remove"
    """Take what is selected away."""
    EXPAND = "expand"
    """Make the canvas larger, and fill what was added."""
    UPSCALE = "upscale"
    """Enlarge the picture."""
    SKETCH = "sketch"
    """Make a picture from the lines in the selection."""


def missing(
    features: tuple[str, ...], models: tuple[ModelInfo, ...], tr: Translate
) -> Mapping[Mode, str]:
    """For every mode why a server does not offer it, in a sentence; empty where it does.

    Args:
        features: Those of its welcome; none before a server was reached, when nothing is missing
            yet.
        models: The models that it has now.
        tr: Translates the sentences.
    """
    if not features:
        return dict.fromkeys(Mode, "")
    kinds = {model.kind for model in models}
    return {mode: _reason(mode, features, kinds, tr) for mode in Mode}


def _reason(mode: Mode, features: tuple[str, ...], kinds: set[ModelKind], tr: Translate) -> str:
    if mode.value not in features:
        return tr("This server can't do that yet; a newer Scumble may.")
    if mode is Mode.REMOVE:
        return ""  # what it needs of a model is only for refining
    if mode is Mode.UPSCALE:
        return "" if ModelKind.UPSCALER in kinds else tr("The server has no upscaler.")
    return "" if ModelKind.DIFFUSION in kinds else tr("The server has no model for that.")
