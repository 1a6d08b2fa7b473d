"""What went wrong with a server, in words that say what a painter can do about it."""

from __future__ import annotations

from scumble_protocol.editor.language import Translate, said
from scumble_protocol.errors import ErrorCode, ScumbleError


def trouble(error: ScumbleError, tr: Translate) -> str:
    """What is wrong and what to do, in the painter's language."""
    return _texts(tr).get(error.code) or said(error, tr)


def _texts(tr: Translate) -> dict[ErrorCode, str]:
    """Where a server can't know what its editor offers, or what language it speaks."""
    return {
        ErrorCode.UNAUTHORIZED: tr(
            "The server does not let this computer in, since it does not know its token. Connect "
            "with a new code, or restart the server if it runs on this computer."
        ),
        ErrorCode.FORBIDDEN: tr(
            "The server does not allow this from another computer. Do it where the server runs."
        ),
        ErrorCode.TOO_MANY_ATTEMPTS: tr(
            "The server heard wrong tokens or codes too often, and listens no more for a while. "
            "Wait for a minute, then connect with a new code."
        ),
        ErrorCode.TOO_MANY_CLIENTS: tr(
            "Too many programs use the server at once. Close one of them; this one then connects "
            "by itself."
        ),
        ErrorCode.SHUTTING_DOWN: tr(
            "The server is ending, or starts anew. Its jobs are kept, and go on when it is back."
        ),
        ErrorCode.DEVICE_HUNG: tr(
            "The graphics card stopped answering, so the server starts anew. Try again with a "
            "smaller area; if that does not help, restart the computer that it runs on."
        ),
        ErrorCode.CRASHED: tr(
            "This job ended the server more than once, so it is not tried again. Try a smaller "
            "area, fewer steps or another model."
        ),
    }
