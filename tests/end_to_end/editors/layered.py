"""Layered pictures as the tests see them: what a file says, and what an editor shows of it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from PIL import Image

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Node:
    """A layer, or a group with its layers, the top one first."""

    name: str
    is_visible: bool
    opacity: float
    layers: tuple[Node, ...] | None = None


@dataclass(frozen=True)
class Layered:
    """The tree of layers, the top one first, and what all of them look like together."""

    nodes: tuple[Node, ...]
    merged: Pixels


def tree_of(entries: list[dict[str, Any]]) -> tuple[Node, ...]:
    """The tree that an editor told as lists of {name, visible, opacity, layers or None}."""
    return tuple(
        Node(
            entry["name"],
            entry["visible"],
            round(entry["opacity"], 2),
            None if entry["layers"] is None else tree_of(entry["layers"]),
        )
        for entry in entries
    )


def read_openraster(file: Path) -> Layered:
    """What an OpenRaster file says of itself."""
    with zipfile.ZipFile(file) as archive:
        image = ET.fromstring(archive.read("stack.xml"))  # noqa: S314 - our own file
        merged = Image.open(io.BytesIO(archive.read("mergedimage.png"))).convert("RGBA")
    stack = image.find("stack")
    assert stack is not None
    return Layered(_nodes(stack), np.asarray(merged))


def composite(file: Path, *, in_light: bool) -> Pixels:
    """The visible layers of an OpenRaster file over each other, by the rule for alpha.

    Args:
        in_light: Mix light, as GIMP does, rather than the numbers in the file, as Krita does.
    """
    with zipfile.ZipFile(file) as archive:
        image = ET.fromstring(archive.read("stack.xml"))  # noqa: S314 - our own file
        canvas = np.zeros((int(image.attrib["h"]), int(image.attrib["w"]), 4))
        for element, opacity in reversed(list(_visible(image, 1.0))):
            layer = Image.open(io.BytesIO(archive.read(element.attrib["src"]))).convert("RGBA")
            pixels = np.asarray(layer) / 255
            x, y = int(element.get("x", "0")), int(element.get("y", "0"))
            _lay(_light(pixels) if in_light else pixels, opacity, canvas[y:, x:])
    return np.rint((_number(canvas) if in_light else canvas) * 255).astype(np.uint8)


def _visible(stack: ET.Element, opacity: float) -> Iterator[tuple[ET.Element, float]]:
    """The layers that are seen, the top one first, with the opacity of their groups in theirs."""
    for element in stack:
        if element.get("visibility", "visible") != "visible":
            continue
        own = opacity * float(element.get("opacity", "1"))
        if element.tag == "stack":
            yield from _visible(element, own)
        else:
            yield element, own


def _lay(layer: Floats, opacity: float, canvas: Floats) -> None:
    """Put a layer over the canvas, in place; both straight alpha."""
    layer = layer[: canvas.shape[0], : canvas.shape[1]]
    area = canvas[: layer.shape[0], : layer.shape[1]]
    above, below = layer[..., 3:] * opacity, area[..., 3:]
    alpha = above + below * (1 - above)
    mixed = layer[..., :3] * above + area[..., :3] * below * (1 - above)
    area[..., :3] = np.divide(mixed, alpha, out=np.zeros_like(mixed), where=alpha > 0)
    area[..., 3:] = alpha


def _light(pixels: Floats) -> Floats:
    """From sRGB's numbers to light; alpha stays."""
    colour = pixels[..., :3]
    light = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return np.concatenate([light, pixels[..., 3:]], axis=-1)


def _number(pixels: Floats) -> Floats:
    """From light to sRGB's numbers; alpha stays."""
    light = pixels[..., :3].clip(0, 1)
    colour = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.concatenate([colour, pixels[..., 3:]], axis=-1)


def _nodes(stack: ET.Element) -> tuple[Node, ...]:
    return tuple(
        Node(
            element.get("name", ""),
            element.get("visibility", "visible") == "visible",
            round(float(element.get("opacity", "1")), 2),
            _nodes(element) if element.tag == "stack" else None,
        )
        for element in stack
    )


def assert_same_tree(shown: tuple[Node, ...], written: tuple[Node, ...]) -> None:
    assert shown == written


def assert_same_picture(shown: Pixels, written: Pixels, tolerance: int = 2) -> None:
    """Equal but for rounding; where nothing is seen, the colour does not matter."""
    assert shown.shape == written.shape
    seen = (shown[..., 3] > 0) | (written[..., 3] > 0)
    difference = np.abs(shown.astype(int) - written.astype(int))[seen]
    assert difference.size
    assert difference.max() <= tolerance
