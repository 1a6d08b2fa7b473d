"""What a server is started with: one frozen value, read once at the edge and passed inward."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import Limits

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = ("debug", "info", "warning", "error")
"""Of the log."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_DEVICE = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d+)?")
_GIB = 2**30


@dataclass(frozen=True)
class ServerConfig:
    """The settings of one server.

    Args:
        state: The one folder that the server writes to; made if it is not there.
        host: Address to listen on. Anything but a loopback address lets others on the network in,
            who then still need the token.
        port: Port to listen on, 0 for any free one, at most 65535.
        device: `auto`, `cpu`, `cuda`, `cuda:N`, `mps`, `xpu`, `xpu:N`.
        model: The model to load after the start; None leaves the choice to the catalog.
        token: What clients must know; None keeps one in the state folder, made at the first start.
        memory_budget: Bytes of device memory for models; None leaves the choice to the device.
        limits: What the server accepts; told to clients in `welcome`.
        retention_days: For how long a result that nobody acknowledged is kept.
        cache_bytes: Bytes of pictures on disk that no job needs, kept so that a client need not
            send them again.
        memory_cache_bytes: Bytes of pictures in memory, so that a running job reads no file.
        hello_seconds: How long a connection may take to introduce itself.
        log_level: What the log has at least: `debug` (with prompts), `info`, `warning`, `error`.

    Raises:
        RequestError: A value is out of its range.
    """

    state: Path
    host: str = "127.0.0.1"
    port: int = 0
    device: str = "auto"
    model: str | None = None
    token: str | None = field(default=None, repr=False)
    memory_budget: int | None = None
    limits: Limits = field(default_factory=Limits)
    retention_days: float = 14
    cache_bytes: int = 2 * _GIB
    memory_cache_bytes: int = _GIB // 4
    hello_seconds: float = 10
    log_level: str = "info"

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{self.port} is no port.",
                "Choose one from 1024 to 65535, or 0 for any free one.",
            )
        if not _DEVICE.fullmatch(self.device):
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{self.device!r} is no device.",
                "Choose auto, cpu, cuda, cuda:N, mps or xpu.",
            )
        if self.log_level not in LEVELS:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{self.log_level!r} is no level of a log.",
                f"Choose one of {', '.join(LEVELS)}.",
            )

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can connect."""
        return self.host in LOOPBACK
