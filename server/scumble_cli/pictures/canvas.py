"""An editor without a window: a picture file as the canvas of a studio."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from scumble_cli.pictures.colour import Samples
from scumble_cli.pictures.compositing import mix
from scumble_cli.pictures.inscription import inscription_of
from scumble_cli.pictures.openraster import ORA_SUFFIX, write_openraster
from scumble_cli.pictures.picture import Picture
from scumble_cli.pictures.reading import read_mask, read_picture
from scumble_cli.pictures.wire_pixels import array_of, pixels_of
from scumble_cli.pictures.writing import write_picture
from scumble_protocol.editor.canvas import (
    Layer,
    LayerInfo,
    Margins,
    ResultGroup,
    Snapshot,
    Source,
    Work,
)
from scumble_protocol.errors import ErrorCode, ProtocolError, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat, Pixels


class PictureCanvas:
    """A picture, what is selected of it, and the result groups that were put on top.

    Args:
        picture: The picture; it is never changed.
        selection: A selected rectangle, which may reach beyond the picture.
        mask: A selection as grey values, (height, width) `uint8` of the picture's size. Without
            rectangle and mask the whole picture is meant.

    Raises:
        RequestError: The rectangle lies outside the picture, or the mask has another size.
    """

    def __init__(
        self, picture: Picture, *, selection: Rect | None = None, mask: Samples | None = None
    ) -> None:
        self.picture = picture
        self.guides: dict[str, Picture] = {}
        self.groups: list[ResultGroup] = []
        self._had_alpha = picture.has_alpha
        self._mask = mask
        self._selection = _selection(picture.size, selection, mask)

    @classmethod
    def open(
        cls, path: Path, *, selection: Rect | None = None, mask: Path | None = None
    ) -> PictureCanvas:
        """The canvas of a picture file; `mask` is one too. Raises like `read_picture`."""
        grey = None if mask is None else read_mask(mask)
        return cls(read_picture(path), selection=selection, mask=grey)

    def bounds(self) -> Size:
        """The size of the picture."""
        return self.picture.size

    def depth(self) -> PixelFormat:
        """As deep as the file."""
        return self.picture.format

    def selection(self) -> Rect | None:
        """The bounds of the selection; None if the mask is black."""
        return self._selection

    def read(self, rect: Rect, source: Source) -> Snapshot:
        """The picture's pixels in sRGB; a file is one layer, so that the results never count."""
        del source
        picture = self.picture
        return lambda: pixels_of(picture.read(rect), picture.format)

    def layers(self) -> tuple[LayerInfo, ...]:
        """The pictures that were put beside it to guide a model, each as large as it is."""
        return tuple(
            LayerInfo(name, name, Rect.of(guide.size)) for name, guide in self.guides.items()
        )

    def read_layer(self, layer: str, rect: Rect) -> Snapshot:
        """The pixels of a guide there; it must be as large as the picture."""
        guide = self.guides[layer]
        if not Rect.of(guide.size).contains(rect):
            raise RequestError(
                ErrorCode.BAD_PICTURE,
                f"{layer} has {guide.size} pixels.",
                f"It must have {self.picture.size}, like the picture.",
            )
        return lambda: pixels_of(guide.read(rect), guide.format)

    def read_mask(self, rect: Rect) -> Pixels:
        """The selection there."""
        if self._mask is not None:
            return pixels_of(_part(self._mask, rect), PixelFormat.GRAY8)
        grey = np.zeros((rect.height, rect.width), np.uint8)
        selected = None if self._selection is None else self._selection.intersect(rect)
        if selected is not None:
            _part(grey, selected.moved(-rect.x, -rect.y))[:] = 255
        return pixels_of(grey, PixelFormat.GRAY8)

    def insert(self, group: ResultGroup) -> Work:
        """Remember a group on top of the others."""
        self.groups.append(group)
        return iter(())

    def enlarge(self, size: Size, group: ResultGroup) -> Work:
        """Take the group's layer as the picture if it is alone, else lay the group over it."""
        if group.layers[0].rect != Rect.of(size):
            raise ProtocolError("An enlarged picture does not cover its canvas.")
        covers = len(group.layers) == 1 and not bytes(group.layers[0].mask.data).strip(b"\xff")
        if covers:
            (layer,) = group.layers
            drawn = self.picture.drawn_anew(array_of(layer.pixels))
            self.picture = replace(drawn, inscription=inscription_of(layer.request_json))
            self.groups.clear()
        else:
            self.picture, self.groups = self.picture.resized(size), [group]
        self._mask, self._selection = None, Rect.of(size)
        return iter(())

    def expand(self, margins: Margins) -> None:
        """Add transparent space; the whole picture is selected from here on."""
        self.picture = self.picture.expanded(margins)
        self.groups = [_moved(group, margins.left, margins.top) for group in self.groups]
        self._mask, self._selection = None, Rect.of(self.picture.size)

    def flattened(self, variation: int = 0) -> Picture:
        """The picture with one variation of every group composited onto it.

        Where the groups' masks are black, the samples are those of the file. It says how the
        topmost layer was made.
        """
        picture = self.picture
        for group in self.groups:
            layer = group.layers[min(variation, len(group.layers) - 1)]
            before = picture.read(layer.rect)
            after = mix(before, array_of(layer.pixels), array_of(layer.mask)[..., 0])
            picture = picture.written(layer.rect, after)
            picture = replace(picture, inscription=inscription_of(layer.request_json))
        return picture if self._had_alpha else picture.without_needless_alpha()

    def save(self, path: Path, variation: int = 0) -> None:
        """Write what `flattened` gives, or for an `.ora` file everything in layers.

        Raises like `write_picture`.
        """
        if path.suffix.lower() == ORA_SUFFIX:
            write_openraster(path, self.picture, tuple(self.groups), self.flattened(variation))
        else:
            write_picture(path, self.flattened(variation))

    def save_all(self, files: Sequence[Path], count: int) -> tuple[Path, ...]:
        """Write each variation to its file, and what came beside them to files of its own.

        Args:
            files: One for each variation, or a single `.ora` file for everything.
            count: The number of variations.

        Raises like `write_picture`.
        """
        for variation, file in enumerate(files):
            self.save(file, variation)
        if files[0].suffix.lower() == ORA_SUFFIX or not self.groups:
            return tuple(files)
        beside = self.groups[-1].layers[count:]
        return (*files, *(_save_beside(files[0], layer) for layer in beside))


