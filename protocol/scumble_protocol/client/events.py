"""What a client tells its user, besides the server's own messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scumble_protocol.errors import ScumbleError
from scumble_protocol.job_list import Jobs
from scumble_protocol.messages import (
    Accepted,
    Cancelled,
    Failed,
    Finished,
    Measured,
    Models,
    Names,
    Preview,
    Progress,
    Refused,
    Started,
    Status,
    Welcome,
)
from scumble_protocol.pairing import Clients, PairingOffer


@dataclass(frozen=True)
class Connected:
    """A server answered; what was put in meanwhile is on its way.

    Args:
        welcome: What it said.
        server: Which one it is, see `Address`.
    """

    welcome: Welcome
    server: str = ""


@dataclass(frozen=True)
class Disconnected:
    """There is no connection, for this reason; the client goes on trying.

    Said once per reason, not once per attempt.
    """

    error: ScumbleError


@dataclass(frozen=True)
class Result:
    """A job is done and everything it made is here.

    Args:
        job: The job's id.
        finished: The server's account of it.
        blobs: The data of every image and mask in `finished.layers`, by blob id.
    """

    job: str
    finished: Finished
    blobs: Mapping[str, bytes]


ClientEvent = (
    Connected
    | Disconnected
    | Refused
    | Models
    | Status
    | Measured
    | Names
    | Jobs
    | PairingOffer
    | Clients
    | Accepted
    | Started
    | Progress
    | Preview
    | Failed
    | Cancelled
    | Result
)
