"""What a running job tells, and how it learns that it was cancelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scumble_protocol.messages import Phase

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNKNOWN = -1.0
"""Seconds left while nothing is known about them."""


@dataclass(frozen=True)
class ProgressReport:
    """How far the job is.

    Args:
        phase: What is being done.
        step: Steps done in this phase, 0 to `of`.
        of: Steps of this phase, at least 1.
        seconds_left: Until the job's end as far as one can tell; negative while unknown.
        detail: A few words for people, for instance a file's name; may be empty.
    """

    phase: Phase
    step: int
    of: int
    seconds_left: float = UNKNOWN
    detail: str = ""


@dataclass(frozen=True)
class PreviewReport:
    """What the picture looks like so far.

    Args:
        pixels: uint8 (height, width, 4), straight alpha, at any size; stands for the whole of what
            the reporter works on (the sampler: the working picture; `run`: the context).
    """

    pixels: NDArray[np.uint8]


Report = ProgressReport | PreviewReport
Reporter = Callable[[Report], None]
"""Takes a report; raises `Cancelled` when the job shall stop. Called at least once a step."""


class Cancelled(Exception):  # noqa: N818  it is a request to stop, not an error
    """The job was cancelled; everything between the report and the worker lets this through."""


def silent(report: Report) -> None:
    """Tell nobody; never cancels."""
