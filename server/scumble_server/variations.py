"""Several variations in one job: their seeds, and one progress for all of them."""

from __future__ import annotations

from dataclasses import replace

from scumble_protocol.checks import MAX_SEED
from scumble_protocol.messages import Phase
from scumble_protocol.requests import Regenerate
from scumble_server.crop import Crop
from scumble_server.report import PreviewReport, ProgressReport, Report, Reporter


def seeds_of(request: Regenerate) -> tuple[int, ...]:
    """The seed of each variation: counting up from the request's, and after the largest from 0."""
    return tuple((request.seed + number) % (MAX_SEED + 1) for number in range(request.count))


def telling(report: Reporter, crop: Crop, number: int, count: int) -> Reporter:
    """A reporter for variation `number` of `count` that tells of the whole job.

    Sampling steps count on from one variation to the next, the time left includes those to come,
    and previews show the context without the padding of the working picture.
    """

    def tell(told: Report) -> None:
        if isinstance(told, PreviewReport):
            report(PreviewReport(crop.trim(told.pixels)))
        elif told.phase is Phase.SAMPLING:
            report(_of_all(told, number, count))
        else:
            report(told)

    return tell


def _of_all(told: ProgressReport, number: int, count: int) -> ProgressReport:
    left = told.seconds_left
    if left > 0 and told.step < told.of:
        left += left / (told.of - told.step) * told.of * (count - number - 1)
    elif number + 1 < count:
        left = -1.0
    detail = f"{number + 1} of {count}" if count > 1 else told.detail
    step = number * told.of + told.step
    return replace(told, step=step, of=count * told.of, seconds_left=left, detail=detail)
