"""The large libraries are imported by one thread at a time.

diffusers and transformers put another module in their own place while they are being imported. A
second thread that imports them meanwhile waits, and is then given the first one, which lacks what
it came for.
"""

from __future__ import annotations

import threading
from typing import Final

IMPORTING: Final = threading.RLock()
"""Held by whoever may be the first to import diffusers or transformers."""
