"""Errors that cross the wire: a code for programs, a sentence and a hint for painters.

    ScumbleError
    ├── RequestError   the user can fix it: a bad value, an unknown model, too large a picture
    ├── PeerError      the other program broke the rules or is not there
    └── ServerError    the server failed: no memory, no disk, a defect

The wire carries `code`, `message` and `hint`, never a traceback.
"""

from __future__ import annotations

import enum


class ErrorCode(str, enum.Enum):
    """What went wrong, for programs; every code belongs to exactly one error class."""

    # RequestError: the user can fix these.
    INVALID_VALUE = "invalid_value"
    EMPTY_SELECTION = "empty_selection"
    SELECTION_OUTSIDE = "selection_outside"
    MASK_SIZE = "mask_size"
    TOO_LARGE = "too_large"
    BAD_PICTURE = "bad_picture"
    UNKNOWN_MODEL = "unknown_model"
    UNSUPPORTED_MODEL = "unsupported_model"
    DAMAGED_MODEL = "damaged_model"
    UNSAFE_MODEL = "unsafe_model"
    UNKNOWN_JOB = "unknown_job"
    TOO_MANY_JOBS = "too_many_jobs"
    QUEUE_FULL = "queue_full"
    CANVAS_GONE = "canvas_gone"

    # PeerError: the other side of the wire.
    PROTOCOL = "protocol"
    CLIENT_TOO_OLD = "client_too_old"
    SERVER_TOO_OLD = "server_too_old"
    UNAUTHORIZED = "unauthorized"
    UNTRUSTED = "untrusted"
    FORBIDDEN = "forbidden"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    TOO_MANY_CLIENTS = "too_many_clients"
    NO_SERVER = "no_server"
    DISCONNECTED = "disconnected"

    # ServerError: ours.
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    PORT_IN_USE = "port_in_use"
    DOWNLOAD_FAILED = "download_failed"
    SHUTTING_DOWN = "shutting_down"
    DEVICE_HUNG = "device_hung"
    CRASHED = "crashed"
    INTERNAL = "internal"


class ScumbleError(Exception):
    """The base of every error that a user may see.

    Args:
        code: What went wrong, for programs; must be one of the class's `codes`.
        message: One sentence for a painter, naming the value at fault.
        hint: What to do next, one sentence; may be empty only where nothing can be done.
    """

    codes: frozenset[ErrorCode] = frozenset()

    def __init__(self, code: ErrorCode, message: str, hint: str = "") -> None:
        if code not in self.codes:
            raise ValueError(f"{code} is not a code of {type(self).__name__}")
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class RequestError(ScumbleError):
    """The request can't be done as it stands, and the user can change it."""

    codes = frozenset(
        {
            ErrorCode.INVALID_VALUE,
            ErrorCode.EMPTY_SELECTION,
            ErrorCode.SELECTION_OUTSIDE,
            ErrorCode.MASK_SIZE,
            ErrorCode.TOO_LARGE,
            ErrorCode.BAD_PICTURE,
            ErrorCode.UNKNOWN_MODEL,
            ErrorCode.UNSUPPORTED_MODEL,
            ErrorCode.DAMAGED_MODEL,
            ErrorCode.UNSAFE_MODEL,
            ErrorCode.UNKNOWN_JOB,
            ErrorCode.TOO_MANY_JOBS,
            ErrorCode.QUEUE_FULL,
            ErrorCode.CANVAS_GONE,
        }
    )


class PeerError(ScumbleError):
    """The other program broke the protocol, refused us, or can't be reached."""

    codes = frozenset(
        {
            ErrorCode.PROTOCOL,
            ErrorCode.CLIENT_TOO_OLD,
            ErrorCode.SERVER_TOO_OLD,
            ErrorCode.UNAUTHORIZED,
            ErrorCode.UNTRUSTED,
            ErrorCode.FORBIDDEN,
            ErrorCode.TOO_MANY_ATTEMPTS,
            ErrorCode.TOO_MANY_CLIENTS,
            ErrorCode.NO_SERVER,
            ErrorCode.DISCONNECTED,
        }
    )


class ProtocolError(PeerError):
    """Bytes or messages that the protocol does not allow."""

    codes = frozenset({ErrorCode.PROTOCOL})

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(
            ErrorCode.PROTOCOL, message, hint or "Update Scumble on both sides to the same version."
        )


class ServerError(ScumbleError):
    """The server could not do a request that was legal."""

    codes = frozenset(
        {
            ErrorCode.OUT_OF_MEMORY,
            ErrorCode.DISK_FULL,
            ErrorCode.PORT_IN_USE,
            ErrorCode.DOWNLOAD_FAILED,
            ErrorCode.SHUTTING_DOWN,
            ErrorCode.DEVICE_HUNG,
            ErrorCode.CRASHED,
            ErrorCode.INTERNAL,
        }
    )


def error_of(code: ErrorCode, message: str, hint: str) -> ScumbleError:
    """The error that a code from the wire stands for, ready to raise."""
    if code is ErrorCode.PROTOCOL:
        return ProtocolError(message, hint)
    kinds = (RequestError, PeerError, ServerError)
    kind = next(kind for kind in kinds if code in kind.codes)
    return kind(code, message, hint)
