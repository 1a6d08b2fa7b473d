from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from scumble_protocol.blobs import blob_id
from scumble_protocol.errors import ErrorCode, ServerError
from scumble_server.jobs.blobstore import BlobStore, disk_error

ONE, TWO, THREE = (bytes([value]) * 100 for value in (1, 2, 3))


def open_store(folder: Path, *, budget: int = 1000, memory: int = 1000) -> BlobStore:
    return BlobStore(folder, budget=budget, memory=memory)


def put(store: BlobStore, *pictures: bytes) -> list[str]:
    names = [blob_id(data) for data in pictures]
    for name, data in zip(names, pictures, strict=True):
        store.put(name, data)
    return names


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_blob_survives_the_store(tmp_path: Path) -> None:
    (name,) = put(open_store(tmp_path), ONE)
    again = open_store(tmp_path)
    assert again.has(name)
    assert again.get(name) == ONE


def test_a_blob_that_is_not_there_is_a_key_error(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert not store.has(blob_id(ONE))
    with pytest.raises(KeyError):
        store.get(blob_id(ONE))


def test_a_blob_that_was_damaged_on_disk_is_never_given_out(tmp_path: Path) -> None:
    (name,) = put(open_store(tmp_path), ONE)
    (tmp_path / name).write_bytes(ONE[:-1])
    again = open_store(tmp_path)
    with pytest.raises(KeyError):
        again.get(name)
    assert not again.has(name)
    assert files(tmp_path) == set()


def test_half_written_files_of_a_killed_server_are_cleared_away(tmp_path: Path) -> None:
    (tmp_path / f"{blob_id(ONE)}.1.part").write_bytes(ONE[:50])
    store = open_store(tmp_path)
    assert not store.has(blob_id(ONE))
    assert files(tmp_path) == set()


def test_beyond_the_budget_the_blobs_used_longest_ago_go(tmp_path: Path) -> None:
    store = open_store(tmp_path, budget=250)
    one, two = put(store, ONE, TWO)
    store.get(one)
    (three,) = put(store, THREE)
    assert files(tmp_path) == {one, three}
    assert not store.has(two)


def test_what_is_held_stays_whatever_the_budget(tmp_path: Path) -> None:
    store = open_store(tmp_path, budget=0)
    store.hold([blob_id(ONE)])
    one, two = put(store, ONE, TWO)
    assert files(tmp_path) == {one}
    assert not store.has(two)
    store.release([one])
    assert files(tmp_path) == set()


def test_a_blob_held_twice_needs_two_releases(tmp_path: Path) -> None:
    store = open_store(tmp_path, budget=0)
    store.hold([blob_id(ONE), blob_id(ONE)])
    (one,) = put(store, ONE)
    store.release([one], delete=True)
    assert store.has(one)
    store.release([one], delete=True)
    assert not store.has(one)


def test_a_released_blob_is_kept_within_the_budget_unless_it_is_to_be_deleted(
    tmp_path: Path,
) -> None:
    store = open_store(tmp_path)
    store.hold([blob_id(ONE), blob_id(TWO)])
    one, two = put(store, ONE, TWO)
    store.release([one])
    store.release([two], delete=True)
    assert files(tmp_path) == {one}
    assert store.unheld_bytes() == len(ONE)


def test_what_is_in_memory_is_not_read_again(tmp_path: Path) -> None:
    store = open_store(tmp_path, memory=150)
    one, two = put(store, ONE, TWO)
    for name in (one, two):
        (tmp_path / name).unlink()
    assert store.get(two) == TWO
    with pytest.raises(KeyError):
        store.get(one)


def test_a_full_disk_is_said_and_leaves_no_half_file(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    name = blob_id(ONE)
    # What is in the way of the file being renamed into place stands for the disk's refusal.
    (tmp_path / name).mkdir()
    with pytest.raises(ServerError):
        store.put(name, ONE)
    assert files(tmp_path) == {name}
    assert not store.has(name)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_every_way_of_having_no_room_is_a_full_disk(number: int, tmp_path: Path) -> None:
    error = disk_error(OSError(number, os.strerror(number)), tmp_path)
    assert error.code is ErrorCode.DISK_FULL
    assert str(tmp_path) in error.message


def test_threads_may_use_the_store_at_once(tmp_path: Path) -> None:
    store = open_store(tmp_path, budget=500, memory=300)
    pictures = [bytes([value]) * 100 for value in range(8)]
    failures: list[BaseException] = []

    def work(offset: int) -> None:
        try:
            for turn in range(100):
                data = pictures[(turn * 3 + offset) % len(pictures)]
                name = blob_id(data)
                store.hold([name])
                store.put(name, data)
                assert store.get(name) == data
                store.release([name], delete=turn % 2 == 0)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.unheld_bytes() <= 500
    assert all(blob_id((tmp_path / name).read_bytes()) == name for name in files(tmp_path))
