"""The one place that imports `websockets`, so that a copy inside an editor can be used instead.

`websockets` imports `ssl`, which the Python of an editor may have been built without. There it
finds an empty module meanwhile, so that a server on the same machine can be reached all the same.
"""

from __future__ import annotations

import sys
from types import ModuleType

try:
    import ssl  # noqa: F401 (whether that works is the question)
except ImportError:
    HAS_TLS = False
    sys.modules["ssl"] = ModuleType("ssl")
else:
    HAS_TLS = True

try:
    from websockets.exceptions import ConnectionClosed, WebSocketException
    from websockets.sync.client import ClientConnection, connect
    from websockets.typing import Subprotocol
finally:
    if not HAS_TLS:
        del sys.modules["ssl"]

__all__ = [
    "HAS_TLS",
    "ClientConnection",
    "ConnectionClosed",
    "Subprotocol",
    "WebSocketException",
    "connect",
]
