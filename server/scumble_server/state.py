"""The state folder: everything that outlives the server, in one place."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scumble_server.jobs.blobstore import disk_error

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class StateFolder:
    """Where things lie in it; `open_folder` makes it.

    That only one server uses a folder is seen to by the journal, which can't be opened twice.
    """

    root: Path

    @property
    def journal(self) -> Path:
        """The database of jobs."""
        return self.root / "journal.sqlite"

    @property
    def blobs(self) -> Path:
        """The pictures."""
        return self.root / "blobs"

    @property
    def compiled(self) -> Path:
        """Machine code of models for certain sizes; can be deleted at any time."""
        return self.root / "compiled"

    @property
    def attention(self) -> Path:
        """Which kernels were the quickest on a GPU; measured again where it is missing."""
        return self.root / "attention.json"

    @property
    def tls(self) -> Path:
        """The server's own certificate and its key."""
        return self.root / "tls"

    @property
    def models(self) -> Path:
        """Models that the user puts here or that the server fetched."""
        return self.root / "models"

    @property
    def log(self) -> Path:
        """What the server did, with the tracebacks that no painter needs to see; see `logs.py`."""
        return self.root / "server.log"

    def token(self) -> str:
        """The secret that clients must know.

        It stays the same, so that a client that outlives the server can come back to the next one.

        Raises:
            ServerError: It can't be written.
        """
        path = self.root / "token"
        try:
            if path.exists() and (token := path.read_text("ascii").strip()):
                return token
            token = secrets.token_urlsafe(32)
            # Never readable by others, not even between making it and a later chmod.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(token)
        except OSError as error:
            raise disk_error(error, self.root) from error
        return token


def open_folder(root: Path) -> StateFolder:
    """Make the folder, for its owner's eyes only, and what must be in it.

    Raises:
        ServerError: It can't be made.
    """
    folder = StateFolder(root.expanduser().absolute())
    try:
        folder.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.blobs.mkdir(exist_ok=True)
        folder.models.mkdir(exist_ok=True)
        _make_private(folder)
    except OSError as error:
        raise disk_error(error, folder.root) from error
    return folder


def _make_private(folder: StateFolder) -> None:
    """Nobody else on this machine sees pictures, prompts or secrets, whoever made the folder."""
    folder.blobs.chmod(0o700)
    # SQLite gives the permissions of this file to those that it makes beside it.
    os.close(os.open(folder.journal, os.O_CREAT | os.O_WRONLY, 0o600))
    for path in (folder.journal, folder.root / "token"):
        if path.exists():
            path.chmod(0o600)
