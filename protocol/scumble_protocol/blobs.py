"""Pictures as blobs: their ids, cutting them into chunks, and putting chunks together again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from scumble_protocol.errors import ProtocolError
from scumble_protocol.messages import Chunk, Encoding, Limits
from scumble_protocol.packing import Layout, pack, unpack
from scumble_protocol.pixels import PixelFormat

_ID_BYTES = 16
_FLAT = Layout()


def blob_id(data: bytes) -> str:
    """The blob's id: its BLAKE2b-128, as 32 lower-case hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=_ID_BYTES).hexdigest()


def chunks(
    blob: str, data: bytes, encoding: Encoding, chunk_bytes: int, layout: Layout = _FLAT
) -> Iterator[Chunk]:
    """Cut a blob into chunks that stand for at most `chunk_bytes` bytes each, in order.

    A piece that packing would not shrink goes raw. `layout` matters only where it is packed.
    """
    for offset in range(0, len(data), chunk_bytes):
        piece = data[offset : offset + chunk_bytes]
        if encoding is Encoding.ZLIB and len(packed := pack(piece, layout)) < len(piece):
            yield Chunk(
                blob, len(data), offset, Encoding.ZLIB, packed, row=layout.row, pixel=layout.pixel
            )
        else:
            yield Chunk(blob, len(data), offset, Encoding.RAW, piece)


class Assembler:
    """Puts blobs together from their chunks; several blobs may come at once, each in order."""

    def __init__(self, limits: Limits) -> None:
        self._chunk_bytes = limits.chunk_bytes
        self._most = limits.image_pixels * PixelFormat.RGBA16.bytes_per_pixel
        self._growing: dict[str, _Growing] = {}

    def add(self, chunk: Chunk) -> tuple[str, bytes] | None:
        """Take the next chunk of a blob; gives the blob's id and bytes when it is the last one.

        Raises:
            ProtocolError: The chunk is out of order, too large, damaged or of too large a blob, or the
                finished bytes are not those that the id names. The blob's pieces are then dropped.
        """
        growing = self._growing.pop(chunk.blob, None) or _Growing(chunk.total)
        if chunk.total > self._most:
            raise ProtocolError(f"A blob of {chunk.total} bytes is above the {self._most} allowed.")
        growing.add(chunk, self._chunk_bytes)
        if growing.length < growing.total:
            self._growing[chunk.blob] = growing
            return None
        if growing.digest() != chunk.blob:
            raise ProtocolError(f"The bytes of blob {chunk.blob} are not those that its id names.")
        return chunk.blob, b"".join(growing.pieces)


class _Growing:
    """A blob of which not all pieces are there."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.length = 0
        self.pieces: list[bytes] = []
        self._hash = hashlib.blake2b(digest_size=_ID_BYTES)

    def add(self, chunk: Chunk, chunk_bytes: int) -> None:
        if chunk.total != self.total or chunk.offset != self.length:
            raise ProtocolError(
                f"Blob {chunk.blob} continues at {chunk.offset}, not {self.length}."
            )
        piece = _opened(chunk, min(chunk_bytes, self.total - self.length))
        self.pieces.append(piece)
        self.length += len(piece)
        self._hash.update(piece)

    def digest(self) -> str:
        return self._hash.hexdigest()


def _opened(chunk: Chunk, most: int) -> bytes:
    if chunk.encoding is Encoding.ZLIB:
        return unpack(chunk.data, Layout(chunk.row, chunk.pixel), most)
    if len(chunk.data) > most:
        raise ProtocolError(f"A chunk of {len(chunk.data)} bytes is above the {most} allowed.")
    return chunk.data
