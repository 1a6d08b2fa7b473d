"""How long a connection is waited for, and how much of it is kept in memory."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True)
class LinkLimits:
    """What holds for each connection; none of it hurts a link that is slow, but moves.

    Args:
        hello_seconds: For the opening handshake, and once more for the first message, however the
            bytes come in. An honest client needs less than a second of it on any link.
        hello_bytes: Of the first message. It is read before anybody is known; with the ids of
            thousands of jobs that are waited for it is smaller.
        strangers: Connections at once that have not said who they are. Above it the oldest gives
            way: it has had more time than an honest client needs.
        ping_seconds: Between two pings.
        silent_seconds: Without a byte from the client, nor one that it took, until it counts as
            gone. Its answer to a ping may have to wait for a picture on its way.
        stall_seconds: For `stall_bytes` to get through in either direction, while there are any to
            send: 1 KiB a second, which a telephone line had.
        stall_bytes: See there. Frames go out in pieces of this size.
        outbox_bytes: Of messages that wait for a client to read; above it nothing more is read
            from it.
        upload_bytes: Of pictures that one connection sends at a time; a larger one comes alone.
        job_bytes: Of all pictures of one job.
        attempts: Wrong tokens and codes from one address in `attempt_seconds`; above it the address
            is refused for so long.
        attempt_seconds: See there.
    """

    hello_seconds: float = 10
    hello_bytes: int = 256 * 1024
    strangers: int = 32
    ping_seconds: float = 20
    silent_seconds: float = 180
    stall_seconds: float = 60
    stall_bytes: int = 64 * 1024
    outbox_bytes: int = 16 * _MIB
    upload_bytes: int = 512 * _MIB
    job_bytes: int = 8192 * _MIB
    attempts: int = 10
    attempt_seconds: float = 60
