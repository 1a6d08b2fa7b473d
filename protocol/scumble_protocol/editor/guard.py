"""The one place where whatever goes wrong in a plugin ends up.

Krita shows an exception that leaves a plugin in a modal dialog, in the middle of a painter's work;
in GIMP it would be lost, and a clock that raised would stand still. So everything that an editor or
its toolkit calls from outside goes through a `Guard`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from scumble_protocol.errors import ErrorCode, ScumbleError, ServerError

_log = logging.getLogger(__name__)


class Guard:
    """Wraps what an editor and its toolkit call.

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
                        f"Scumble's plugin failed: {error!r}.",
                        "Its log says more; please report it.",
                    )
                )

        return guarded
