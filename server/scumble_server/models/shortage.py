"""How it is told that memory is short: by every library in its own words."""

from __future__ import annotations

import errno

import cv2

SHORTAGES: tuple[type[Exception], ...] = (RuntimeError, MemoryError, OSError, cv2.error)
"""What may be raised then; `is_out_of_memory` tells it from whatever else they mean."""

_WORDS = (
    "allocate memory",
    "out of memory",
    "insufficient memory",
    "alloc_failed",
    "bad_alloc",
    # oneDNN, when there is no room for the code that it writes for a layer.
    "could not create a primitive",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether no memory is left, of the device's or the machine's own; needs no torch."""
    if isinstance(error, MemoryError) or _is_torchs(error):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    said = str(error).lower()
    return isinstance(error, SHORTAGES) and any(word in said for word in _WORDS)


def _is_torchs(error: BaseException) -> bool:
    return any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__)
