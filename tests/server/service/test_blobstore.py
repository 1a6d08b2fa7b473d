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


# At the start


def test_what_nobody_holds_after_a_start_is_cut_to_the_budget(tmp_path: Path) -> None:
    one, two, three = put(open_store(tmp_path), ONE, TWO, THREE)
    for number, name in enumerate((two, one, three)):
        os.utime(tmp_path / name, (number, number))
    store = open_store(tmp_path, budget=100)
    store.hold([two])
    store.trim()
    assert files(tmp_path) == {two, three}, "the one in need and the one used last"
    assert (store.unheld_bytes(), store.all_bytes()) == (100, 200)


def test_files_that_are_no_blobs_are_left_alone_and_not_counted(tmp_path: Path) -> None:
    (tmp_path / "Thumbs.db").write_bytes(ONE)
    (tmp_path / "notes").mkdir()
    store = open_store(tmp_path, budget=0)
    store.trim()
    assert store.all_bytes() == 0
    assert files(tmp_path) == {"Thumbs.db", "notes"}


# A full disk


def full(monkeypatch: pytest.MonkeyPatch, folder: Path, most: int, number: int) -> None:
    """Let the folder hold so many bytes and no more."""
    write = Path.write_bytes

    def limited(path: Path, data: bytes) -> int:
        used = sum(entry.stat().st_size for entry in folder.iterdir())
        if used + len(data) > most:
            raise OSError(number, os.strerror(number))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", limited)


def test_on_a_full_disk_the_cache_makes_room_the_oldest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    store.hold([blob_id(ONE)])
    one, _two, three = put(store, ONE, TWO, THREE)
    full(monkeypatch, tmp_path, 300, errno.ENOSPC)
    (four,) = put(store, b"4" * 100)
    assert files(tmp_path) == {one, three, four}


def test_on_a_full_disk_others_are_asked_once_the_cache_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    asked = []

    def make_room(size: int) -> bool:
        asked.append(size)
        store.release([blob_id(ONE)], delete=True)
        return len(asked) == 1

    store.when_full(make_room)
    store.hold([blob_id(ONE)])
    put(store, ONE, TWO)
    full(monkeypatch, tmp_path, 200, errno.EDQUOT)
    large = b"4" * 150
    (name,) = put(store, large)
    assert files(tmp_path) == {name}
    assert asked == [150]


def test_when_nobody_makes_room_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    store.hold([blob_id(ONE)])
    (one,) = put(store, ONE)
    full(monkeypatch, tmp_path, 150, errno.ENOSPC)
    with pytest.raises(ServerError) as caught:
        put(store, TWO)
    assert caught.value.code is ErrorCode.DISK_FULL
    assert files(tmp_path) == {one}


def test_a_file_that_is_too_large_for_the_system_costs_nobody_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    (one,) = put(store, ONE)
    full(monkeypatch, tmp_path, 100, errno.EFBIG)
    with pytest.raises(ServerError):
        put(store, TWO)
    assert files(tmp_path) == {one}


@pytest.mark.parametrize("memory", [0, 1000])
def test_a_piece_of_a_blob_comes_from_memory_or_disk(tmp_path: Path, memory: int) -> None:
    store = open_store(tmp_path, memory=memory)
    data = bytes(range(100))
    (name,) = put(store, data)
    assert bytes(store.piece(name, 30, 20)) == data[30:50]
    assert bytes(store.piece(name, 90, 20)) == data[90:]
    assert store.length(name) == 100


def test_a_blob_that_is_gone_has_no_length_and_no_pieces(tmp_path: Path) -> None:
    store = open_store(tmp_path, memory=0)
    (name,) = put(store, ONE)
    (tmp_path / name).unlink()
    assert store.piece(name, 0, 20) == b""
    assert store.piece(blob_id(TWO), 0, 20) == b""
    assert store.length(blob_id(TWO)) == 0


def test_the_length_of_a_held_blob_is_known(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    (name,) = put(store, ONE)
    store.hold([name])
    assert store.length(name) == 100
