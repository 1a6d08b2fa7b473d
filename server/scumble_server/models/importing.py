"""The large libraries are imported by one thread at a time, and fast.

diffusers and transformers put another module in their own place while they are being imported. A
second thread that imports them meanwhile waits, and is then given the first one, which lacks what
it came for.

What a library makes while it is imported stays for good. Python would look through all of it for
garbage again and again, which takes a quarter of the time, and again with every later collection.
"""

from __future__ import annotations

import gc
import sys
import threading
from typing import Final

_LARGE = 100
"""New modules from which on it was a large library that was imported."""


class Importing:
    """A lock, to be held by whoever may be the first to import diffusers or transformers.

    While it is held, no garbage is collected. A thread that holds it may enter it again.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._modules = 0
        self._is_collecting = False

    def __enter__(self) -> None:
        """Begin to import."""
        self._lock.acquire()
        self._depth += 1
        if self._depth == 1:
            self._modules, self._is_collecting = len(sys.modules), gc.isenabled()
            gc.disable()

    def __exit__(self, *_error: object) -> None:
        """What was imported is there."""
        self._depth -= 1
        if self._depth == 0:
            if len(sys.modules) - self._modules >= _LARGE:
                gc.freeze()
            if self._is_collecting:
                gc.enable()
        self._lock.release()


IMPORTING: Final = Importing()
"""The one lock of the process, since it has the libraries once."""
