"""The one place where whatever goes wrong in the plugin ends up.

Krita shows an exception that leaves a plugin in a modal dialog, in the middle of a painter's work.
So everything that Krita or Qt calls from outside goes through a `Guard`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from scumble_protocol.errors import ErrorCode, ScumbleError, ServerError

_log = logging.getLogger(__name__)


class Guard:
    """Wraps what Krita and Qt call.

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
                _log.exception("The plugin failed, and goes on.")
                self._tell(
                    ServerError(
                        ErrorCode.INTERNAL,
                        f"Scumble's docker failed: {error!r}.",
                        "Its log says more; please report it.",
                    )
                )

        return guarded
