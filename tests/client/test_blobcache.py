"""Blobs are kept as long as there is room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.client.blobcache import BlobCache


def test_the_blob_that_was_not_used_for_longest_goes_first() -> None:
    cache = BlobCache(6)
    cache.put("a", b"aa")
    cache.put("b", b"bb")
    cache.put("c", b"cc")
    assert cache.get("a") == b"aa"
    cache.put("d", b"dd")
    assert cache.get("b") is None
    assert [cache.get(name) for name in "acd"] == [b"aa", b"cc", b"dd"]


def test_a_blob_that_is_put_again_counts_as_used() -> None:
    cache = BlobCache(4)
    cache.put("a", b"aa")
    cache.put("b", b"bb")
    cache.put("a", b"aa")
    cache.put("c", b"cc")
    assert cache.get("b") is None
    assert cache.get("a") == b"aa"


def test_a_blob_larger_than_the_cache_is_not_kept_and_drops_nothing() -> None:
    cache = BlobCache(4)
    cache.put("a", b"aa")
    cache.put("large", b"12345")
    assert cache.get("large") is None
    assert cache.get("a") == b"aa"


@given(st.lists(st.binary(min_size=1, max_size=9)), st.integers(0, 30))
def test_a_cache_never_holds_more_than_its_limit(datas: list[bytes], limit: int) -> None:
    cache = BlobCache(limit)
    for data in datas:
        cache.put(data.hex(), data)
    kept = [data for data in set(datas) if cache.get(data.hex()) is not None]
    assert sum(map(len, kept)) <= limit
