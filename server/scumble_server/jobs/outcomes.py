"""What a worker tells about the jobs that it was given, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scumble_protocol.errors import ScumbleError
    from scumble_protocol.messages import Device, ModelInfo, PhaseTime, ResultLayer
    from scumble_server.work.report import Report


@dataclass(frozen=True)
class Ready:
    """The worker's device and its models are known; jobs may have been given to it before."""

    device: Device
    models: tuple[ModelInfo, ...]


@dataclass(frozen=True)
class Unusable:
    """The worker can't work at all and ends."""

    error: ScumbleError


@dataclass(frozen=True)
class ModelsChanged:
    """Models came into memory or left it, or files of models came or went."""

    models: tuple[ModelInfo, ...]
    memory_used: int


@dataclass(frozen=True)
class Reported:
    """The job goes on."""

    job: str
    report: Report


@dataclass(frozen=True)
class Done:
    """The job is done; its blobs are on disk, each layer's held once."""

    job: str
    layers: tuple[ResultLayer, ...]
    times: tuple[PhaseTime, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Broken:
    """The job can't be done."""

    job: str
    error: ScumbleError


@dataclass(frozen=True)
class Stopped:
    """The job was cancelled, or given back because the worker was told to stop."""

    job: str


Outcome = Ready | Unusable | ModelsChanged | Reported | Done | Broken | Stopped