def _save_beside(file: Path, layer: Layer) -> Path:
    """Write a layer that is no variation, under a name that is free yet."""
    stem = f"{file.stem}-{layer.name.lower().replace(' ', '-')}"
    names = (f"{stem}{'' if number == 1 else f'-{number}'}.png" for number in itertools.count(1))
    path = next(path for name in names if not (path := file.with_name(name)).exists())
    write_picture(path, Picture(array_of(layer.pixels)))
    return path


def _moved(group: ResultGroup, dx: int, dy: int) -> ResultGroup:
    layers = (replace(layer, rect=layer.rect.moved(dx, dy)) for layer in group.layers)
    return replace(group, layers=tuple(layers))


def _part(samples: Samples, rect: Rect) -> Samples:
    return samples[rect.y : rect.bottom, rect.x : rect.right]


def _selection(size: Size, rect: Rect | None, mask: Samples | None) -> Rect | None:
    if mask is not None:
        if mask.shape != (size.height, size.width):
            raise RequestError(
                ErrorCode.MASK_SIZE,
                f"The mask has {mask.shape[1]} x {mask.shape[0]} pixels.",
                f"It must have {size.width} x {size.height}, like the picture.",
            )
        return _bounds(mask)
    if rect is None:
        return Rect.of(size)
    selected = rect.intersect(Rect.of(size))
    if selected is None:
        raise RequestError(
            ErrorCode.SELECTION_OUTSIDE,
            "The selection lies outside the picture.",
            f"The picture has {size.width} x {size.height} pixels.",
        )
    return selected


def _bounds(mask: Samples) -> Rect | None:
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return Rect.edges(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
