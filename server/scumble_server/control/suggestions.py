"""Which published networks to fetch where one is missing, by their names on the usual hub."""

from __future__ import annotations

from scumble_protocol.guides import ControlKind, ReferenceKind

_SD1 = {
    ControlKind.CANNY: "control_v11p_sd15_canny",
    ControlKind.SCRIBBLE: "control_v11p_sd15_scribble",
    ControlKind.LINEART: "control_v11p_sd15_lineart",
    ControlKind.SOFT_EDGE: "control_v11p_sd15_softedge",
    ControlKind.DEPTH: "control_v11f1p_sd15_depth",
    ControlKind.NORMAL: "control_v11p_sd15_normalbae",
    ControlKind.POSE: "control_v11p_sd15_openpose",
    ControlKind.SEGMENTATION: "control_v11p_sd15_seg",
    ControlKind.TILE: "control_v11f1e_sd15_tile",
    ControlKind.BLUR: "control_v11f1e_sd15_tile",
    ControlKind.INPAINT: "control_v11p_sd15_inpaint",
}


def suggested_control(kind: ControlKind, base: str) -> str:
    """A ControlNet for a kind of control that fits a base; empty if none is known."""
    if base == "sd1":
        return f"lllyasviel/{_SD1[kind]}"
    if base == "sdxl":
        return "xinsir/controlnet-union-sdxl-1.0 (for tile and inpaint its ProMax version)"
    return _TRANSFORMERS.get(base, "")


_TRANSFORMERS = {
    "sd3": "InstantX/SD3-Controlnet-Canny (there are Pose and Tile too)",
    "flux1": "InstantX/FLUX.1-dev-Controlnet-Union",
    "qwen-image": "InstantX/Qwen-Image-ControlNet-Union",
}


def suggested_reference(kind: ReferenceKind, base: str) -> str:
    """An IP-Adapter that fits a base; empty if none is known."""
    family = {"sd1": ("models", "sd15"), "sdxl": ("sdxl_models", "sdxl_vit-h")}.get(base)
    if family is None:
        return ""
    face = "-face" if kind is ReferenceKind.FACE else ""
    name = f"ip-adapter-plus{face}_{family[1]}.safetensors"
    return f"{family[0]}/{name} of h94/IP-Adapter"
