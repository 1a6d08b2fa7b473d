"""Picture files in memory: the samples as they are in the file, and what they are in sRGB."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from scumble_cli.pictures.colour import ColourSpace, Samples
from scumble_cli.pictures.inscription import Inscription
from scumble_protocol.editor.canvas import Margins
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat


@dataclass(frozen=True)
class Picture:
    """A picture as its file has it, the right way up.

    Args:
        samples: (height, width, channels), `uint8` or `uint16`; 1 channel is grey, 2 grey and
            alpha, 3 RGB, 4 RGBA; alpha is straight.
        profile: The ICC profile of the colours, or None for sRGB.
        resolution: Pixels per inch across and down, or None if the file does not say.
        inscription: What its file is to say of its making; None for nothing.
    """

    samples: Samples
    profile: bytes | None = None
    resolution: tuple[float, float] | None = None
    inscription: Inscription | None = None

    @property
    def size(self) -> Size:
        """Width and height."""
        height, width = self.samples.shape[:2]
        return Size(width, height)

    @property
    def format(self) -> PixelFormat:
        """The layout in which `read` gives pixels."""
        return PixelFormat.RGBA16 if self.samples.dtype == np.uint16 else PixelFormat.RGBA8

    @property
    def has_alpha(self) -> bool:
        """Whether the file has an alpha channel."""
        return self.samples.shape[2] in {2, 4}

    def read(self, rect: Rect) -> Samples:
        """The pixels of a rectangle inside the picture, as straight RGBA in sRGB."""
        samples = self._part(rect)
        if self._space.is_srgb and samples.shape[2] != 2:
            return samples if samples.shape[2] == 4 else _with_alpha(samples)
        pixels = np.empty((*samples.shape[:2], 4), samples.dtype)
        pixels[..., :3] = self._space.to_srgb(samples[..., : self._colours])
        opaque = np.iinfo(samples.dtype).max
        pixels[..., 3] = samples[..., -1] if self.has_alpha else opaque
        return pixels

    def cropped(self, rect: Rect) -> Picture:
        """A rectangle inside the picture, as a picture of its own; shares the samples."""
        return replace(self, samples=self._part(rect))

    def written(self, rect: Rect, pixels: Samples) -> Picture:
        """The picture with other pixels, straight RGBA in sRGB, in a rectangle inside it.

        Only samples whose pixel differs from what `read` gives are computed anew; all others stay
        as they are in the file, so that no way through sRGB and back can change them.
        """
        changed = np.any(pixels != self.read(rect), axis=2)
        if not changed.any():
            return self
        # One row of changed pixels is the smallest picture that can be converted.
        row = self._samples(pixels[changed][np.newaxis])
        samples = self.samples.copy()
        samples[rect.y : rect.bottom, rect.x : rect.right][changed] = row[0]
        return replace(self, samples=samples)

    def drawn_anew(self, pixels: Samples) -> Picture:
        """A picture of the same kind and any size with these pixels, straight RGBA in sRGB."""
        return replace(self, samples=self._samples(pixels))

    def resized(self, size: Size) -> Picture:
        """The picture with other sides, each by its own factor."""
        shrinks = size.width < self.size.width or size.height < self.size.height
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        sides = (size.width, size.height)
        samples = np.asarray(cv2.resize(self.samples, sides, interpolation=how))
        return replace(self, samples=samples.reshape(size.height, size.width, -1))

    def without_needless_alpha(self) -> Picture:
        """The picture without its alpha channel, if it is opaque everywhere."""
        if not self.has_alpha or (self.samples[..., -1] != np.iinfo(self.samples.dtype).max).any():
            return self
        return replace(self, samples=np.ascontiguousarray(self.samples[..., :-1]))

    def expanded(self, margins: Margins) -> Picture:
        """The picture with transparent space around it; it has an alpha channel from here on."""
        samples = self.samples
        if not self.has_alpha:
            opaque = np.full_like(samples[..., :1], np.iinfo(samples.dtype).max)
            samples = np.concatenate([samples, opaque], axis=2)
        rows, columns = (margins.top, margins.bottom), (margins.left, margins.right)
        return replace(self, samples=np.pad(samples, (rows, columns, (0, 0))))

    def _samples(self, pixels: Samples) -> Samples:
        colours = self._space.from_srgb(pixels[..., :3])
        alpha = pixels[..., 3:] if self.has_alpha else pixels[..., :0]
        return np.concatenate([colours, alpha], axis=2)

    @property
    def _colours(self) -> int:
        return 3 if self.samples.shape[2] >= 3 else 1

    @property
    def _space(self) -> ColourSpace:
        return ColourSpace(self.profile, self._colours)

    def _part(self, rect: Rect) -> Samples:
        return self.samples[rect.y : rect.bottom, rect.x : rect.right]


def _with_alpha(samples: Samples) -> Samples:
    """Grey or RGB as opaque RGBA, many times faster than array by array."""
    code = cv2.COLOR_RGB2RGBA if samples.shape[2] == 3 else cv2.COLOR_GRAY2RGBA
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(samples), code))
