"""Putting a layer over a picture through its mask, in whole numbers, so that exact stays exact."""

from __future__ import annotations

import numpy as np

from scumble_cli.pictures.colour import Samples

_BAND = 256
"""Rows that are worked on at once, so that the wide numbers of a large picture fit into memory."""


def mix(before: Samples, layer: Samples, mask: Samples) -> Samples:
    """The picture with the layer in place of it, as far as the mask says.

    Args:
        before: The picture, straight RGBA (height, width, 4), `uint8` or `uint16`.
        layer: The layer, the same shape and type.
        mask: (height, width) `uint8`.

    Returns:
        Where the mask is 0, `before` as it is; where it is 255, `layer` as it is; between them
        `(before * (255 - mask) + layer * mask) / 255`, rounded half up, colours weighted by their
        opacity. Where the two are equal, so is the result, whatever the mask.
    """
    mixed = np.empty_like(before)
    for top in range(0, len(before), _BAND):
        rows = slice(top, top + _BAND)
        mixed[rows] = _mix(before[rows], layer[rows], mask[rows, :, np.newaxis])
    return mixed


def _mix(before: Samples, layer: Samples, mask: Samples) -> Samples:
    # Wide enough for the product of a colour, an opacity and a mask value.
    wide = np.uint32 if before.dtype == np.uint8 else np.uint64
    old = before[..., 3:] * (255 - mask).astype(wide)
    new = layer[..., 3:] * mask.astype(wide)
    both = old + new
    alpha = (both + 127) // 255
    colours = before[..., :3] * old + layer[..., :3] * new
    colours = (colours + both // 2) // np.maximum(both, 1)
    mixed = np.concatenate([colours, alpha], axis=2).astype(before.dtype)
    mixed = np.where((both == 0) | (mask == 0), before, mixed)
    return np.where(mask == 255, layer, mixed)
