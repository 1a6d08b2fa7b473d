"""The clients that were let in by a code, and the tokens by which they are known again."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from scumble_protocol.errors import ServerError
from scumble_protocol.pairing import PairedClient
from scumble_protocol.private_file import read_values, write_values
from scumble_server.jobs.blobstore import disk_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FILE_NAME = "clients.json"
_DAMAGED = "clients.json.damaged"

_SEEN_SECONDS = 60.0
"""How exactly it is written down when a client last came: nobody needs a write for each visit."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Entry:
    """A client, as it is kept.

    Args:
        id: Its user's id, `c` and random digits.
        name: What it calls itself.
        token_hash: SHA-256 of its token. The token has 256 random bits, so that a fast hash is as
            good as a slow one.
        since: When it was let in, in seconds since 1970.
        seen: When it last came, in seconds since 1970; 0 if it never did.
    """

    id: str
    name: str
    token_hash: str
    since: float
    seen: float


class Registry:
    """Who was let in, in a file of the state folder that its owner alone can read.

    A file that makes no sense lets nobody in; it is moved aside.

    Args:
        folder: The state folder.
        clock: The time in seconds since 1970.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        if (folder / FILE_NAME).exists():
            self._read()

    def add(self, name: str) -> str:
        """Let a client in from now on; its token.

        Raises:
            ServerError: It can't be written down; the client is not let in.
        """
        token = secrets.token_urlsafe(32)
        entry = _Entry(f"c{secrets.token_hex(6)}", name, _hash(token), self._clock(), 0.0)
        self._write({**self._entries, entry.id: entry})
        return token

    def remove(self, user: str) -> bool:
        """Let a client in no more; False if there is none of this id.

        Raises:
            ServerError: It can't be written down; until the server ends, it is not let in.
        """
        left = {name: entry for name, entry in self._entries.items() if name != user}
        if len(left) == len(self._entries):
            return False
        self._entries = left
        self._write(left)
        return True

    def user_of(self, token: str) -> str | None:
        """Whose token this is; takes equally long for each."""
        hashed = _hash(token)
        found = [
            entry.id
            for entry in self._entries.values()
            if hmac.compare_digest(entry.token_hash, hashed)
        ]
        return found[0] if found else None

    def came(self, user: str) -> None:
        """Remember that a client came just now."""
        entry = self._entries.get(user)
        now = self._clock()
        if entry is None or abs(now - entry.seen) < _SEEN_SECONDS:
            return
        self._entries[user] = replace(entry, seen=now)
        try:
            self._write(self._entries)
        except ServerError as error:
            _log.warning("When a client came was not written down: %s", error)

    def clients(self, connections: Mapping[str, int]) -> tuple[PairedClient, ...]:
        """Everybody, in the order in which they were let in.

        Args:
            connections: The number of connections of each user now.
        """
        return tuple(
            PairedClient(entry.id, entry.name, entry.since, entry.seen, connections[entry.id])
            for entry in self._entries.values()
        )

    def _read(self) -> None:
        try:
            values = read_values(self._folder, FILE_NAME)
            entries = [_entry(value) for value in (values or {})["clients"]]
        except (KeyError, TypeError, ValueError):
            (self._folder / FILE_NAME).replace(self._folder / _DAMAGED)
            _log.warning("The list of clients was damaged and is now %s; pair them anew.", _DAMAGED)
        else:
            self._entries = {entry.id: entry for entry in entries}

    def _write(self, entries: Mapping[str, _Entry]) -> None:
        try:
            values = {"clients": [asdict(entry) for entry in entries.values()]}
            write_values(self._folder, FILE_NAME, values)
        except OSError as error:
            raise disk_error(error, self._folder) from error
        self._entries = dict(entries)


def _entry(value: Mapping[str, object]) -> _Entry:
    entry = _Entry(**value)  # type: ignore[arg-type]  # checked by the next lines
    texts = (entry.id, entry.name, entry.token_hash)
    if not all(isinstance(text, str) for text in texts) or len(entry.token_hash) != 64:
        raise ValueError("a client without id, name or hash")
    return replace(entry, since=float(entry.since), seen=float(entry.seen))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
