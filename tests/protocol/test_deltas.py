from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.deltas import GAP, LARGE, MOST_CHANGED, SMALL, Stretch, stretches

SIDE = 256
ROW = SIDE * 4
PICTURE = bytes(range(256)) * (SIDE * ROW // 256)


def painted(*places: tuple[int, int]) -> bytes:
    """The picture with other bytes from each first place up to the second."""
    data = bytearray(PICTURE)
    for begin, end in places:
        data[begin:end] = bytes(byte ^ 1 for byte in data[begin:end])
    return bytes(data)


def test_the_same_bytes_are_one_same_stretch() -> None:
    assert stretches(PICTURE, bytes(bytearray(PICTURE))) == [Stretch(0, len(PICTURE), is_same=True)]


def test_one_changed_byte_takes_its_small_piece_with_it() -> None:
    begin = 5 * SMALL
    assert stretches(painted((begin + 7, begin + 8)), PICTURE) == [
        Stretch(0, begin, is_same=True),
        Stretch(begin, begin + SMALL, is_same=False),
        Stretch(begin + SMALL, len(PICTURE), is_same=True),
    ]


def test_changes_across_two_large_pieces_are_one_stretch() -> None:
    found = stretches(painted((LARGE - 1, LARGE + 1)), PICTURE)
    assert Stretch(LARGE - SMALL, LARGE + SMALL, is_same=False) in found


def test_what_is_far_apart_are_two_stretches_and_what_is_near_is_one() -> None:
    far = stretches(painted((0, 1), (SMALL + GAP, SMALL + GAP + 1)), PICTURE)
    near = stretches(painted((0, 1), (GAP, GAP + 1)), PICTURE)
    assert sum(not stretch.is_same for stretch in far) == 2
    assert sum(not stretch.is_same for stretch in near) == 1


def test_where_most_has_changed_everything_counts_as_changed() -> None:
    most = int(len(PICTURE) * MOST_CHANGED)
    whole = [Stretch(0, len(PICTURE), is_same=False)]
    assert stretches(painted((0, most + SMALL)), PICTURE) == whole
    assert stretches(painted((0, most)), PICTURE) != whole


def test_a_line_across_all_rows_does_not_make_another_picture() -> None:
    row = 2**15  # 8192 pixels
    base = bytes(128 * row)
    data = bytearray(base)
    for begin in range(0, len(data), row):
        data[begin : begin + 16] = b"x" * 16
    found = stretches(bytes(data), base)
    assert sum(end - begin for begin, end, is_same in found if not is_same) == 128 * SMALL


def test_what_has_another_length_is_another_picture() -> None:
    whole = [Stretch(0, len(PICTURE), is_same=False)]
    assert stretches(PICTURE, PICTURE + b"x") == whole


@given(
    st.integers(1, 3 * LARGE),
    st.lists(st.tuples(st.integers(0, 3 * LARGE), st.integers(1, LARGE)), max_size=6),
)
def test_stretches_cover_everything_in_turns_and_the_same_ones_are_the_same(
    length: int, changes: list[tuple[int, int]]
) -> None:
    base = bytes(range(251)) * (length // 251 + 1)
    base = base[:length]
    data = bytearray(base)
    for begin, many in changes:
        data[begin : begin + many] = bytes(byte ^ 1 for byte in data[begin : begin + many])
    found = stretches(bytes(data), base)
    assert [stretch.begin for stretch in found] == [0, *(stretch.end for stretch in found[:-1])]
    assert found[-1].end == length
    kinds = [stretch.is_same for stretch in found]
    assert all(one != other for one, other in pairwise(kinds))
    for begin, end, is_same in found:
        assert not is_same or data[begin:end] == base[begin:end]
