"""What modes and samplers are called, and what there is to say about a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.messages import ModelInfo
from scumble_protocol.requests import Sampler

SAMPLER_NAMES: Final[Mapping[Sampler, str]] = {
    Sampler.EULER: "Euler",
    Sampler.EULER_A: "Euler a",
    Sampler.DPMPP_2M: "DPM++ 2M",
    Sampler.DPMPP_2M_KARRAS: "DPM++ 2M Karras",
    Sampler.DPMPP_SDE_KARRAS: "DPM++ SDE Karras",
    Sampler.DDIM: "DDIM",
    Sampler.UNIPC: "UniPC",
    Sampler.LCM: "LCM",
    Sampler.HEUN: "Heun",
}
"""Proper names, the same in every language."""


def mode_names(tr: Translate) -> Mapping[Mode, str]:
    """What the modes are called, on the button too."""
    return {
        Mode.REGENERATE: tr("Regenerate"),
        Mode.FILL: tr("Fill"),
        Mode.REMOVE: tr("Remove"),
        Mode.EXPAND: tr("Expand"),
        Mode.UPSCALE: tr("Upscale"),
        Mode.SKETCH: tr("Sketch"),
    }


def model_facts(model: ModelInfo) -> str:
    """What is known of a model, in lines for a tooltip."""
    gigabytes = f"{model.bytes / 2**30:.1f} GiB" if model.bytes >= 2**30 else ""
    megabytes = f"{model.bytes / 2**20:.0f} MiB" if model.bytes and not gigabytes else ""
    known = (model.family, gigabytes or megabytes, model.id if model.id != model.title else "")
    return "\n".join((model.title, *filter(None, known)))
