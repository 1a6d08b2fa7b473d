"""Files whose beginning promises more than anybody has: refused before it is made room for."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.editor.recipes import png
from tests.fuzz.bounded import TAKEN, assert_each_is_one_sentence, ends_of

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux says there how much memory a process has"
)

PICTURES = ("from scumble_cli.pictures.reading import read_picture", "read_picture(path)")
HEADERS = ("from scumble_server.models.headers import read_header", "read_header(path)")
LORAS = ("from scumble_server.prompts.lora_file import check_lora", "check_lora('a', path)")
VECTORS = (
    "from scumble_server.prompts.embedding_file import check_embedding",
    "check_embedding('a', path)",
)
GGUF = ("from scumble_server.models.gguf_header import check_gguf", "check_gguf(path)")
JSON = ("from scumble_server.models.json_files import read_json", "read_json(path)")
WILDCARDS = (
    "from scumble_server.prompts.library import Library",
    "Library(path.parent).lines(path.stem)",
)

ZEROS = zlib.compress(bytes(2**28), 9)
"""A quarter of a gigabyte in as many kilobytes."""

HUGE = 2**31 - 1


def save(folder: Path, files: dict[str, bytes]) -> Iterator[Path]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
        yield folder / name


def endless(path: Path, beginning: bytes = b"") -> Path:
    """A file of a terabyte, of which the disk has a few bytes."""
    with path.open("wb") as file:
        file.write(beginning)
        file.truncate(2**40)
    return path


# Pictures


def header(width: int, height: int, bits: int = 8) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 6, 0, 0, 0)


ROW = zlib.compress(b"\0" + bytes(4))
PNGS = {
    "sides.png": png(header(HUGE, HUGE), (b"IDAT", ROW)),
    "deep-sides.png": png(header(HUGE, HUGE, 16), (b"IDAT", ROW)),
    "long.png": png(header(16_385, 1), (b"IDAT", ROW)),
    "profile.png": png(header(1, 1), (b"iCCP", b"a\0\0" + ZEROS), (b"IDAT", ROW)),
    "texts.png": png(
        header(1, 1),
        *((b"zTXt", b"%d\0\0" % number + ZEROS) for number in range(80)),
        (b"IDAT", ROW),
    ),
}


def tiff(*tags: tuple[int, int, int, int]) -> bytes:
    """A TIFF of one folder with these tags: number, type, count and value."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4)


WIDTH, HEIGHT, BITS, PACKING, COLOURS, DESCRIPTION, STRIPS, SAMPLES, ROWS, LENGTHS = (
    256, 257, 258, 259, 262, 270, 273, 277, 278, 279,
)  # fmt: skip
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_LENGTHS = 322, 323, 324, 325
GREY = ((BITS, 3, 1, 16), (PACKING, 3, 1, 1), (COLOURS, 3, 1, 1), (STRIPS, 4, 1, 8))
SMALL = ((WIDTH, 4, 1, 4), (HEIGHT, 4, 1, 4))
TIFFS = {
    "sides.tif": tiff((WIDTH, 4, 1, HUGE), (HEIGHT, 4, 1, HUGE), *GREY, (LENGTHS, 4, 1, 8)),
    "samples.tif": tiff(
        (WIDTH, 4, 1, 16_000), (HEIGHT, 4, 1, 16_000), *GREY, (SAMPLES, 3, 1, 60_000),
        (LENGTHS, 4, 1, 8),
    ),
    "strips.tif": tiff(*SMALL, *GREY[:3], (STRIPS, 4, HUGE, 8), (LENGTHS, 4, HUGE, 8)),
    "words.tif": tiff(*SMALL, *GREY, (DESCRIPTION, 2, HUGE, 8), (LENGTHS, 4, 1, 2)),
    "tiles.tif": tiff(
        *SMALL, *GREY[:3], (TILE_WIDTH, 4, 1, 2**30), (TILE_HEIGHT, 4, 1, 2**20), (TILES, 4, 1, 8),
        (TILE_LENGTHS, 4, 1, 8),
    ),
    "many.tif": struct.pack("<2sHIH", b"II", 42, 8, 65_535) + bytes(100),
}  # fmt: skip


def deflated_tiff(path: Path, bits: int) -> Path:
    """A small picture whose only strip inflates to a quarter of a gigabyte."""
    samples = np.zeros((8, 8), f"u{bits // 8}")
    tifffile.imwrite(path, samples, compression="zlib", photometric="minisblack")
    with tifffile.TiffFile(path) as file:
        tags = file.pages.first.tags
        places = tags[STRIPS].valueoffset, tags[LENGTHS].valueoffset
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, places[0], len(data))
    struct.pack_into("<I", data, places[1], len(ZEROS))
    path.write_bytes(bytes(data) + ZEROS)
    return path


OTHERS = {
    "sides.jpg": b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03"
    b"\x01\x11\0\x02\x11\1\x03\x11\1\xff\xd9",
    "sides.gif": b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\2\2\0\0;",
    "sides.bmp": b"BM"
    + struct.pack("<IIIIiiHHIIIIII", 99, 0, 54, 40, HUGE, -HUGE, 1, 32, *(0,) * 6),
    "sides.ppm": b"P6 99999999999 99999999999 255\n",
    "sides.tga": struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 65535, 65535, 32, 0),
    "sides.webp": b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6 + bytes(20),
}


