"""The texts in which a picture file says how it was made; nothing but Python.

| File | A1111's `parameters` | the record |
| --- | --- | --- |
| PNG | text chunk `parameters` | text chunk `scumble` |
| JPEG, WebP | Exif's UserComment | XMP |
| TIFF | ImageDescription | XMP |
| OpenRaster | in its merged image, for others | `scumble/requests.json` |
"""

from __future__ import annotations

import html
import json
import mmap
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from scumble_protocol.editor.tags import Tags
from scumble_protocol.errors import ErrorCode, RequestError

PARAMETERS = "parameters"
RECORD = "scumble"
"""Names of the texts, and of PNG's chunks."""

ORA_RECORDS = "scumble/requests.json"
XMP_NAMESPACE = "urn:scumble:record:1"
XMP_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
DESCRIPTION_TAG = 270
XMP_TAG = 700
COMMENT_TAG = 0x9286
UTF_16 = b"UNICODE\0"
"""What a UserComment in UTF-16 begins with: Exif 2.32, 4.6.5."""

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST = 2**24
"""Longest text that is read, in bytes."""

_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,  # encrypted, or of a kind that nobody writes
)
"""What reading a damaged archive may raise."""

_XMP_RECORD = re.compile(rb'scumble:record="([^"]*)"')


def texts_of(path: Path) -> Mapping[str, str]:
    """The texts of a file, by `PARAMETERS`, `RECORD` and what else a PNG calls its own.

    Raises:
        RequestError: The file can't be read. One that is no picture has no texts.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
            if head == b"PK\x03\x04":
                return _ora_texts(file)
            if len(head) < 4:
                return {}
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _texts(data)  # type: ignore[arg-type]  # it can be sliced into bytes
    except _DAMAGE as error:
        raise RequestError(
            ErrorCode.BAD_PICTURE,
            f"{path} can't be read: {getattr(error, 'strerror', None) or error}.",
            "Name another file.",
        ) from error


def _texts(data: bytes) -> dict[str, str]:
    head = bytes(data[:12])
    if head[:8] == _PNG:
        return _first_texts(_png_texts(data))
    if head[:4] in {b"II*\0", b"MM\0*"}:
        tags = Tags(data).first()
        described = tags.get(DESCRIPTION_TAG, b"").rstrip(b"\0").decode("utf-8", "replace")
        return {PARAMETERS: described} | _xmp_texts(tags.get(XMP_TAG, b""))
    if head[:2] == b"\xff\xd8":
        return _parts_texts(_jpeg_parts(data))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _parts_texts(_webp_parts(data))
    return {}


def _first_texts(texts: Iterator[tuple[str, str]]) -> dict[str, str]:
    """The texts up to a limit: each of them may be packed, and there may be any number."""
    found: dict[str, str] = {}
    left = _MOST
    for name, text in texts:
        left -= len(name) + len(text)
        if left < 0:
            break
        found[name] = text
    return found


def _png_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """https://www.w3.org/TR/png-3/#11textinfo."""
    place = len(_PNG)
    while place + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        if kind in {b"tEXt", b"zTXt", b"iTXt"} and length <= _MOST:
            name, _, rest = bytes(data[place + 8 : place + 8 + length]).partition(b"\0")
            yield name.decode("latin-1"), _png_text(kind, rest)
        place += 12 + length


def _png_text(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        return rest.decode("latin-1")
    if kind == b"zTXt":
        return _inflated(rest[1:]).decode("latin-1")
    is_packed = rest[:1] == b"\x01"
    text = rest[2:].split(b"\0", 2)[-1]  # after language and translated name
    return (_inflated(text) if is_packed else text).decode("utf-8", "replace")


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MOST)
    except zlib.error:
        return b""


def _parts_texts(parts: Iterator[tuple[str, bytes]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for kind, part in parts:
        if kind == "exif":
            comment = Tags(part).exif().get(COMMENT_TAG, b"")
            if comment.startswith(UTF_16):
                texts[PARAMETERS] = comment[len(UTF_16) :].decode("utf-16-be", "replace")
        else:
            texts |= _xmp_texts(part)
    return texts


def _jpeg_parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The segments before the pixels: ITU-T T.81, B.1.1."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        segment = bytes(data[place + 4 : place + 2 + length])
        if data[place + 1] == 0xE1 and segment.startswith(b"Exif\0\0"):
            yield "exif", segment[6:]
        elif data[place + 1] == 0xE1 and segment.startswith(XMP_JPEG):
            yield "xmp", segment[len(XMP_JPEG) :]
        place += 2 + length


def _webp_parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    """https://developers.google.com/speed/webp/docs/riff_container."""
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack("<4sI", data[place : place + 8])
        if kind in {b"EXIF", b"XMP "} and length <= _MOST:
            part = bytes(data[place + 8 : place + 8 + length])
            yield ("exif", part.removeprefix(b"Exif\0\0")) if kind == b"EXIF" else ("xmp", part)
        place += 8 + length + length % 2


def _xmp_texts(packet: bytes) -> dict[str, str]:
    found = _XMP_RECORD.search(packet)
    return {RECORD: html.unescape(found[1].decode("utf-8", "replace"))} if found else {}


def _ora_texts(file: BinaryIO) -> dict[str, str]:
    """The record of the topmost layer that has one."""
    with zipfile.ZipFile(file) as archive:
        if ORA_RECORDS not in archive.namelist():
            return {}
        member = archive.getinfo(ORA_RECORDS)
        # No other packing is allowed: https://www.openraster.org/baseline/file-layout-spec.html
        if member.file_size > _MOST or member.compress_type not in _PACKINGS:
            return {}
        try:
            records = json.loads(archive.read(ORA_RECORDS))
        except (ValueError, RecursionError):
            return {}
    topmost = next(iter(records.values()), None) if isinstance(records, dict) else None
    return {} if topmost is None else {RECORD: json.dumps(topmost)}
