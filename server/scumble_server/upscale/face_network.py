"""Repairing faces with a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from scumble_server.pixels.opencv import AREA, LANCZOS, Floats, resized
from scumble_server.upscale.face_restorer import FaceRestorer

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor


class FaceNetwork(FaceRestorer):
    """A network of spandrel's for faces, for instance GFPGAN, on its device.

    Args:
        descriptor: A network for pictures of three channels that keeps their size.
    """

    side = 512  # all of them were trained at this

    def __init__(self, descriptor: ImageModelDescriptor[torch.nn.Module]) -> None:
        self._descriptor = descriptor
        parameters = descriptor.model.state_dict().values()
        self.bytes = sum(tensor.numel() * tensor.element_size() for tensor in parameters)

    def restore(self, picture: Floats) -> Floats:
        """See `FaceRestorer.restore`."""
        height, width = picture.shape[:2]
        descriptor = self._descriptor
        tensor = torch.from_numpy(_brought(picture, self.side, self.side)).permute(2, 0, 1)[None]
        with torch.inference_mode():
            output = descriptor(tensor.to(descriptor.device, descriptor.dtype))
        restored = output[0].float().permute(1, 2, 0).cpu().numpy()
        return np.clip(_brought(restored, width, height), 0, 1)


def _brought(picture: Floats, width: int, height: int) -> Floats:
    shrinks = width < picture.shape[1] or height < picture.shape[0]
    method = AREA if shrinks else LANCZOS
    return resized(np.ascontiguousarray(picture), width, height, method).clip(0, 1)
