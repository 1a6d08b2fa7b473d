"""What is added to a UNet must attend to text of the same width: the base that it was made for."""

from __future__ import annotations

_BASES = {768: "sd1", 1024: "sd2", 2048: "sdxl"}
"""By the width of the text that a UNet's cross-attention reads."""

_TITLES = {
    "sd1": "Stable Diffusion 1.x",
    "sd2": "Stable Diffusion 2.x",
    "sdxl": "SDXL",
    "sd3": "Stable Diffusion 3",
    "flux1": "FLUX.1",
    "qwen-image": "Qwen-Image",
}


def base_of(text_width: int) -> str:
    """The name of a base: the family's for the usual widths, else one made of the width."""
    return _BASES.get(text_width, f"unet-{text_width}")


def base_title(base: str) -> str:
    """A base for people; empty where it is of no usual making."""
    return _TITLES.get(base, "")


def this_model(base: str) -> str:
    """A model of a base, as a painter may call it who has chosen it."""
    return f"this {base_title(base)} model" if base_title(base) else "this model"
