"""What is kept of jobs that ended: forgotten when told, when their time is over, or for room."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_server.jobs.retention import Keep, Kept, outlived

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_server.jobs.blobstore import BlobStore
    from scumble_server.jobs.journal import Journal

MOST_AT_ONCE = 50
"""Jobs that are deleted in one go, so that clients need not wait long."""

WRITING_ROOM = 2**16
"""Bytes that are made free when the journal finds the disk full."""

_log = logging.getLogger(__name__)


class Keeping:
    """The ended jobs of a server, in the journal and in the store.

    Args:
        journal: Where they are written down.
        store: Where their pictures are.
        keep: What is to be kept.
    """

    def __init__(self, journal: Journal, store: BlobStore, keep: Keep) -> None:
        self.keep = keep
        self._journal = journal
        self._store = store

    def kept(self) -> Kept:
        """What is kept, and how much more could be."""
        return Kept(self._journal.kept_jobs, self._store.all_bytes(), self._journal.disk_free())

    def forget(self, job: str) -> None:
        """Delete all that is kept of an ended job, which may be unknown.

        Raises:
            ServerError: DISK_FULL; the job is still there.
        """
        pictures = self._journal.pictures(job)
        blobs = (*pictures.results, *pictures.sources)
        try:
            # First, so that a server that is killed here leaves no job whose pictures are gone.
            self._journal.forget(job)
        except ServerError:
            self._store.release(blobs, delete=True)  # the room that writing down takes
            self._forget_at_last(job, blobs)
        else:
            self._store.release(blobs, delete=True)

    def expire(self) -> bool:
        """Forget jobs whose time is over or that there is no room for; not all of them at once.

        Returns:
            Whether any went, so that there may be more.

        Raises:
            ServerError: DISK_FULL.
        """
        names = outlived(self._journal, self.keep, MOST_AT_ONCE)
        for name in names:
            self.forget(name)
        self._journal.tick()
        return bool(names)

    def finished(self) -> None:
        """A job came to what is kept: others may have to go."""
        if self._journal.kept_bytes <= self.keep.bytes:
            return
        try:
            self.expire()
        except ServerError as error:
            _log.warning("Old results could not be deleted: %s", error)

    def make_room(self, size: int) -> bool:
        """Delete acknowledged results before their time, so that what is wanted now can be kept.

        Nothing is deleted if all of them together would not make the room.

        Args:
            size: Bytes that are needed.

        Returns:
            Whether anything was deleted.
        """
        wanted = size - self._journal.disk_free()
        names: list[str] = []
        everything = self._journal.kept_jobs
        for name, freed in self._journal.ended(is_acknowledged=True, days=0, most=everything):
            if names and wanted <= 0:
                break
            if freed:
                names.append(name)
                wanted -= freed
        if wanted > 0:
            return False
        gone = [name for name in names if self._gave_way(name)]
        return bool(gone)

    def write(self, write: Callable[[], None]) -> None:
        """Write to the journal; once more if the disk is full and there is room to be made.

        Raises:
            ServerError: DISK_FULL, and anything else that the journal says.
        """
        try:
            write()
        except ServerError as error:
            if error.code is not ErrorCode.DISK_FULL or not self.make_room(WRITING_ROOM):
                raise
            write()

    def _forget_at_last(self, job: str, blobs: tuple[str, ...]) -> None:
        try:
            self._journal.forget(job)
        except ServerError:
            self._store.hold(blobs)
            raise

    def _gave_way(self, job: str) -> bool:
        _log.warning("The disk is full: the result of %s, which a client has, is deleted.", job)
        try:
            self.forget(job)
        except ServerError as error:
            _log.warning("%s could not be forgotten: %s", job, error)
            return False
        return True
