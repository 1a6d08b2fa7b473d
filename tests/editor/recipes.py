"""Records and files of recipes, for tests that need some."""

from __future__ import annotations

import dataclasses
import struct
import zlib
from typing import Any

from scumble_protocol.editor.record import request_json
from scumble_protocol.editor.settings import Settings
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Pass, ResultLayer
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Upscale
from tests.client.requests_to_send import IMAGE, finished, ref_of, regenerate

A1111 = (
    "a cat, (best:1.2), <lora:fur:0.8>\n"
    "on a mat\n"
    "Negative prompt: blurry,\nugly\n"
    "Steps: 28, Sampler: DPM++ 2M SDE Karras, CFG scale: 6.5, Seed: 1234567890, Size: 512x768, "
    "Model hash: 6ce0161689, Model: v1-5-pruned, VAE: vae.pt, Denoising strength: 0.6, "
    'Clip skip: 2, ENSD: 31337, Mask blur: 4, Lora hashes: "fur: 123, b: 4", Version: v1.10.1'
)


def record(
    *, made: dict[str, Any] | None = None, asked: Settings | None = None, **changes: Any
) -> str:
    """The record of a layer."""
    layer = dataclasses.replace(
        finished("job", IMAGE).layers[0], **{"prompt": "a cat"} | (made or {})
    )
    return request_json(dataclasses.replace(regenerate(), **changes), layer, asked=asked)


def upscale_record(**changes: Any) -> str:
    """The record of an enlarged picture."""
    image = ref_of(IMAGE, PixelFormat.RGBA8)
    request = Upscale("lanczos", 2.0, Size(4, 4), Rect(0, 0, 4, 4), image, **changes)
    layer = ResultLayer(Rect(0, 0, 4, 4), image, ref_of(bytes(16), PixelFormat.GRAY8), 0)
    return request_json(request, layer)


def two_passes(side: int) -> tuple[Pass, ...]:
    """Passes of which the first worked at this size."""
    return (Pass("composition", Size(side, side), 1.0, 20), Pass("detail", Size(64, 64), 0.4, 8, 9))


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG without pixels that has these chunks."""
    parts = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (*chunks, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
