"""Depth, normals and segments of a picture: by transformers' models from the user's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers
from torch.nn import functional

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.control.ade20k import COLORS
from scumble_server.control.networks import weights_bytes
from scumble_server.models.device import weights_type

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_server.control.sources import AdditionSource
    from scumble_server.opencv import Floats

_FAR_IS_LARGE = frozenset({"GLPNForDepthEstimation", "ZoeDepthForDepthEstimation"})
"""Models that tell metres; the others tell nearness."""


class _Network:
    """A transformers model with the processor that brings pictures into its form."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._model = model
        self._processor = processor

    @property
    def bytes(self) -> int:
        """The memory that the weights take."""
        return weights_bytes(self._model)

    def _ask(self, picture: Floats) -> Any:
        # The processors scale 8 bits to what their model was trained with.
        pixels = np.rint(picture * 255).astype(np.uint8)
        read = self._processor(images=pixels, return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            return self._model(pixel_values=read.to(self._model.device, self._model.dtype))


class Depth(_Network):
    """Says how near things are."""

    def read(self, picture: Floats) -> Floats:
        """The depth map: near is white, far is black, the whole range used."""
        predicted = self._ask(picture).predicted_depth[0].float()
        config = self._model.config
        metric = getattr(config, "depth_estimation_type", "relative") == "metric"
        if metric or type(self._model).__name__ in _FAR_IS_LARGE:
            predicted = 1 / predicted.clamp(min=1e-3)
        near = _resized(predicted[None], picture)[0]
        span = float(near.max() - near.min())
        scaled = (near - near.min()) / span if span > 0 else torch.zeros_like(near)
        return np.asarray(scaled.cpu()[..., None].expand(-1, -1, 3), np.float32)


class Segments(_Network):
    """Says what is where, in the colours of ADE20K."""

    def read(self, picture: Floats) -> Floats:
        """A flat colour for each kind of thing."""
        scores = _resized(self._ask(picture).logits[0].float(), picture)
        kinds = scores.argmax(dim=0).cpu().numpy()
        return np.asarray(COLORS[kinds] / np.float32(255), np.float32)


def load_preprocessor(source: AdditionSource, device: torch.device) -> Depth | Segments:
    """Load a preprocessor from a transformers folder.

    Raises:
        RequestError: `UNSUPPORTED_MODEL` when it knows other kinds of things than ADE20K.
    """
    folder = source.path
    auto = {
        "depth": transformers.AutoModelForDepthEstimation,
        "segmentation": transformers.AutoModelForSemanticSegmentation,
    }[source.tells]
    common = {"local_files_only": True}
    model = auto.from_pretrained(
        str(folder), use_safetensors=True, dtype=weights_type(device), **common
    )
    model = model.to(device).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(str(folder), **common)
    if source.tells == "depth":
        return Depth(model, processor)
    if model.config.num_labels != len(COLORS):
        raise _unusable(folder, f"knows {model.config.num_labels} kinds of things instead of 150")
    return Segments(model, processor)


def _resized(maps: torch.Tensor, picture: Floats) -> torch.Tensor:
    """Maps (channels, h, w) at the picture's size."""
    size = picture.shape[:2]
    return functional.interpolate(maps[None], size=size, mode="bilinear", align_corners=False)[0]


def _unusable(folder: Path, what: str) -> RequestError:
    return RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The preprocessor {folder} {what}.",
        "Put a model for depth or for segmentation with ADE20K's 150 kinds there.",
    )
