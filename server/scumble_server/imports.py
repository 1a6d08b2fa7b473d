"""Importing a library without what it can do without."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def without(*names: str) -> Iterator[None]:
    """In this block, modules that were not imported before are as if they were not installed.

    For libraries that try to import others only to look better where these are there. It holds for
    all threads, so that it is for the start of the program.

    Args:
        names: Top-level modules.
    """
    hidden = [name for name in names if name not in sys.modules]
    # Python raises ModuleNotFoundError for what is None there
    # (https://docs.python.org/3/reference/import.html#the-module-cache).
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
