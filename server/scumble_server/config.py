"""What a server is started with: one frozen value, read once at the edge and passed inward."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import Limits
from scumble_server.clients import users
from scumble_server.clients.link_limits import LinkLimits
from scumble_server.jobs.retention import Keep

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = ("debug", "info", "warning", "error")
"""Of the log."""

COMPILING = ("off", "on")
"""Whether UNets are compiled."""

FAST = ("off", "on")
"""Whether models calculate in fewer bits."""

NETWORK_PORT = 7867
"""Where `scumble serve` listens for other computers, which are told the address once."""

_DEVICE = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d+)?")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\sA-Z/?#@]+")
"""As browsers write it: in small letters, without a slash at its end."""

_GIB = 2**30


@dataclass(frozen=True)
class ServerConfig:
    """The settings of one server.

    Args:
        state: The one folder that the server writes to; made if it is not there.
        host: Address to listen on. Anything but a loopback address can be reached by others on the
            network, who then need a token, and turns TLS on.
        port: Port to listen on, 0 for any free one, at most 65535.
        device: `auto`, `cpu`, `cuda`, `cuda:N`, `mps`, `xpu`, `xpu:N`.
        model: The model to load after the start; None leaves the choice to the catalog.
        token: What clients must know; None keeps one in the state folder, made at the first start.
        memory_budget: Bytes of device memory for models; None leaves the choice to the device.
        limits: What the server accepts; told to clients in `welcome`.
        keep_days: For how many days results are kept at most.
        keep_bytes: Above so many bytes of results, the oldest go before their time.
        keep_unseen_days: For how many days a result that nobody acknowledged is never deleted.
        cache_bytes: Bytes of pictures on disk that no job needs, kept so that a client need not
            send them again.
        memory_cache_bytes: Bytes of pictures in memory, so that a running job reads no file.
        links: How long a connection is waited for, and how much of it is kept in memory.
        tls_cert: PEM file with the server's certificate; None makes one where TLS is on.
        tls_key: PEM file with its key.
        tls: Whether TLS is on for loopback, too.
        origins: Web pages that may come, as browsers name them: `https://studio.example`.
        hosts: Names of this server that its own machine does not know of.
        hang_seconds: How long the device may be silent in the midst of a job before the server ends
            the job and begins anew; 0 for ever. Ten times the job's slowest step so far is always
            allowed.
        cancel_seconds: How long it may take to obey a cancel, likewise.
        compile: `on` has models compiled for the sizes that jobs have, by a process of its own,
            while jobs are done as ever; `off`.
        fast: `on` lets models calculate in fewer bits where the device is quicker that way, which
            gives slightly other pictures; `off`.
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
    keep_days: float = 30
    keep_bytes: float = 8 * _GIB
    keep_unseen_days: float = 7
    cache_bytes: int = 2 * _GIB
    memory_cache_bytes: int = _GIB // 4
    links: LinkLimits = field(default_factory=LinkLimits)
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls: bool = False
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    hang_seconds: float = 300
    cancel_seconds: float = 60
    compile: str = "off"
    fast: str = "off"
    log_level: str = "info"

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{self.port} is no port.",
                "Choose one from 1024 to 65535, or 0 for any free one.",
            )
        if (self.tls_cert is None) is not (self.tls_key is None):
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                "A certificate and its key belong together, and only one of them was given.",
                "Give both --tls-cert and --tls-key, or neither.",
            )
        if not all(0 <= value < math.inf for value in (self.keep_days, self.keep_bytes)):
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{self.keep_days:g} days and {self.keep_bytes / _GIB:g} GiB can't be kept.",
                "Choose numbers from 0.",
            )
        if not _DEVICE.fullmatch(self.device):
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{self.device!r} is no device.",
                "Choose auto, cpu, cuda, cuda:N, mps or xpu.",
            )
        if math.isnan(self.hang_seconds) or self.hang_seconds < 0:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{self.hang_seconds} seconds is no time that a device may be silent.",
                "Choose 300 or more, or 0 to wait for ever.",
            )
        for origin in self.origins:
            _check_origin(origin)
        _check_word(self.compile, COMPILING, "does not say whether to compile")
        _check_word(self.fast, FAST, "does not say whether to be fast")
        _check_word(self.log_level, LEVELS, "is no level of a log")

    @property
    def keep(self) -> Keep:
        """What is kept of jobs that ended."""
        return Keep(self.keep_days, int(self.keep_bytes), self.keep_unseen_days)

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can connect."""
        return users.is_loopback(self.host)

    @property
    def is_tls(self) -> bool:
        """Whether connections are encrypted: always, where others can listen in."""
        return self.tls or self.tls_cert is not None or not self.is_loopback


def _check_word(said: str, words: tuple[str, ...], wrong: str) -> None:
    if said not in words:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{said!r} {wrong}.",
            f"Choose one of {', '.join(words)}.",
        )


def _check_origin(origin: str) -> None:
    if not _ORIGIN.fullmatch(origin):
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{origin!r} is not where a web page comes from.",
            "Write it as browsers do: https://studio.example, or http://localhost:3000.",
        )
