"""For how long results are kept, and which go first when there is too little room for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scumble_server.jobs.journal import Journal

_GIB = 2**30


@dataclass(frozen=True)
class Keep:
    """What is kept of jobs that ended.

    Args:
        days: Nothing is kept for longer than this; if `unseen_days` is more, that counts for
            results that nobody acknowledged.
        bytes: Above so many bytes of results, results are deleted before their time.
        unseen_days: For so long a result that nobody acknowledged is never deleted.
    """

    days: float = 30
    bytes: int = 8 * _GIB
    unseen_days: float = 7


@dataclass(frozen=True)
class Kept:
    """What is kept now, for `status`.

    Args:
        jobs: The number of jobs that ended.
        bytes: Bytes on disk of all pictures, those of waiting jobs and the cache among them.
        disk_free: Bytes that are free on the disk with them.
    """

    jobs: int
    bytes: int
    disk_free: int


def outlived(journal: Journal, keep: Keep, most: int) -> tuple[str, ...]:
    """Jobs whose time is over, and those that must go for the sake of room; oldest first.

    Args:
        journal: Where the jobs are.
        keep: What is to be kept.
        most: The number of jobs to name at most.
    """
    unseen = max(keep.days, keep.unseen_days)
    names = [job for job, _ in journal.ended(is_acknowledged=True, days=keep.days, most=most)]
    names += [job for job, _ in journal.ended(is_acknowledged=False, days=unseen, most=most)]
    if not names:
        names = _too_many(journal, keep, most)
    return tuple(names[:most])


def _too_many(journal: Journal, keep: Keep, most: int) -> list[str]:
    excess = journal.kept_bytes - keep.bytes
    if excess <= 0:
        return []
    names: list[str] = []
    for is_acknowledged, days in ((True, 0.0), (False, keep.unseen_days)):
        for job, size in journal.ended(is_acknowledged=is_acknowledged, days=days, most=most):
            if excess <= 0:
                return names
            if size:  # what takes no room need not go to make some
                names.append(job)
                excess -= size
    return names
