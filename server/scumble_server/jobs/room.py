"""Asking the event loop's thread, which alone has the jobs, for room on a full disk."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_SECONDS = 10.0
"""For a loop that is busy; one that ended answers at once."""

_log = logging.getLogger(__name__)


def on_loop(
    loop: asyncio.AbstractEventLoop, make_room: Callable[[int], bool]
) -> Callable[[int], bool]:
    """What `BlobStore.when_full` wants: `make_room`, to be called on any other thread."""

    async def made(size: int) -> bool:
        return make_room(size)

    def ask(size: int) -> bool:
        asking = made(size)
        try:
            answer = asyncio.run_coroutine_threadsafe(asking, loop)
        except RuntimeError:  # the loop is closed: the server ends
            asking.close()
            return False
        try:
            return answer.result(WAIT_SECONDS)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            _log.warning("No room was made on the full disk in %.0f seconds.", WAIT_SECONDS)
            return False

    return ask
