"""Reading pages without SQLite gives what SQLite gives, and never fails on anything else."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_server.jobs.raw_pages import RawPages, Value

INTEGERS = [0, 1, -1, 127, -128, 128, 2**15, -(2**15) - 1, 2**23, 2**31, -(2**39), 2**47, 2**62]


def rows() -> list[tuple[int, Value]]:
    """Every kind and length of value, also those that take several pages."""
    chance = random.Random(1)  # noqa: S311
    values: list[Value] = [*INTEGERS, 0.5, -1e300, None, "", "Äpfel", b"", b"\0\xff"]
    texts = ["a" * length for length in (12, 60, 117, 500, 989, 4000, 9000)]
    blobs = [chance.randbytes(length) for length in (13, 118, 1000, 1002, 4060, 20_000)]
    return [(number, value) for number, value in enumerate([*values, *texts, *blobs] * 9)]


@pytest.mark.parametrize("size", [512, 4096, 65536])
def test_the_records_are_those_that_sqlite_wrote(tmp_path: Path, size: int) -> None:
    path = tmp_path / "some.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"PRAGMA page_size = {size}")
        database.execute("CREATE TABLE plain (number, value)")
        database.execute(
            "CREATE TABLE keyed (number, value, PRIMARY KEY (number, value)) WITHOUT ROWID"
        )
        database.execute("CREATE TABLE other (number, value, third)")
        for row in rows():
            database.execute(
                "INSERT INTO plain (rowid, number, value) VALUES (?, ?, ?)", (2 * row[0] + 1, *row)
            )
            if row[1] is not None:
                database.execute("INSERT INTO keyed VALUES (?, ?)", row)
            database.execute("INSERT INTO other VALUES (?, ?, 3)", row)
    read = list(RawPages(path.read_bytes(), size).records())
    plain = sorted((values for place, values in read if place and len(values) == 2), key=repr)
    keyed = sorted((values for place, values in read if not place), key=repr)
    assert plain == sorted(rows(), key=repr)
    assert keyed == sorted((row for row in rows() if row[1] is not None), key=repr)
    for place, values in read:
        if place and len(values) == 2:
            assert isinstance(values[0], int)
            assert place == 2 * values[0] + 1


@given(st.binary(max_size=3000), st.sampled_from([b"\x0d", b"\x0a", b"\x02", b"\x05", b""]))
def test_nonsense_has_records_or_none_and_ends(data: bytes, kind: bytes) -> None:
    for _, values in RawPages(bytes(100) + kind + data, 512).records():
        assert isinstance(values, tuple)


def test_a_chain_of_pages_that_bites_its_tail_ends() -> None:
    page = bytearray(512)
    page[0] = 0x0D
    page[3:5] = (1).to_bytes(2, "big")
    page[8:10] = (100).to_bytes(2, "big")
    page[100:104] = bytes([0x87, 0x68, 1, 2])  # 1000 bytes in row 1
    here = 39 + (1000 - 39) % 508
    page[103 + here : 107 + here] = (2).to_bytes(4, "big")
    loop = (2).to_bytes(4, "big") + bytes(508)
    assert list(RawPages(bytes(512) + bytes(page[:512]) + loop, 512).records()) == []
