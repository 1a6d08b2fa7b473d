"""Which of the pictures on the server a user may know of."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from scumble_server.clients.users import LOCAL

if TYPE_CHECKING:
    from scumble_server.jobs.blobstore import BlobStore
    from scumble_server.jobs.book import JobBook

_MOST_REMEMBERED = 10_000
"""Pictures that somebody sent, of all users together. One that was forgotten is sent again."""


class UsersPictures:
    """Pictures by whose they are.

    A picture's id is its hash, so that whoever can guess a picture could else find out whether
    somebody sent it, or have it named to them and fetch it. The machine's owner, who can read the
    server's disk, has them all.

    Args:
        store: The pictures.
        book: The jobs, which hold pictures.
    """

    def __init__(self, store: BlobStore, book: JobBook) -> None:
        self._store = store
        self._book = book
        self._sent: OrderedDict[tuple[str, str], None] = OrderedDict()
        """User and picture, those that were sent last at the end."""

    def has(self, user: str, blob: str) -> bool:
        """Whether the picture is there for this user."""
        if not self._store.has(blob):
            return False
        return user == LOCAL or (user, blob) in self._sent or self._book.has_picture(user, blob)

    def sent(self, user: str, blob: str) -> None:
        """The user sent this picture."""
        if user == LOCAL:
            return
        self._sent[user, blob] = None
        self._sent.move_to_end((user, blob))
        if len(self._sent) > _MOST_REMEMBERED:
            self._sent.popitem(last=False)
