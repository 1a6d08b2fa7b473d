"""What modes, samplers and guides are called, and what there is to say about a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.guides import ControlKind, ReferenceKind
from scumble_protocol.messages import ModelInfo

SAMPLER_NAMES: Final[Mapping[Sampler, str]] = {
    Sampler.EULER: "Euler",
    Sampler.EULER_A: "Euler a",
    Sampler.HEUN: "Heun",
    Sampler.DPM2: "DPM2",
    Sampler.DPM2_A: "DPM2 a",
    Sampler.LMS: "LMS",
    Sampler.DPMPP_2S: "DPM++ 2S",
    Sampler.DPMPP_2M: "DPM++ 2M",
    Sampler.DPMPP_2M_SDE: "DPM++ 2M SDE",
    Sampler.DPMPP_3M_SDE: "DPM++ 3M SDE",
    Sampler.DPMPP_SDE: "DPM++ SDE",
    Sampler.DDIM: "DDIM",
    Sampler.UNIPC: "UniPC",
    Sampler.LCM: "LCM",
    Sampler.TCD: "TCD",
    Sampler.FLOW_EULER: "Euler (flow)",
}
"""Proper names, the same in every language."""

SCHEDULE_NAMES: Final[Mapping[Schedule, str]] = {
    Schedule.AUTOMATIC: "Automatic",
    Schedule.NORMAL: "Normal",
    Schedule.KARRAS: "Karras",
    Schedule.EXPONENTIAL: "Exponential",
    Schedule.SGM_UNIFORM: "SGM uniform",
    Schedule.SIMPLE: "Simple",
    Schedule.BETA: "Beta",
}
"""What the field calls them; the first one is translated."""


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


def control_names(tr: Translate) -> Mapping[ControlKind, str]:
    """What controls are called."""
    return {
        ControlKind.CANNY: tr("Canny edges"),
        ControlKind.SCRIBBLE: tr("Scribble"),
        ControlKind.LINEART: tr("Line art"),
        ControlKind.SOFT_EDGE: tr("Soft edges"),
        ControlKind.DEPTH: tr("Depth"),
        ControlKind.NORMAL: tr("Normals"),
        ControlKind.POSE: tr("Pose"),
        ControlKind.SEGMENTATION: tr("Segmentation"),
        ControlKind.TILE: tr("Tile"),
        ControlKind.BLUR: tr("Blur"),
        ControlKind.INPAINT: tr("Inpaint"),
    }


def reference_names(tr: Translate) -> Mapping[ReferenceKind, str]:
    """What references are called."""
    return {
        ReferenceKind.ALL: tr("Reference: everything"),
        ReferenceKind.STYLE: tr("Reference: style"),
        ReferenceKind.COMPOSITION: tr("Reference: composition"),
        ReferenceKind.FACE: tr("Reference: face"),
    }


def model_facts(model: ModelInfo) -> str:
    """What is known of a model, in lines for a tooltip."""
    gigabytes = f"{model.bytes / 2**30:.1f} GiB" if model.bytes >= 2**30 else ""
    megabytes = f"{model.bytes / 2**20:.0f} MiB" if model.bytes and not gigabytes else ""
    known = (model.family, gigabytes or megabytes, model.id if model.id != model.title else "")
    return "\n".join((model.title, *filter(None, known)))
