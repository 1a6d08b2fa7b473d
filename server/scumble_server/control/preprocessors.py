"""Depth, segments and poses in a picture: by transformers' models from the user's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers
from torch.nn import functional

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.control.ade20k import COLORS
from scumble_server.control.networks import weights_bytes
from scumble_server.control.skeleton import drawn, from_coco
from scumble_server.models.device import weights_type

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scumble_server.control.addition import Box
    from scumble_server.control.sources import AdditionSource
    from scumble_server.pixels.opencv import Floats

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

    def _ask(self, picture: Floats, boxes: Any = None, **told: Any) -> Any:
        # The processors scale 8 bits to what their model was trained with.
        pixels = np.rint(picture * 255).astype(np.uint8)
        where = {} if boxes is None else {"boxes": boxes}
        read = self._processor(images=pixels, return_tensors="pt", **where)["pixel_values"]
        with torch.inference_mode():
            return self._model(pixel_values=read.to(self._model.device, self._model.dtype), **told)


class Depth(_Network):
    """Says how near things are."""

    def read(self, picture: Floats, _people: Sequence[Box] = ()) -> Floats:
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

    def read(self, picture: Floats, _people: Sequence[Box] = ()) -> Floats:
        """A flat colour for each kind of thing."""
        scores = _resized(self._ask(picture).logits[0].float(), picture)
        kinds = scores.argmax(dim=0).cpu().numpy()
        return np.asarray(COLORS[kinds] / np.float32(255), np.float32)


class Pose(_Network):
    """Finds the joints of people, each in a box of their own."""

    def read(self, picture: Floats, people: Sequence[Box] = ()) -> Floats:
        """Stick figures; without boxes the whole picture is taken to show one person."""
        height, width = picture.shape[:2]
        boxes = [list(box) for box in people or ((0.0, 0.0, float(width), float(height)),)]
        told = {}
        if getattr(self._model.config.backbone_config, "num_experts", 1) > 1:
            # Of the sets of points that it learned, the first are COCO's.
            told["dataset_index"] = torch.zeros(len(boxes), dtype=torch.int64)
        asked = self._ask(picture, [boxes], **told)
        (found,) = self._processor.post_process_pose_estimation(asked, boxes=[boxes])
        figures = [
            from_coco(one["keypoints"].float().cpu().numpy(), one["scores"].float().cpu().numpy())
            for one in found
        ]
        return drawn(figures, height, width)


class People(_Network):
    """Finds people among other things."""

    def people(self, picture: Floats) -> tuple[Box, ...]:
        """The boxes of people, the surest first."""
        height, width = picture.shape[:2]
        (found,) = self._processor.post_process_object_detection(
            self._ask(picture), threshold=0.5, target_sizes=[(height, width)]
        )
        names = self._model.config.id2label
        return tuple(
            (left, top, right - left, bottom - top)
            for (left, top, right, bottom), label in zip(
                found["boxes"].tolist(), found["labels"].tolist(), strict=True
            )
            if str(names[label]).lower() == "person"
        )


def load_preprocessor(source: AdditionSource, device: torch.device) -> _Network:
    """Load a preprocessor from a transformers folder.

    Raises:
        RequestError: `UNSUPPORTED_MODEL` when it knows other kinds of things than ADE20K.
    """
    folder = source.path
    auto = {
        "depth": transformers.AutoModelForDepthEstimation,
        "segmentation": transformers.AutoModelForSemanticSegmentation,
        "pose": transformers.VitPoseForPoseEstimation,
        "people": transformers.AutoModelForObjectDetection,
    }[source.tells]
    model = auto.from_pretrained(
        str(folder),
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        dtype=weights_type(device),
    )
    model = model.to(device).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(
        str(folder), local_files_only=True, trust_remote_code=False
    )
    if source.tells == "segmentation" and model.config.num_labels != len(COLORS):
        raise _unusable(folder, f"knows {model.config.num_labels} kinds of things instead of 150")
    kinds = {"depth": Depth, "segmentation": Segments, "pose": Pose, "people": People}
    return kinds[source.tells](model, processor)


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
