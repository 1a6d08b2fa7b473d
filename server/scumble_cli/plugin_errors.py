"""Turns what the installer's part for plugins raises into the errors of the command line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from scumble_installer.errors import InstallerError
from scumble_protocol.errors import ErrorCode, RequestError, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def plugin_errors() -> Iterator[None]:
    """Raise an `InstallerError` or an `OSError` of the block as a `ScumbleError`."""
    try:
        yield
    except InstallerError as error:
        raise RequestError(ErrorCode.INVALID_VALUE, error.message, error.hint) from error
    except OSError as error:
        raise ServerError(
            ErrorCode.INTERNAL,
            f"{error.filename or 'A file'} can't be changed: {error.strerror or error}.",
            "Check that the folder is yours and that the disk has room, then try again.",
        ) from error
