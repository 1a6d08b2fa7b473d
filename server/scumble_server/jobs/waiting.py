"""The waiting line: fair between clients, first come first served within one."""

from __future__ import annotations

from collections import OrderedDict, deque


class WaitingLine:
    """Job ids in the order in which they will be done.

    Every owner has a row of its own; `take` serves the rows in turn, so that one client with
    fifty jobs delays another's single job by one job at most.
    """

    def __init__(self) -> None:
        self._rows: OrderedDict[str, deque[str]] = OrderedDict()
        """By owner, the next to be served first; no row is empty."""

    def __len__(self) -> int:
        return sum(len(row) for row in self._rows.values())

    def put(self, owner: str, job: str) -> None:
        """Let a job wait at the end of its owner's row."""
        self._rows.setdefault(owner, deque()).append(job)

    def take(self) -> str | None:
        """The job whose turn it is, which waits no longer; None if no job waits."""
        if not self._rows:
            return None
        owner, row = self._rows.popitem(last=False)
        job = row.popleft()
        if row:
            self._rows[owner] = row
        return job

    def remove(self, job: str) -> bool:
        """Let a job wait no longer; False if it did not."""
        for owner, row in self._rows.items():
            if job in row:
                row.remove(job)
                if not row:
                    del self._rows[owner]
                return True
        return False

    def position(self, job: str) -> int:
        """How many waiting jobs will be taken before this one, if no more come.

        Raises:
            KeyError: The job does not wait.
        """
        rows = list(self._rows.values())
        for turn, row in enumerate(rows):
            if job in row:
                place = row.index(job)
                # Rows before this one are served once more than rows after it.
                return place + sum(
                    min(len(other), place + (1 if number < turn else 0))
                    for number, other in enumerate(rows)
                    if number != turn
                )
        raise KeyError(job)
