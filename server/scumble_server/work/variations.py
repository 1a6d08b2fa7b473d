"""Several variations in one job: their seeds, which go together, and one progress for all."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from scumble_protocol.checks import MAX_SEED
from scumble_protocol.messages import Phase
from scumble_protocol.requests import Regenerate
from scumble_server.work.report import PreviewReport, ProgressReport, Report, Reporter

if TYPE_CHECKING:
    from scumble_server.pixels.crop import Crop


def seeds_of(request: Regenerate) -> tuple[int, ...]:
    """The seed of each variation: counting up from the request's, and after the largest from 0."""
    return tuple((request.seed + number) % (MAX_SEED + 1) for number in range(request.count))


def batches(wordings: Sequence[Hashable], most: int) -> tuple[tuple[int, ...], ...]:
    """Which variations are denoised at once: numbers of those that say the same, at most `most`."""
    alike: dict[Hashable, list[int]] = {}
    for number, said in enumerate(wordings):
        alike.setdefault(said, []).append(number)
    return tuple(
        tuple(numbers[start : start + most])
        for numbers in alike.values()
        for start in range(0, len(numbers), most)
    )


def telling(report: Reporter, crop: Crop, done: int, count: int, at_once: int = 1) -> Reporter:
    """A reporter for the next `at_once` variations, after `done` of `count`, for the whole job.

    It is told of sampling steps as those of all `at_once` variations together. They count on from
    one variation to the next, the time left includes those to come,
    and previews show the context without the padding of the working picture.
    """

    def tell(told: Report) -> None:
        if isinstance(told, PreviewReport):
            report(PreviewReport(crop.trim(told.pixels)))
        elif told.phase is Phase.SAMPLING:
            report(_of_all(told, done, count, at_once))
        else:
            report(told)

    return tell


def _of_all(told: ProgressReport, done: int, count: int, at_once: int) -> ProgressReport:
    left, more = told.seconds_left, count - done - at_once
    if left > 0 and told.step < told.of:
        left += left / (told.of - told.step) * told.of * more / at_once
    elif more > 0:
        left = -1.0
    detail = told.detail if count == 1 else f"{_numbers(done, at_once)} of {count}"
    each = told.of // at_once
    step = done * each + told.step
    return replace(told, step=step, of=count * each, seconds_left=left, detail=detail)


def _numbers(done: int, at_once: int) -> str:
    return f"{done + 1}" if at_once == 1 else f"{done + 1} to {done + at_once}"
