"""A picture is compared with the one that stood in its place before."""

from __future__ import annotations

import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.client.blobcache import BlobCache
from scumble_protocol.client.likenesses import Likenesses
from scumble_protocol.images import Likeness
from scumble_protocol.requests import LoadModel
from tests.client.requests_to_send import IMAGE, MASK, blobs_of, regenerate

PAINTED = IMAGE[:-1] + b"x"
OTHER_MASK = bytes(len(MASK))


@pytest.fixture
def cache() -> BlobCache:
    return BlobCache(10_000)


def keep(cache: BlobCache, *datas: bytes) -> None:
    for blob, data in blobs_of(*datas).items():
        cache.put(blob, data)


def test_nothing_is_like_the_first_picture(cache: BlobCache) -> None:
    assert Likenesses(cache).of(regenerate()) == ()


def test_each_picture_is_like_the_last_one_in_its_place(cache: BlobCache) -> None:
    likenesses = Likenesses(cache)
    keep(cache, IMAGE, MASK)
    likenesses.accepted(regenerate())
    assert likenesses.of(regenerate(PAINTED, OTHER_MASK)) == (
        Likeness(blob_id(PAINTED), blob_id(IMAGE)),
        Likeness(blob_id(OTHER_MASK), blob_id(MASK)),
    )
    assert likenesses.of(LoadModel("starter")) == ()


def test_what_did_not_change_needs_no_likeness(cache: BlobCache) -> None:
    likenesses = Likenesses(cache)
    keep(cache, IMAGE, MASK)
    likenesses.accepted(regenerate())
    assert likenesses.of(regenerate(PAINTED)) == (Likeness(blob_id(PAINTED), blob_id(IMAGE)),)


def test_a_picture_of_another_size_is_like_none(cache: BlobCache) -> None:
    likenesses = Likenesses(cache)
    keep(cache, IMAGE, MASK)
    likenesses.accepted(regenerate())
    assert likenesses.of(regenerate(bytes(256), bytes(64), side=8)) == ()


def test_what_is_no_longer_here_can_not_be_compared_with(cache: BlobCache) -> None:
    likenesses = Likenesses(cache)
    keep(cache, MASK)
    likenesses.accepted(regenerate())
    assert likenesses.of(regenerate(PAINTED)) == ()


def test_another_server_has_none_of_them(cache: BlobCache) -> None:
    likenesses = Likenesses(cache)
    keep(cache, IMAGE, MASK)
    likenesses.accepted(regenerate())
    likenesses.forget()
    assert likenesses.of(regenerate(PAINTED)) == ()


def test_a_blob_that_stands_in_two_places_has_one_base(cache: BlobCache) -> None:
    likenesses = Likenesses(cache)
    keep(cache, IMAGE, MASK)
    likenesses.accepted(regenerate())
    twice = regenerate(PAINTED, PAINTED)
    keep(cache, OTHER_MASK)
    likenesses.accepted(regenerate(IMAGE, OTHER_MASK))
    assert likenesses.of(twice) == (Likeness(blob_id(PAINTED), blob_id(IMAGE)),)


def test_the_size_that_was_not_seen_for_longest_is_forgotten(cache: BlobCache) -> None:
    likenesses = Likenesses(cache)
    keep(cache, IMAGE, MASK)
    likenesses.accepted(regenerate())
    for side in range(5, 5 + 127):
        likenesses.accepted(regenerate(b"image", b"mask", side=side))
    assert likenesses.of(regenerate(PAINTED)) != ()
    likenesses.accepted(regenerate(b"image", b"mask", side=200))
    assert likenesses.of(regenerate(PAINTED)) == ()
