"""Pictures as blobs: their ids, cutting them into chunks, and putting chunks together again."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from scumble_protocol.errors import ProtocolError
from scumble_protocol.images import ImageRef
from scumble_protocol.messages import Chunk, Encoding, Limits, Want
from scumble_protocol.packing import Layout, pack, unpack
from scumble_protocol.pixels import PixelFormat

_ID_BYTES = 16
_FLAT = Layout()


def blob_id(data: bytes | memoryview) -> str:
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
            ProtocolError: The chunk is out of order, too large, damaged or of too large a blob, or
                the finished bytes are not those that the id names. What there was of the blob is
                dropped then.
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
        return chunk.blob, growing.bytes.getvalue()


class _Growing:
    """A blob of which not all pieces are there."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.length = 0
        self.bytes = io.BytesIO()  # whose value can be had without another copy
        self._hash = hashlib.blake2b(digest_size=_ID_BYTES)

    def add(self, chunk: Chunk, chunk_bytes: int) -> None:
        if chunk.total != self.total or chunk.offset != self.length:
            raise ProtocolError(
                f"Blob {chunk.blob} continues at {chunk.offset}, not {self.length}."
            )
        piece = _opened(chunk, min(chunk_bytes, self.total - self.length))
        self.bytes.write(piece)
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


@dataclass(frozen=True)
class BlobArrived:
    """A blob that was asked for is complete; its bytes are those that its id names."""

    blob: str
    data: bytes


class BlobTraffic:
    """The blobs on their way through one connection."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.encodings: tuple[Encoding, ...] = (Encoding.RAW,)
        self._wanted: Counter[str] = Counter()
        self._layouts: dict[str, Layout] = {}
        self._assembler = Assembler(limits)

    def agree(self, encodings: tuple[Encoding, ...], limits: Limits) -> None:
        """Settle what `welcome` says."""
        self.limits = limits
        self.encodings = (*encodings, Encoding.RAW)
        self._assembler = Assembler(limits)

    def want(self, message: Want) -> None:
        """Remember what is asked for; nothing else may come."""
        self._wanted.update(message.blobs)

    def note(self, images: tuple[ImageRef, ...]) -> None:
        """Remember how pictures are laid out, for packing them when they are asked for."""
        if self.encodings[0] is not Encoding.RAW:
            self._layouts.update({image.blob: Layout.of(image) for image in images})

    def cut(self, blob: str, data: bytes) -> Iterator[Chunk]:
        """The chunks to send of a blob."""
        layout = self._layouts.get(blob, Layout())
        return chunks(blob, data, self.encodings[0], self.limits.chunk_bytes, layout)

    def take(self, chunk: Chunk) -> BlobArrived | None:
        """What arrived with this chunk: its blob, if it is the last one.

        Raises:
            ProtocolError: It was not asked for, is packed in a way not agreed on, or is illegal
                by what `Assembler.add` says.
        """
        if not self._wanted[chunk.blob]:
            raise ProtocolError(f"Blob {chunk.blob} came without having been asked for.")
        if chunk.encoding not in self.encodings:
            raise ProtocolError(f"Chunks packed as {chunk.encoding.value} were not agreed on.")
        whole = self._assembler.add(chunk)
        if whole is None:
            return None
        self._wanted -= Counter([chunk.blob])
        return BlobArrived(*whole)
