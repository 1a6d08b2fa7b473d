"""From the events of a job to what a panel says about it."""

from __future__ import annotations

from dataclasses import replace

from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.view import JobView
from scumble_protocol.messages import Accepted, Phase, Progress, Started

# Where a phase begins and ends in the bar; nearly all the time goes into sampling.
_SPANS = {
    Phase.LOADING: (0.0, 0.0),
    Phase.ENCODING: (0.0, 0.05),
    Phase.SAMPLING: (0.05, 0.95),
    Phase.DECODING: (0.95, 1.0),
}


def advanced(view: JobView, event: Accepted | Started | Progress, tr: Translate) -> JobView:
    """The job after an event; its bar never goes back, but begins anew once a model was loaded."""
    if isinstance(event, Accepted):
        return replace(view, phase=_waiting(event.position, tr), fraction=None)
    if isinstance(event, Started):
        return replace(view, phase=tr("Starting"), fraction=None)
    return replace(
        view,
        phase=_phase(event, tr),
        fraction=_fraction(event, None if view.is_loading else view.fraction),
        seconds_left=event.seconds_left if event.seconds_left >= 0 else None,
        is_loading=event.phase is Phase.LOADING,
    )


def progress_line(job: JobView, queued: int, tr: Translate) -> str:
    """What is being done, how long it takes still, and how many more jobs wait, in one line."""
    parts = [job.phase]
    if job.seconds_left is not None and not job.is_stopping:
        parts.append(_duration(job.seconds_left, tr))
    if queued:
        parts.append(tr("{count} more waiting", count=queued))
    return " · ".join(parts)


def _duration(seconds: float, tr: Translate) -> str:
    if seconds >= 90:
        return tr("{minutes} min left", minutes=round(seconds / 60))
    return tr("{seconds} s left", seconds=max(1, round(seconds)))


def _waiting(position: int, tr: Translate) -> str:
    if position == 0:
        return tr("Waiting")
    return tr("Waiting behind {count}", count=position)


def _phase(event: Progress, tr: Translate) -> str:
    if event.phase is Phase.SAMPLING and event.of:
        return tr("Sampling {step} of {of}", step=event.step, of=event.of)
    name = {
        Phase.LOADING: tr("Loading the model"),
        Phase.ENCODING: tr("Encoding"),
        Phase.SAMPLING: tr("Sampling"),
        Phase.DECODING: tr("Decoding"),
    }[event.phase]
    return f"{name}: {event.detail}" if event.detail else name


def _fraction(event: Progress, before: float | None) -> float | None:
    if event.phase is Phase.LOADING:
        return event.step / event.of if event.of > 1 else None
    begin, end = _SPANS[event.phase]
    if event.phase is Phase.DECODING and (before or 0) < begin:
        return before  # one of several variations, and the next is sampled after it
    reached = begin + (end - begin) * (event.step / event.of if event.of else 0)
    return max(reached, before or 0)
