"""Which upscaler suits a factor."""

from __future__ import annotations

from collections.abc import Iterable

from scumble_protocol.messages import ModelInfo, ModelKind


def proposed(models: Iterable[ModelInfo], scale: float) -> str:
    """The upscaler for a factor: the first listed that reaches it, else the one that goes farthest.

    Servers list those that come with Scumble first. A network that goes beyond the factor is better
    than one that falls short, since its result is only shrunk.

    Args:
        models: Those that the server offers; upscalers among them have their factor in `scale`.
        scale: The factor wanted.

    Returns:
        An id, or nothing where there is no upscaler.
    """
    upscalers = [model for model in models if model.kind is ModelKind.UPSCALER]
    for model in upscalers:
        if model.scale >= scale:
            return model.id
    farthest = max(upscalers, key=lambda model: model.scale, default=None)
    return farthest.id if farthest else ""
