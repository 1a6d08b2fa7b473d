"""Pictures on disk, one file per blob, named by the hash of what is in it."""

from __future__ import annotations

import errno
import os
import re
import threading
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING

from scumble_protocol.blobs import blob_id
from scumble_protocol.errors import ErrorCode, ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_BLOB = re.compile(r"[0-9a-f]{32}")


class BlobStore:
    """Keeps what is held, and of the rest the most recently used up to a budget.

    A blob that nobody holds is no orphan but part of this cache: it counts to the budget from the
    start on, so nothing can pile up. Files that have no blob's name are not ours and left alone.

    A blob is written beside its place and renamed, so a file with a blob's name is whole unless
    the machine lost power; what is read from disk is checked against its name. Writes are not
    forced to the platter: a killed server loses nothing that way, and after a power failure the
    check finds what was lost. May be used by several threads.

    Args:
        folder: Where the files lie; made if it is not there.
        budget: Bytes on disk that nobody holds.
        memory: Bytes to keep in memory as well.
    """

    def __init__(self, folder: Path, *, budget: int, memory: int) -> None:
        self._folder = folder
        self._budget = budget
        self._memory_budget = memory
        self._lock = threading.Lock()
        self._held: dict[str, int] = {}
        """Sizes of the blobs on disk that somebody holds."""
        self._idle: OrderedDict[str, int] = OrderedDict()
        """Sizes of the other blobs on disk, least recently used first."""
        self._held_bytes = 0
        self._idle_bytes = 0
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._memory_used = 0
        self._holds: Counter[str] = Counter()
        self._make_room: Callable[[int], bool] = lambda _size: False
        self._scan()

    def when_full(self, make_room: Callable[[int], bool]) -> None:
        """Have others make room when the disk is full and the cache has no more to give.

        Args:
            make_room: Called on the thread that puts a blob, with the blob's size in bytes;
                whether it released and deleted anything.
        """
        self._make_room = make_room

    def has(self, blob: str) -> bool:
        """Whether the blob is on disk."""
        with self._lock:
            return self._is_there(blob)

    def hold(self, blobs: Iterable[str]) -> None:
        """Keep these, there or not yet, until each hold is released."""
        with self._lock:
            for blob in blobs:
                self._holds[blob] += 1
                if blob in self._idle:
                    self._add(blob, self._remove(blob))

    def release(self, blobs: Iterable[str], *, delete: bool = False) -> None:
        """Undo one hold of each; `delete` removes at once what nobody holds any longer."""
        with self._lock:
            for blob in blobs:
                self._holds[blob] -= 1
                if self._holds[blob] > 0:
                    continue
                del self._holds[blob]
                if delete:
                    self._delete(blob)
                elif blob in self._held:
                    self._add(blob, self._remove(blob))
            self._trim()

    def trim(self) -> None:
        """Delete what is beyond the budget, once everybody holds what they need."""
        with self._lock:
            self._trim()

    def put(self, blob: str, data: bytes | memoryview) -> None:
        """Write a blob that is known to have this id; on return it survives the process.

        A view of somebody's memory is copied only where the blob is small enough to be kept there.

        Raises:
            ServerError: DISK_FULL.
        """
        if self.has(blob):
            self._remember(blob, data)
            return
        while not self._wrote(blob, data):
            pass  # there is more room each time
        with self._lock:
            if not self._is_there(blob):
                self._add(blob, len(data))
            self._trim()
        self._remember(blob, data)

    def get(self, blob: str) -> bytes:
        """The blob's bytes.

        Raises:
            KeyError: It is not there, or was damaged on disk (and is now deleted).
        """
        with self._lock:
            if blob in self._idle:
                self._idle.move_to_end(blob)
            if (data := self._memory.get(blob)) is not None:
                self._memory.move_to_end(blob)
                return data
            if not self._is_there(blob):
                raise KeyError(blob)
        data = self._read(blob)
        self._remember(blob, data)
        return data

    def length(self, blob: str) -> int:
        """The blob's bytes on disk, 0 if it is not there."""
        with self._lock:
            return self._held.get(blob) or self._idle.get(blob, 0)

    def piece(self, blob: str, start: int, length: int) -> bytes | memoryview:
        """So many of the blob's bytes from a place on; fewer, or none, if it is gone or damaged.

        What is read from disk is not checked: no id names a piece.
        """
        if (data := self.at_hand(blob)) is not None:
            return memoryview(data)[start : start + length]
        try:
            with (self._folder / blob).open("rb", buffering=0) as file:
                file.seek(start)
                return file.read(length)
        except OSError:
            return b""

    def at_hand(self, blob: str) -> bytes | None:
        """The blob's bytes if they are in memory; never waits for the disk."""
        with self._lock:
            return self._memory.get(blob)

    def unheld_bytes(self) -> int:
        """Bytes on disk that nobody holds."""
        with self._lock:
            return self._idle_bytes

    def all_bytes(self) -> int:
        """Bytes on disk."""
        with self._lock:
            return self._idle_bytes + self._held_bytes

    def _scan(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        found = []
        with os.scandir(self._folder) as entries:  # a path of its own for each costs as much again
            for entry in entries:
                if entry.name.endswith(".part"):
                    (self._folder / entry.name).unlink()
                elif _BLOB.fullmatch(entry.name):
                    stat = entry.stat()
                    found.append((stat.st_mtime, entry.name, stat.st_size))
        for _, name, size in sorted(found):
            self._add(name, size)

    def _wrote(self, blob: str, data: bytes | memoryview) -> bool:
        """Whether the file is there now; if not, room was made and it may be tried again."""
        part = self._folder / f"{blob}.{threading.get_ident()}.part"
        try:
            part.write_bytes(data)
            part.replace(self._folder / blob)
        except OSError as error:
            part.unlink(missing_ok=True)
            # More room is no help where the file is larger than any may be.
            if error.errno in _NO_ROOM and error.errno != errno.EFBIG and self._has_room(len(data)):
                return False
            raise disk_error(error, self._folder) from error
        return True

    def _has_room(self, size: int) -> bool:
        """Make room for so many bytes; whether anything was deleted."""
        with self._lock:
            wanted = size
            while self._idle and wanted > 0:
                blob, freed = next(iter(self._idle.items()))
                self._delete(blob)
                wanted -= freed
        return wanted < size or self._make_room(size)

    def _read(self, blob: str) -> bytes:
        try:
            data = (self._folder / blob).read_bytes()
        except FileNotFoundError:
            data = b""
        if blob_id(data) != blob:
            with self._lock:
                self._delete(blob)
            raise KeyError(blob)
        return data

    def _remember(self, blob: str, data: bytes | memoryview) -> None:
        with self._lock:
            if blob in self._memory or len(data) > self._memory_budget:
                return
            self._memory[blob] = bytes(data)
            self._memory_used += len(data)
            while self._memory_used > self._memory_budget:
                _, oldest = self._memory.popitem(last=False)
                self._memory_used -= len(oldest)

    # From here on: under the lock, or a `put` of the same blob could lose its new file.

    def _is_there(self, blob: str) -> bool:
        return blob in self._held or blob in self._idle

    def _add(self, blob: str, size: int) -> None:
        if self._holds[blob] > 0:
            self._held[blob] = size
            self._held_bytes += size
        else:
            del self._holds[blob]  # a counter remembers what it was asked for
            self._idle[blob] = size
            self._idle_bytes += size

    def _remove(self, blob: str) -> int:
        if (size := self._held.pop(blob, None)) is not None:
            self._held_bytes -= size
            return size
        size = self._idle.pop(blob)
        self._idle_bytes -= size
        return size

    def _delete(self, blob: str) -> None:
        self._memory_used -= len(self._memory.pop(blob, b""))
        if self._is_there(blob):
            self._remove(blob)
            (self._folder / blob).unlink(missing_ok=True)

    def _trim(self) -> None:
        while self._idle_bytes > self._budget:
            self._delete(next(iter(self._idle)))


def disk_error(error: OSError, folder: Path) -> ServerError:
    """What a failed write means to a painter."""
    if error.errno in _NO_ROOM:
        return ServerError(
            ErrorCode.DISK_FULL,
            f"The disk with {folder} is full.",
            "Make room there, or start the server with another --state folder, and try again.",
        )
    return ServerError(
        ErrorCode.INTERNAL,
        f"{folder} can't be written to: {error.strerror or error}.",
        "Check the folder and its permissions, or start the server with another --state folder.",
    )
