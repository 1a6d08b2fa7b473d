"""Writing OpenRaster files (https://www.openraster.org): layers that Krita, GIMP and others open.

OpenRaster has no layer masks that both editors read. So a result layer has its mask multiplied into
its opacity and looks right everywhere, and the mask itself lies below it as a hidden layer; see
`docs/decisions/0020-masks-in-openraster.md`.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree as ET

import cv2
import numpy as np

from scumble_cli.pictures.colour import Samples, srgb_profile
from scumble_cli.pictures.inscription import inscription_of
from scumble_cli.pictures.picture import Picture
from scumble_cli.pictures.wire_pixels import array_of
from scumble_cli.pictures.writing import eight_bit, png_bytes, replacing
from scumble_protocol.editor.canvas import Layer, ResultGroup
from scumble_protocol.editor.inscribed import ORA_RECORDS
from scumble_protocol.geometry import Rect

ORA_SUFFIX = ".ora"
_THUMBNAIL_SIDE = 256
_DEFAULT_RESOLUTION = (72.0, 72.0)


def write_openraster(
    path: Path, picture: Picture, groups: tuple[ResultGroup, ...], merged: Picture
) -> None:
    """Write a picture with groups of layers above it, the last group on top.

    Args:
        path: The file to write; an older one is replaced.
        picture: The picture at the bottom.
        groups: The groups, from the bottom up; the first layer of a group is on top.
        merged: What everything looks like together, for programs that can't read layers.

    Raises like `write_picture`.
    """
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        # First and uncompressed, so that the type can be told from the file's first bytes.
        archive.writestr("mimetype", "image/openraster")
        stack = _Stack(archive)
        for group in reversed(groups):
            stack.add_group(group, picture)
        stack.add_lowest(picture)
        archive.writestr("stack.xml", stack.xml(picture), zipfile.ZIP_DEFLATED)
        archive.writestr(ORA_RECORDS, json.dumps(stack.requests, indent=1))
        archive.writestr("mergedimage.png", png_bytes(_named(merged)))
        archive.writestr("Thumbnails/thumbnail.png", png_bytes(_thumbnail(merged)))


@dataclass
class _Stack:
    """The layers written so far, from the top down.

    Args:
        archive: Where their pictures go.
        root: What `stack.xml` says of them.
        requests: The request that made a layer, by the name of the layer's file.
    """

    archive: zipfile.ZipFile
    root: ET.Element = field(default_factory=lambda: ET.Element("stack"))
    requests: dict[str, object] = field(default_factory=dict)
    _number: int = 0

    def add_group(self, group: ResultGroup, picture: Picture) -> None:
        """Add a group and, below its layers, their masks: variations mostly share one."""
        element = ET.SubElement(self.root, "stack", name=group.name, isolation="isolate")
        for layer in group.layers:
            masked = _masked(picture, layer)
            source = self.add_picture(
                element, masked, layer.name, layer.rect, is_visible=layer.visible
            )
            self.requests[source] = json.loads(layer.request_json)
        for mask in {layer.mask.data: layer for layer in group.layers}.values():
            grey = Picture(array_of(mask.mask))
            self.add_picture(element, grey, "Mask", mask.rect, is_visible=False)

    def add_lowest(self, picture: Picture) -> None:
        """Add the picture below everything; an enlarged one names its request too."""
        whole = Rect.of(picture.size)
        source = self.add_picture(self.root, picture, "Picture", whole, is_visible=True)
        if picture.inscription is not None:
            self.requests[source] = json.loads(picture.inscription.record)

    def add_picture(
        self, parent: ET.Element, picture: Picture, name: str, rect: Rect, *, is_visible: bool
    ) -> str:
        """Add a layer below those that `parent` has; gives the name of its file."""
        source = f"data/{self._number:03d}.png"
        self._number += 1
        self.archive.writestr(source, png_bytes(_named(picture)))
        ET.SubElement(
            parent,
            "layer",
            {"name": name, "src": source, "x": str(rect.x), "y": str(rect.y), "opacity": "1.0"},
            visibility="visible" if is_visible else "hidden",
            **{"composite-op": "svg:src-over"},
        )
        return source

    def xml(self, picture: Picture) -> bytes:
        """The text of `stack.xml`."""
        across, down = picture.resolution or _DEFAULT_RESOLUTION
        image = ET.Element(
            "image",
            version="0.0.3",
            w=str(picture.size.width),
            h=str(picture.size.height),
            xres=str(round(across)),
            yres=str(round(down)),
        )
        image.append(self.root)
        text: bytes = ET.tostring(image, encoding="UTF-8", xml_declaration=True)
        return text


def _named(picture: Picture) -> Picture:
    """The picture with its colour space named, where Krita would otherwise ask for it.

    At 16 bits Krita takes pixels without a profile for linear ones, after asking in a dialog.
    """
    if picture.profile is not None or picture.samples.dtype != np.uint16:
        return picture
    return replace(picture, profile=srgb_profile(3 if picture.samples.shape[2] >= 3 else 1))


def _masked(picture: Picture, layer: Layer) -> Picture:
    """The layer in the picture's colours, with its mask multiplied into its opacity."""
    pixels = array_of(layer.pixels)
    below = picture.cropped(layer.rect)
    # Where the layer equals the picture, it has the picture's own samples, unconverted.
    drawn = below.written(Rect.of(layer.rect.size), pixels)
    colours = drawn.samples[..., :-1] if picture.has_alpha else drawn.samples
    mask = array_of(layer.mask).astype(np.uint32)
    alpha = (pixels[..., 3:].astype(np.uint32) * mask + 127) // 255
    samples = np.concatenate([colours, alpha.astype(pixels.dtype)], axis=2)
    return Picture(samples, picture.profile, inscription=inscription_of(layer.request_json))


def _thumbnail(merged: Picture) -> Picture:
    """At most 256 pixels a side, 8 bits, as the format wants it."""
    size = merged.size
    scale = min(1.0, _THUMBNAIL_SIDE / max(size.width, size.height))
    sides = (max(1, round(size.width * scale)), max(1, round(size.height * scale)))
    small: Samples = cv2.resize(merged.samples, sides, interpolation=cv2.INTER_AREA)
    shrunk = Picture(small.reshape(sides[1], sides[0], -1), merged.profile)
    return Picture(eight_bit(shrunk.read(Rect.of(shrunk.size))))
