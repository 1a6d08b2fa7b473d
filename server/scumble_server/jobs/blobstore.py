"""Pictures on disk, one file per blob, named by the hash of what is in it."""

from __future__ import annotations

import errno
import threading
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING

from scumble_protocol.blobs import blob_id
from scumble_protocol.errors import ErrorCode, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class BlobStore:
    """Keeps what is held, and of the rest the most recently used up to a budget.

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
        self._sizes: OrderedDict[str, int] = OrderedDict()
        """Blobs on disk, least recently used first."""
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._memory_used = 0
        self._holds: Counter[str] = Counter()
        self._scan()

    def has(self, blob: str) -> bool:
        """Whether the blob is on disk."""
        with self._lock:
            return blob in self._sizes

    def hold(self, blobs: Iterable[str]) -> None:
        """Keep these, there or not yet, until each hold is released."""
        with self._lock:
            self._holds.update(blobs)

    def release(self, blobs: Iterable[str], *, delete: bool = False) -> None:
        """Undo one hold of each; `delete` removes at once what nobody holds any longer."""
        with self._lock:
            for blob in blobs:
                self._holds[blob] -= 1
                if self._holds[blob] <= 0:
                    del self._holds[blob]
                    if delete:
                        self._delete(blob)
            self._trim()

    def put(self, blob: str, data: bytes) -> None:
        """Write a blob that is known to have this id; on return it survives the process.

        Raises:
            ServerError: DISK_FULL.
        """
        if self.has(blob):
            self._remember(blob, data)
            return
        place = self._folder / blob
        part = self._folder / f"{blob}.{threading.get_ident()}.part"
        try:
            part.write_bytes(data)
            part.replace(place)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise disk_error(error, self._folder) from error
        with self._lock:
            self._sizes[blob] = len(data)
            self._sizes.move_to_end(blob)
            self._trim()
        self._remember(blob, data)

    def get(self, blob: str) -> bytes:
        """The blob's bytes.

        Raises:
            KeyError: It is not there, or was damaged on disk (and is now deleted).
        """
        with self._lock:
            if blob in self._sizes:
                self._sizes.move_to_end(blob)
            if (data := self._memory.get(blob)) is not None:
                self._memory.move_to_end(blob)
                return data
            if blob not in self._sizes:
                raise KeyError(blob)
        data = self._read(blob)
        self._remember(blob, data)
        return data

    def at_hand(self, blob: str) -> bytes | None:
        """The blob's bytes if they are in memory; never waits for the disk."""
        with self._lock:
            return self._memory.get(blob)

    def unheld_bytes(self) -> int:
        """Bytes on disk that nobody holds."""
        with self._lock:
            return sum(size for blob, size in self._sizes.items() if not self._holds[blob])

    def _scan(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        found = []
        for path in self._folder.iterdir():
            if path.suffix == ".part":
                path.unlink()
            else:
                stat = path.stat()
                found.append((stat.st_mtime, path.name, stat.st_size))
        for _, name, size in sorted(found):
            self._sizes[name] = size

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

    def _remember(self, blob: str, data: bytes) -> None:
        with self._lock:
            if blob in self._memory or len(data) > self._memory_budget:
                return
            self._memory[blob] = data
            self._memory_used += len(data)
            while self._memory_used > self._memory_budget:
                _, oldest = self._memory.popitem(last=False)
                self._memory_used -= len(oldest)

    def _delete(self, blob: str) -> None:
        # Under the lock, or a `put` of the same blob could lose its new file.
        self._memory_used -= len(self._memory.pop(blob, b""))
        if self._sizes.pop(blob, None) is not None:
            (self._folder / blob).unlink(missing_ok=True)

    def _trim(self) -> None:
        unheld = [(blob, size) for blob, size in self._sizes.items() if not self._holds[blob]]
        excess = sum(size for _, size in unheld) - self._budget
        for blob, size in unheld:
            if excess <= 0:
                return
            self._delete(blob)
            excess -= size


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
