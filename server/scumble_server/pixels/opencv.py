"""The OpenCV that we use, with types: its own stubs know neither sample types nor axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from scumble_protocol.geometry import Rect, Size

Mask = NDArray[np.uint8]
"""(height, width), 0 to 255."""
Floats = NDArray[np.float32]
"""(height, width) or (height, width, channels), usually 0 to 1."""
Picture = NDArray[np.uint8] | NDArray[np.uint16]
"""(height, width, 4), straight alpha, sRGB."""
Samples = NDArray[Any]
"""(height, width) or (height, width, channels) of uint8, uint16 or float32."""

Point = tuple[float, float]
"""x and y."""

Array = TypeVar("Array", bound=Samples)

AREA = cv2.INTER_AREA
LINEAR = cv2.INTER_LINEAR
CUBIC = cv2.INTER_CUBIC
LANCZOS = cv2.INTER_LANCZOS4


def resized(array: Array, width: int, height: int, method: int) -> Array:
    """The array at another size; integers are clipped to their range, floats are not."""
    result = cv2.resize(array, (width, height), interpolation=method)
    # OpenCV drops an axis of length 1.
    return cast("Array", result.reshape(height, width, *array.shape[2:]))


def dilated(mask: Mask, disk: Mask, times: int = 1) -> Mask:
    """The largest value under the disk, at every pixel; nothing comes from beyond the edges."""
    return cast("Mask", cv2.dilate(mask, disk, iterations=times))


def eroded(mask: Mask, disk: Mask) -> Mask:
    """The smallest value under the disk, at every pixel; nothing comes from beyond the edges."""
    return cast("Mask", cv2.erode(mask, disk))


def box_blurred(array: Array, radius: int) -> Array:
    """The mean of the `2 * radius + 1` pixels square around every pixel; edge pixels go on."""
    side = 2 * radius + 1
    return cast("Array", cv2.blur(array, (side, side), borderType=cv2.BORDER_REPLICATE))


def gaussian_blurred(array: Array, sigma: float) -> Array:
    """The array under a Gaussian of that standard deviation in pixels."""
    return cast("Array", cv2.GaussianBlur(array, (0, 0), sigma))


def looked_up(mask: Mask, table: Mask) -> Mask:
    """`table[mask]` for a table of 256 values."""
    return cast("Mask", cv2.LUT(mask, table))


def bounding_box(mask: Mask) -> tuple[int, int, int, int]:
    """Left, top, width and height of all that is above 0; the sizes are 0 when nothing is."""
    x, y, width, height = cv2.boundingRect(mask)
    return x, y, width, height


def extended(array: Array, right: int, below: int) -> Array:
    """The array with its last column and row repeated that many times."""
    if not right and not below:
        return array
    return cast("Array", cv2.copyMakeBorder(array, 0, below, 0, right, cv2.BORDER_REPLICATE))


def distance_to_zero(mask: Mask) -> Floats:
    """How far each pixel is from the nearest 0, in pixels, exactly along rows and columns."""
    return cast("Floats", cv2.distanceTransform(mask, cv2.DIST_L2, 3))


def surrounded(array: Array, at: Rect, size: Size) -> Array:
    """The array at a place in a larger one, its edges repeated around it."""
    sides = (at.y, size.height - at.bottom, at.x, size.width - at.right)
    return (
        cast("Array", cv2.copyMakeBorder(array, *sides, cv2.BORDER_REPLICATE))
        if any(sides)
        else array
    )


def without_alpha(picture: Array) -> Array:
    """The first three of four channels."""
    return cast("Array", cv2.cvtColor(picture, cv2.COLOR_RGBA2RGB))


def with_alpha(picture: Array) -> Array:
    """Three channels and a fourth that is opaque."""
    return cast("Array", cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA))


def gray(picture: Mask) -> Mask:
    """The lightness of three channels of bytes."""
    return cast("Mask", cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def turned(mask: Mask, degrees: float) -> tuple[Mask, Callable[[float, float], Point]]:
    """A mask turned about its middle, its size kept, and where its points were before."""
    height, width = mask.shape
    there = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    back = cv2.invertAffineTransform(there)

    def before(x: float, y: float) -> Point:
        left, top = back @ np.array([x, y, 1.0])
        return float(left), float(top)

    result = cv2.warpAffine(mask, there, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return cast("Mask", result), before


def copied(source: Array, mask: Mask, onto: Array) -> Array:
    """`onto` with the source's pixels where the mask is not 0."""
    return cast("Array", cv2.copyTo(source, mask, onto.copy()))


def lab(picture: Floats) -> Floats:
    """CIE L*a*b* (D65; L 0 to 100) of sRGB from 0 to 1."""
    return cast("Floats", cv2.cvtColor(picture, cv2.COLOR_RGB2Lab))


def srgb(picture: Floats) -> Floats:
    """The sRGB of CIE L*a*b*, clipped to 0 to 1."""
    return np.clip(cast("Floats", cv2.cvtColor(picture, cv2.COLOR_Lab2RGB)), 0, 1)


def unit(samples: Samples) -> Floats:
    """Integers of the full range as float32 from 0 to 1."""
    scale = np.float32(1 / np.iinfo(samples.dtype).max)
    return cast("Floats", np.multiply(samples, scale, dtype=np.float32))


def quantized(array: Floats, like: Samples) -> Samples:
    """Floats from 0 to 1 as integers of the full range of `like`, rounded and clipped."""
    depth = {"uint8": cv2.CV_8U, "uint16": cv2.CV_16U}[like.dtype.name]
    full = np.full(4, np.iinfo(like.dtype).max, np.float64)
    return cast("Samples", cv2.multiply(array, full, dtype=depth))