def test_pictures_of_impossible_sizes_are_refused(tmp_path: Path) -> None:
    files = {**TIFFS, **OTHERS, **{name: PNGS[name] for name in PNGS if "s" in name[:6]}}
    files = {name: data for name, data in files.items() if name not in {"words.tif", "texts.png"}}
    assert_each_is_one_sentence(ends_of(*PICTURES, save(tmp_path, files)))


def test_what_pictures_bring_besides_their_pixels_is_bounded(tmp_path: Path) -> None:
    """Whether a picture with a monstrous profile is read or refused, it takes little."""
    names = ("profile.png", "texts.png", "words.tif")
    files = [*save(tmp_path, {name: (PNGS | TIFFS)[name] for name in names})]
    files += [deflated_tiff(tmp_path / f"strip-{bits}.tif", bits) for bits in (8, 16)]
    ends = ends_of(*PICTURES, files, megabytes=192)
    assert len(ends) == 5
    assert_each_is_one_sentence({name: end for name, end in ends.items() if end != TAKEN} or ends)


def test_a_picture_of_the_largest_deep_kind_is_what_is_allowed(tmp_path: Path) -> None:
    """The bound does not refuse what is whole."""
    samples = np.zeros((300, 16_384, 4), np.uint16)
    tifffile.imwrite(tmp_path / "deep.tif", samples, photometric="rgb", extrasamples=["unassalpha"])
    Image.fromarray(np.zeros((300, 16_384, 4), np.uint8)).save(tmp_path / "wide.png")
    files = [tmp_path / "deep.tif", tmp_path / "wide.png"]
    assert ends_of(*PICTURES, files) == {"deep.tif": TAKEN, "wide.png": TAKEN}


# Files of models


def safetensors(text: bytes, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(text) if length is None else length) + text


def entry(**changes: object) -> bytes:
    fields = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} | changes
    return safetensors(json.dumps({"x": fields}).encode())


NESTED = b'{"a":' * 200_000
HEADERS_OF_HORROR = {
    "length.safetensors": safetensors(b"{}", 2**60),
    "longest.safetensors": safetensors(b"{}", 2**64 - 1),
    "nested.safetensors": safetensors(NESTED),
    "infinite.safetensors": safetensors(
        b'{"x":{"dtype":"F32","shape":[Infinity],"data_offsets":[0,4]}}'
    ),
    "digits.safetensors": safetensors(
        b'{"x":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,4]}}'
    ),
    "negative.safetensors": entry(shape=[-1]),
    "sides.safetensors": entry(shape=[2**47] * 10_000),
    "text.safetensors": entry(shape="1"),
    "offsets.safetensors": entry(data_offsets=["0", "4"]),
    "end.safetensors": entry(data_offsets=[0, 2**62]),
    "type.safetensors": entry(dtype=["F32"]),
    "list.safetensors": safetensors(b"[]"),
}


@pytest.mark.parametrize("reader", [HEADERS, LORAS, VECTORS])
def test_headers_of_weights_are_refused(reader: tuple[str, str], tmp_path: Path) -> None:
    files = [*save(tmp_path, HEADERS_OF_HORROR)]
    files.append(endless(tmp_path / "endless.safetensors", struct.pack("<Q", 90 * 10**6)))
    assert_each_is_one_sentence(ends_of(*reader, files))


def gguf(*, tensors: int = 0, entries: int = 0, rest: bytes = b"", version: int = 3) -> bytes:
    return struct.pack("<4sIQQ", b"GGUF", version, tensors, entries) + rest


NAME = struct.pack("<Q", 1) + b"a"
GGUFS = {
    "tensors.gguf": gguf(tensors=2**60),
    "entries.gguf": gguf(entries=2**64 - 1),
    "text.gguf": gguf(entries=1, rest=struct.pack("<Q", 2**60)),
    "array.gguf": gguf(entries=1, rest=NAME + struct.pack("<IIQ", 9, 0, 2**60)),
    "arrays.gguf": gguf(entries=1, rest=NAME + struct.pack("<IIQ", 9, 9, 2) * 1000),
    "sides.gguf": gguf(tensors=1, rest=NAME + struct.pack("<I", 2**31)),
    "product.gguf": gguf(tensors=1, rest=NAME + struct.pack("<IQQIQ", 2, 2**40, 2**40, 0, 0)),
    "place.gguf": gguf(tensors=1, rest=NAME + struct.pack("<IQIQ", 1, 1, 0, 2**60)),
    "version.gguf": gguf(version=99),
    "type.gguf": gguf(entries=1, rest=NAME + struct.pack("<I", 99)),
    "none.gguf": b"",
    "pickle.gguf": b"\x80\x04N.",
}


def test_beginnings_of_gguf_files_are_refused(tmp_path: Path) -> None:
    files = [*save(tmp_path, GGUFS)]
    files.append(endless(tmp_path / "endless.gguf", gguf(entries=1, rest=struct.pack("<Q", 2**39))))
    assert_each_is_one_sentence(ends_of(*GGUF, files))


def test_configs_are_refused(tmp_path: Path) -> None:
    files = [
        *save(tmp_path, {"nested.json": NESTED, "list.json": b"[]", "bytes.json": b"\xff" * 9})
    ]
    files.append(endless(tmp_path / "endless.json"))
    assert_each_is_one_sentence(ends_of(*JSON, files))


def test_wildcards_are_refused(tmp_path: Path) -> None:
    files = [*save(tmp_path, {"bytes.txt": b"\xff" * 9, "empty.txt": b"# nothing\n"})]
    files.append(endless(tmp_path / "endless.txt"))
    assert_each_is_one_sentence(ends_of(*WILDCARDS, files))
