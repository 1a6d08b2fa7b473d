"""Pictures as blobs: their ids, cutting them into chunks, and putting chunks together again."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from scumble_protocol.deltas import stretches
from scumble_protocol.errors import ProtocolError
from scumble_protocol.images import ImageRef, Likeness
from scumble_protocol.messages import Chunk, Copy, Encoding, Limits, Want
from scumble_protocol.packing import Layout, pack, unpack
from scumble_protocol.pixels import PixelFormat

_ID_BYTES = 16
_FLAT = Layout()

_PIECES = 8
"""While one is on its way, the one before is hashed, so that even a small picture goes in a few."""

_LEAST_BYTES = 2**17
"""Of a piece that is made smaller than it might be: each costs the same again, however small."""

ReadBase = Callable[[str, int, int], bytes | memoryview]
"""Gives, of the blob with this id, so many bytes from this place on; fewer where it is gone."""


def blob_id(data: bytes | memoryview) -> str:
    """The blob's id: its BLAKE2b-128, as 32 lower-case hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=_ID_BYTES).hexdigest()


class Base(NamedTuple):
    """A blob that the other side has."""

    blob: str
    data: bytes


def chunks(
    blob: str,
    data: bytes,
    encoding: Encoding,
    chunk_bytes: int,
    layout: Layout = _FLAT,
    *,
    span: tuple[int, int] | None = None,
) -> Iterator[Chunk]:
    """Cut a blob into chunks that stand for at most `chunk_bytes` bytes each, in order.

    A piece that packing would not shrink goes raw. `layout` matters only where it is packed. With
    `span`, only what lies from its first up to its second place is cut.
    """
    begin, end = span or (0, len(data))
    most = min(chunk_bytes, max(len(data) // _PIECES, _LEAST_BYTES))
    for offset in range(begin, end, most):
        piece = data[offset : min(offset + most, end)]
        if encoding is Encoding.ZLIB and len(packed := pack(piece, layout)) < len(piece):
            yield Chunk(
                blob, len(data), offset, Encoding.ZLIB, packed, row=layout.row, pixel=layout.pixel
            )
        else:
            yield Chunk(blob, len(data), offset, Encoding.RAW, piece)


class Assembler:
    """Puts blobs together from their pieces; several blobs may come at once, each in order."""

    def __init__(self, limits: Limits, read_base: ReadBase | None = None) -> None:
        self._read_base = read_base or _nothing
        self._chunk_bytes = limits.chunk_bytes
        self._most = limits.image_pixels * PixelFormat.RGBA16.bytes_per_pixel
        self._growing: dict[str, _Growing] = {}

    def add(self, piece: Chunk | Copy) -> tuple[str, bytes | None] | None:
        """Take the next piece of a blob; gives the blob's id and bytes when it is the last one.

        In place of the bytes there is None if its base was not what it should have been.

        Raises:
            ProtocolError: The piece is out of order, too large, damaged or of too large a blob, or
                the finished bytes are not those that the id names. What there was of the blob is
                dropped then.
        """
        growing = self._growing.pop(piece.blob, None) or _Growing(piece.total)
        if piece.total > self._most:
            raise ProtocolError(f"A blob of {piece.total} bytes is above the {self._most} allowed.")
        most = growing.room(piece, self._chunk_bytes)
        if isinstance(piece, Chunk):
            growing.add(_opened(piece, most))
        else:
            growing.copy(_allowed(piece, most), self._read_base)
        if growing.length < growing.total:
            self._growing[piece.blob] = growing
            return None
        if growing.digest() == piece.blob:
            return piece.blob, growing.bytes.getvalue()
        if growing.has_copies:
            return piece.blob, None  # whose fault it is can't be told
        raise ProtocolError(f"The bytes of blob {piece.blob} are not those that its id names.")


class _Growing:
    """A blob of which not all pieces are there."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.length = 0
        self.has_copies = False
        self.bytes = io.BytesIO()  # whose value can be had without another copy
        self._hash = hashlib.blake2b(digest_size=_ID_BYTES)

    def room(self, piece: Chunk | Copy, chunk_bytes: int) -> int:
        """The most bytes that a piece may have whose turn it is."""
        if piece.total != self.total or piece.offset != self.length:
            raise ProtocolError(
                f"Blob {piece.blob} continues at {piece.offset}, not {self.length}."
            )
        return min(chunk_bytes, self.total - self.length)

    def add(self, data: bytes | memoryview) -> None:
        self.bytes.write(data)
        self.length += len(data)
        self._hash.update(data)

    def copy(self, copy: Copy, read_base: ReadBase) -> None:
        """Take what the base has; zeros for what it lacks, which the id won't name."""
        self.has_copies = True
        data = read_base(copy.base, copy.start, copy.length)
        self.add(data)
        if len(data) < copy.length:
            self.add(bytes(copy.length - len(data)))

    def digest(self) -> str:
        return self._hash.hexdigest()


def _nothing(_base: str, _start: int, _length: int) -> bytes:
    return b""


def _allowed(copy: Copy, most: int) -> Copy:
    if copy.length > most:
        raise ProtocolError(f"A copy of {copy.length} bytes is above the {most} allowed.")
    return copy


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


@dataclass(frozen=True)
class BlobSpoilt:
    """A blob that was asked for is complete but wrong, since its base was gone or damaged.

    It has to be asked for once more, without a base.
    """

    blob: str


class BlobTraffic:
    """The blobs on their way through one connection.

    Args:
        limits: What is accepted.
        read_base: Where the bytes of bases are; none are read without it.
    """

    def __init__(self, limits: Limits, read_base: ReadBase | None = None) -> None:
        self.limits = limits
        self.encodings: tuple[Encoding, ...] = (Encoding.RAW,)
        self._wanted: Counter[str] = Counter()
        self._bases: set[Likeness] = set()
        self._layouts: dict[str, Layout] = {}
        self._read_base = read_base
        self._assembler = Assembler(limits, read_base)

    def agree(self, encodings: tuple[Encoding, ...], limits: Limits) -> None:
        """Settle what `welcome` says."""
        self.limits = limits
        self.encodings = (*encodings, Encoding.RAW)
        self._assembler = Assembler(limits, self._read_base)

    def want(self, message: Want) -> None:
        """Remember what is asked for; nothing else may come."""
        self._wanted.update(message.blobs)
        self._bases.update(message.bases)

    def note(self, images: tuple[ImageRef, ...]) -> None:
        """Remember how pictures are laid out, for packing them when they are asked for."""
        if self.encodings[0] is not Encoding.RAW:
            self._layouts.update({image.blob: Layout.of(image) for image in images})

    def cut(self, blob: str, data: bytes, base: Base | None = None) -> Iterator[Chunk | Copy]:
        """The pieces to send of a blob; what a base has is not among them, but named."""
        layout = self._layouts.get(blob, Layout())
        most = self.limits.chunk_bytes
        if base is None:
            yield from chunks(blob, data, self.encodings[0], most, layout)
            return
        for begin, end, is_same in stretches(data, base.data):
            if is_same:
                yield from _copies(blob, len(data), base.blob, range(begin, end, most), end)
            else:
                yield from chunks(blob, data, self.encodings[0], most, layout, span=(begin, end))

    def take(self, piece: Chunk | Copy) -> BlobArrived | BlobSpoilt | None:
        """What arrived with this piece: its blob, if it is the last one.

        Raises:
            ProtocolError: It was not asked for, is packed in a way or copied from a base not agreed
                on, or is illegal by what `Assembler.add` says.
        """
        if not self._wanted[piece.blob]:
            raise ProtocolError(f"Blob {piece.blob} came without having been asked for.")
        if isinstance(piece, Chunk):
            if piece.encoding not in self.encodings:
                raise ProtocolError(f"Chunks packed as {piece.encoding.value} were not agreed on.")
        elif Likeness(piece.blob, piece.base) not in self._bases:
            raise ProtocolError(f"Copies of blob {piece.base} were not agreed on.")
        whole = self._assembler.add(piece)
        if whole is None:
            return None
        blob, data = whole
        self._wanted -= Counter([blob])
        if not self._wanted[blob]:
            self._bases = {likeness for likeness in self._bases if likeness.blob != blob}
        return BlobSpoilt(blob) if data is None else BlobArrived(blob, data)


def _copies(blob: str, total: int, base: str, places: range, end: int) -> Iterator[Copy]:
    for place in places:
        yield Copy(blob, total, place, base, place, min(places.step, end - place))
