"""The one place where whatever goes wrong in the panel ends up.

What GTK calls must not raise: the error would be lost in GIMP's output, and a clock that raised
would stand still. So everything that GTK or GLib calls from outside goes through a `Guard`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from scumble_protocol.errors import ErrorCode, ScumbleError, ServerError

_log = logging.getLogger(__name__)


class Guard:
    """Wraps what GTK calls.

    Args:
        tell: Shows an error to the painter.
    """

    def __init__(self, tell: Callable[[ScumbleError], None]) -> None:
        self._tell = tell

    def __call__(self, do: Callable[..., object]) -> Callable[..., None]:
        """A function that does the same and raises nothing."""

        def guarded(*arguments: object) -> None:
            try:
                do(*arguments)
            except ScumbleError as error:
                self._tell(error)
            except Exception as error:  # noqa: BLE001 (the reason is above)
                _log.exception("The panel failed, and goes on.")
                self._tell(
                    ServerError(
                        ErrorCode.INTERNAL,
                        f"Scumble's panel failed: {error!r}.",
                        "GIMP's output says more; please report it.",
                    )
                )

        return guarded
