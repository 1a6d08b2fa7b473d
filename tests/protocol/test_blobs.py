from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.blobs import (
    Assembler,
    Base,
    BlobArrived,
    BlobSpoilt,
    BlobTraffic,
    blob_id,
    chunks,
)
from scumble_protocol.errors import ProtocolError
from scumble_protocol.images import Likeness
from scumble_protocol.messages import Chunk, Copy, Encoding, Limits, Want
from scumble_protocol.packing import Layout
from tests.protocol.samples import IMAGE, IMAGE_BYTES, MASK, MASK_BYTES

SMALL = Limits(chunk_bytes=100)


def cut(data: bytes, encoding: Encoding = Encoding.RAW, chunk_bytes: int = 100) -> list[Chunk]:
    return list(chunks(blob_id(data), data, encoding, chunk_bytes, Layout(64, 4)))


def test_an_id_is_the_blake2b_of_the_bytes() -> None:
    # As `b2sum --length 128` says.
    assert blob_id(b"paint") == "a19871c01862a1422da70b602c0c475d"


@given(st.binary(min_size=1, max_size=1000), st.sampled_from(Encoding), st.integers(1, 300))
def test_chunks_of_any_size_give_the_blob_back(
    data: bytes, encoding: Encoding, chunk_bytes: int
) -> None:
    assembler = Assembler(Limits(chunk_bytes=chunk_bytes))
    pieces = cut(data, encoding, chunk_bytes)
    assert len(pieces) == -(-len(data) // chunk_bytes)
    *first, last = [assembler.add(piece) for piece in pieces]
    assert first == [None] * (len(pieces) - 1)
    assert last == (blob_id(data), data)


def test_blobs_may_come_at_the_same_time() -> None:
    assembler = Assembler(SMALL)
    finished = []
    for one, other in zip(cut(MASK_BYTES), cut(MASK_BYTES[::-1]), strict=True):
        finished += [assembler.add(one), assembler.add(other)]
    assert finished[-2:] == [
        (MASK.blob, MASK_BYTES),
        (blob_id(MASK_BYTES[::-1]), MASK_BYTES[::-1]),
    ]


def test_a_piece_that_packing_would_not_shrink_goes_raw() -> None:
    noise = os.urandom(100)
    kinds = [piece.encoding for piece in cut(bytes(100) + noise, Encoding.ZLIB)]
    assert kinds == [Encoding.ZLIB, Encoding.RAW]


def test_a_packed_chunk_says_its_layout() -> None:
    (chunk,) = cut(bytes(100), Encoding.ZLIB)
    assert (chunk.row, chunk.pixel) == (64, 4)


@pytest.mark.parametrize("order", [(1,), (0, 0), (0, 2), (0, 1, 1)])
def test_chunks_out_of_order_are_refused(order: tuple[int, ...]) -> None:
    assembler = Assembler(SMALL)
    pieces = cut(IMAGE_BYTES)
    *good, bad = order
    for place in good:
        assert assembler.add(pieces[place]) is None
    with pytest.raises(ProtocolError, match="continues at"):
        assembler.add(pieces[bad])


def test_a_blob_that_was_refused_may_come_again() -> None:
    assembler = Assembler(SMALL)
    pieces = cut(MASK_BYTES)
    assembler.add(pieces[0])
    with pytest.raises(ProtocolError):
        assembler.add(pieces[2])
    assert [assembler.add(piece) for piece in pieces][-1] == (MASK.blob, MASK_BYTES)


def test_a_blob_may_not_change_its_length() -> None:
    assembler = Assembler(SMALL)
    first, second, *_ = cut(MASK_BYTES)
    assembler.add(first)
    with pytest.raises(ProtocolError, match="continues at"):
        assembler.add(replace(second, total=second.total + 1))


def test_a_chunk_above_the_limit_is_refused() -> None:
    with pytest.raises(ProtocolError, match="above the 100"):
        Assembler(SMALL).add(cut(MASK_BYTES, chunk_bytes=101)[0])


def test_a_packed_chunk_above_the_limit_is_refused() -> None:
    with pytest.raises(ProtocolError, match="above 100 bytes"):
        Assembler(SMALL).add(cut(MASK_BYTES, Encoding.ZLIB, chunk_bytes=101)[0])


@pytest.mark.parametrize("encoding", Encoding)
def test_a_chunk_may_not_reach_beyond_its_blob(encoding: Encoding) -> None:
    (chunk,) = cut(bytes(90), encoding)
    with pytest.raises(ProtocolError, match="above"):
        Assembler(SMALL).add(replace(chunk, total=89))


def test_a_blob_above_the_limit_is_refused_at_its_first_chunk() -> None:
    limits = Limits(image_pixels=10)
    with pytest.raises(ProtocolError, match="above the 80"):
        Assembler(limits).add(cut(bytes(81))[0])
    assert Assembler(limits).add(cut(bytes(80))[0]) == (blob_id(bytes(80)), bytes(80))


def test_bytes_that_the_id_does_not_name_are_refused() -> None:
    (chunk,) = cut(bytes(100))
    with pytest.raises(ProtocolError, match="not those that its id names"):
        Assembler(SMALL).add(replace(chunk, data=b"\x01" + bytes(99)))


def test_an_unpackable_chunk_is_refused() -> None:
    (chunk,) = cut(bytes(100), Encoding.ZLIB)
    with pytest.raises(ProtocolError, match="damaged"):
        Assembler(SMALL).add(replace(chunk, data=b"garbage"))
    with pytest.raises(ProtocolError, match="impossible"):
        Assembler(SMALL).add(replace(chunk, row=1))


def agreed(*encodings: Encoding) -> BlobTraffic:
    traffic = BlobTraffic(SMALL)
    traffic.agree(encodings, SMALL)
    return traffic


def whole(traffic: BlobTraffic, blob: str, data: bytes) -> list[Chunk]:
    """The chunks of a blob without a base."""
    return [piece for piece in traffic.cut(blob, data) if isinstance(piece, Chunk)]


def test_what_was_asked_for_arrives_with_its_last_chunk() -> None:
    traffic = agreed(Encoding.RAW)
    traffic.want(Want((MASK.blob,)))
    *first, last = [traffic.take(chunk) for chunk in cut(MASK_BYTES)]
    assert set(first) == {None}
    assert last == BlobArrived(MASK.blob, MASK_BYTES)


def test_what_was_not_asked_for_is_refused() -> None:
    traffic = agreed(Encoding.RAW)
    traffic.want(Want((IMAGE.blob,)))
    with pytest.raises(ProtocolError, match="without having been asked"):
        traffic.take(cut(MASK_BYTES)[0])


def test_what_was_asked_for_once_may_come_once() -> None:
    traffic = agreed(Encoding.RAW)
    traffic.want(Want((MASK.blob, MASK.blob)))
    for _ in range(2):
        assert [traffic.take(chunk) for chunk in cut(MASK_BYTES)][-1]
    with pytest.raises(ProtocolError, match="without having been asked"):
        traffic.take(cut(MASK_BYTES)[0])


def test_an_encoding_that_was_not_agreed_on_is_refused() -> None:
    traffic = agreed(Encoding.RAW)
    traffic.want(Want((MASK.blob,)))
    with pytest.raises(ProtocolError, match="not agreed"):
        traffic.take(cut(MASK_BYTES, Encoding.ZLIB)[0])


def test_raw_chunks_are_always_taken() -> None:
    traffic = agreed(Encoding.ZLIB)
    traffic.want(Want((MASK.blob,)))
    assert [traffic.take(chunk) for chunk in cut(MASK_BYTES)][-1]


def test_blobs_are_cut_with_the_best_encoding_and_the_layout_of_their_picture() -> None:
    traffic = BlobTraffic(Limits())
    traffic.agree((Encoding.ZLIB, Encoding.RAW), Limits())
    traffic.note((IMAGE,))
    sent = whole(traffic, IMAGE.blob, IMAGE_BYTES)
    assert {chunk.encoding for chunk in sent} == {Encoding.ZLIB}
    assert {(chunk.row, chunk.pixel) for chunk in sent} == {(128, 4)}


def test_a_blob_of_an_unknown_picture_is_packed_flat() -> None:
    (chunk, *_) = whole(agreed(Encoding.ZLIB), MASK.blob, MASK_BYTES)
    assert (chunk.encoding, chunk.row, chunk.pixel) == (Encoding.ZLIB, 0, 1)


def test_without_packing_layouts_do_not_matter() -> None:
    traffic = agreed(Encoding.RAW)
    traffic.note((IMAGE,))
    assert {chunk.row for chunk in whole(traffic, IMAGE.blob, IMAGE_BYTES)} == {0}


# ── What a base has ──────────────────────────────────────────────────────────────────────────────

OLD = bytes(range(256)) * 256
NEW = OLD[:20_000] + bytes(300) + OLD[20_300:]
OLD_ID, NEW_ID = blob_id(OLD), blob_id(NEW)
WANT = Want((NEW_ID,), (Likeness(NEW_ID, OLD_ID),))


def based(old: bytes = OLD, *encodings: Encoding, chunk_bytes: int = 3000) -> BlobTraffic:
    """A server's traffic, which has these bytes as the base, and wants the new picture."""

    def read(base: str, start: int, length: int) -> bytes:
        assert base == OLD_ID
        return old[start : start + length]

    limits = Limits(chunk_bytes=chunk_bytes)
    traffic = BlobTraffic(limits, read)
    traffic.agree(encodings, limits)
    traffic.want(WANT)
    return traffic


def copy(offset: int, start: int, length: int, total: int = len(NEW)) -> Copy:
    return Copy(NEW_ID, total, offset, OLD_ID, start, length)


@pytest.mark.parametrize("encoding", Encoding)
def test_only_what_differs_from_a_base_travels(encoding: Encoding) -> None:
    traffic = based(OLD, encoding)
    pieces = list(traffic.cut(NEW_ID, NEW, Base(OLD_ID, OLD)))
    sent = [piece for piece in pieces if isinstance(piece, Chunk)]
    assert [piece.offset for piece in sent] == [16_384, 19_384], "a piece of 4 KiB"
    copied = [piece for piece in pieces if isinstance(piece, Copy)]
    assert max(piece.length for piece in copied) == 3000
    assert [piece.start for piece in copied] == [piece.offset for piece in copied]
    *first, last = [traffic.take(piece) for piece in pieces]
    assert set(first) == {None}
    assert last == BlobArrived(NEW_ID, NEW)


@given(st.binary(min_size=1, max_size=200), st.lists(st.integers(0, 199)), st.integers(1, 70))
def test_any_picture_arrives_by_any_base(data: bytes, changes: list[int], most: int) -> None:
    old, new = bytearray(data * 500), data * 500
    for place in changes:
        old[place * len(old) // 200] ^= 1
    blob, base = blob_id(new), blob_id(bytes(old))
    if blob == base:
        return
    limits = Limits(chunk_bytes=most * 1000)
    traffic = BlobTraffic(limits, lambda _base, start, length: memoryview(old)[start:][:length])
    traffic.agree((), limits)
    traffic.want(Want((blob,), (Likeness(blob, base),)))
    told = [traffic.take(piece) for piece in traffic.cut(blob, new, Base(base, bytes(old)))]
    assert told[-1] == BlobArrived(blob, new)


def test_a_copy_may_come_from_another_place_of_the_base() -> None:
    moved = OLD[512:1024] + OLD[:512]
    traffic = BlobTraffic(Limits(), lambda _base, start, length: OLD[start:][:length])
    traffic.want(Want((blob_id(moved),), (Likeness(blob_id(moved), OLD_ID),)))
    assert traffic.take(Copy(blob_id(moved), 1024, 0, OLD_ID, 512, 512)) is None
    last = traffic.take(Copy(blob_id(moved), 1024, 512, OLD_ID, 0, 512))
    assert last == BlobArrived(blob_id(moved), moved)


def test_a_base_that_was_not_agreed_on_is_refused() -> None:
    traffic = based()
    with pytest.raises(ProtocolError, match="not agreed"):
        traffic.take(Copy(NEW_ID, len(NEW), 0, "0" * 32, 0, 100))
    traffic.want(Want((MASK.blob,)))
    with pytest.raises(ProtocolError, match="not agreed"):
        traffic.take(Copy(MASK.blob, 512, 0, OLD_ID, 0, 100))


def test_a_base_is_agreed_on_for_once() -> None:
    traffic = based()
    for piece in traffic.cut(NEW_ID, NEW):
        traffic.take(piece)
    traffic.want(Want((NEW_ID,)))
    with pytest.raises(ProtocolError, match="not agreed"):
        traffic.take(copy(0, 0, 100))


def test_copies_of_what_was_not_asked_for_are_refused() -> None:
    traffic = based()
    with pytest.raises(ProtocolError, match="without having been asked"):
        traffic.take(Copy(MASK.blob, 512, 0, OLD_ID, 0, 100))


def test_copies_out_of_order_are_refused() -> None:
    traffic = based()
    traffic.take(copy(0, 0, 100))
    with pytest.raises(ProtocolError, match="continues at 200, not 100"):
        traffic.take(copy(200, 200, 100))


def test_a_copy_may_not_change_the_length_of_its_blob() -> None:
    traffic = based()
    traffic.take(copy(0, 0, 100))
    with pytest.raises(ProtocolError, match="continues at"):
        traffic.take(copy(100, 100, 100, total=len(NEW) + 1))


def test_a_copy_above_the_limit_is_refused() -> None:
    with pytest.raises(ProtocolError, match="above the 3000"):
        based().take(copy(0, 0, 3001))


def test_a_blob_above_the_limit_is_refused_at_its_first_copy() -> None:
    traffic = based()
    with pytest.raises(ProtocolError, match="allowed"):
        traffic.take(copy(0, 0, 100, total=2**40))


@pytest.mark.parametrize("old", [b"", OLD[:40_000], bytes(1) + OLD[1:][::-1]])
def test_a_base_that_was_lost_or_damaged_spoils_the_blob_and_it_may_come_whole(old: bytes) -> None:
    traffic = based(old)
    *first, last = [traffic.take(piece) for piece in traffic.cut(NEW_ID, NEW, Base(OLD_ID, OLD))]
    assert set(first) == {None}
    assert last == BlobSpoilt(NEW_ID)
    traffic.want(Want((NEW_ID,)))
    assert [traffic.take(piece) for piece in traffic.cut(NEW_ID, NEW)][-1] == BlobArrived(
        NEW_ID, NEW
    )


def test_without_bases_to_read_every_copy_spoils_its_blob() -> None:
    traffic = BlobTraffic(Limits())
    traffic.want(WANT)
    assert traffic.take(copy(0, 0, len(NEW))) == BlobSpoilt(NEW_ID)
