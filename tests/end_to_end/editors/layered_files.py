"""Layered files to open: one made here by the book, and those that the command line writes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.pictures.picture import Picture
from scumble_cli.pictures.writing import write_picture
from scumble_protocol.editor.canvas import Layer, ResultGroup
from scumble_protocol.geometry import Rect
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.pixels import Pixels as WirePixels
from tests.end_to_end.editors.layered import Pixels

STACK = """\
<?xml version="1.0" encoding="UTF-8"?>
<image version="0.0.3" w="41" h="31">
 <stack>
  <stack name="Scumble: a red hat" opacity="1.0" visibility="visible">
   <layer name="Variation 1" src="data/1.png" x="7" y="5" opacity="0.5" visibility="visible"/>
   <layer name="Variation 2" src="data/2.png" x="7" y="5" opacity="1.0" visibility="hidden"/>
  </stack>
  <layer name="Picture" src="data/0.png" x="0" y="0" opacity="1.0" visibility="visible"/>
 </stack>
</image>
"""


def write_by_the_book(file: Path) -> None:
    """A file of odd size, with a group, a layer half seen and one not seen at all."""
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (31, 41, 4), dtype=np.uint8)
    picture[..., 3] = 255
    first, second = rng.integers(0, 256, (2, 13, 17, 4), dtype=np.uint8)
    alpha = first[..., 3:] / 255 * 0.5
    merged = picture.astype(float)
    area = merged[5:18, 7:24, :3]
    area[:] = first[..., :3] * alpha + area * (1 - alpha)
    seen: Pixels = np.rint(merged).astype(np.uint8)
    files = {
        "stack.xml": STACK.encode(),
        "data/0.png": _png(picture),
        "data/1.png": _png(first),
        "data/2.png": _png(second),
        "mergedimage.png": _png(seen),
        "Thumbnails/thumbnail.png": _png(seen),
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        # The format wants the type first and uncompressed.
        archive.writestr("mimetype", "image/openraster", zipfile.ZIP_STORED)
        for name, content in files.items():
            archive.writestr(name, content)


def write_by_the_command_line(file: Path, bits: int) -> None:
    """A picture of odd size and 8 or 16 bits with a result as the command line would keep it."""
    rng = np.random.default_rng(2)
    kind = np.uint8 if bits == 8 else np.uint16
    highest = 2**bits - 1
    samples = rng.integers(0, highest + 1, (37, 53, 3)).astype(kind)
    picture = file.with_suffix(".png")
    write_picture(picture, Picture(samples))
    canvas = PictureCanvas.open(picture)
    rect = Rect(11, 6, 19, 15)
    # A soft rim on all sides, as feathering makes it.
    ramp = np.minimum.outer(_rise(rect.height), _rise(rect.width))
    mask = WirePixels(rect.size, PixelFormat.GRAY8, ramp.astype(np.uint8).tobytes())
    colour = rng.integers(0, highest + 1, (2, rect.height, rect.width, 4)).astype(kind)
    colour[..., 3] = highest
    form = PixelFormat.RGBA8 if bits == 8 else PixelFormat.RGBA16
    layers = tuple(
        Layer(
            name=f"Variation {number}",
            rect=rect,
            pixels=WirePixels(rect.size, form, pixels.tobytes()),
            mask=mask,
            visible=number == 1,
            request_json="{}",
        )
        for number, pixels in enumerate(colour, 1)
    )
    canvas.insert(ResultGroup("Scumble: a red hat", layers))
    canvas.save(file)


def _rise(length: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """From 0 at both ends up to 255, 64 a pixel."""
    steps = np.arange(length)
    rise: np.ndarray[tuple[int], np.dtype[np.int64]] = np.minimum(steps, steps[::-1]) * 64
    return rise.clip(max=255)


def _png(pixels: Pixels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()
