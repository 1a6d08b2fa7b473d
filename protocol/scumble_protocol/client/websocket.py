"""The one place that imports `websockets`, so that a copy inside an editor can be used instead."""

from __future__ import annotations

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

__all__ = ["ClientConnection", "ConnectionClosed", "Subprotocol", "WebSocketException", "connect"]
