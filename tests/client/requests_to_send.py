"""Requests and what comes of them, for tests that need some."""

from __future__ import annotations

from scumble_protocol.blobs import blob_id
from scumble_protocol.editor.settings import Settings
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.messages import Finished, PhaseTime, ResultLayer
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate

SIDE = 4
IMAGE = bytes(range(SIDE * SIDE * 4))
MASK = b"\xff" * SIDE * SIDE


def ref_of(data: bytes, layout: PixelFormat, side: int = SIDE) -> ImageRef:
    return ImageRef(blob_id(data), Size(side, side), layout)


def regenerate(image: bytes = IMAGE, mask: bytes = MASK, *, side: int = SIDE) -> Regenerate:
    """A request for a square picture of this many pixels a side."""
    return Settings(model="starter", prompt="a cat").request(
        1,
        canvas=Size(side, side),
        context=Rect(0, 0, side, side),
        image=ref_of(image, PixelFormat.RGBA8, side),
        mask=ref_of(mask, PixelFormat.GRAY8, side),
    )


def blobs_of(*datas: bytes) -> dict[str, bytes]:
    return {blob_id(data): data for data in datas}


def finished(job: str, image: bytes, mask: bytes = MASK, number: int = 3) -> Finished:
    """The end of a job that made this picture of the usual side."""
    layer = ResultLayer(
        Rect(0, 0, SIDE, SIDE),
        ref_of(image, PixelFormat.RGBA8),
        ref_of(mask, PixelFormat.GRAY8),
        1,
    )
    return Finished(job, number, regenerate(), (layer,), (PhaseTime("sampling", 0.5),))
