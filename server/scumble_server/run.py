"""The product: from a request to layers."""

from __future__ import annotations

from scumble_protocol.requests import LoadModel, Regenerate, Remove, Request, ShowMask
from scumble_server.prompts.library import Library
from scumble_server.work.made import Made, Result
from scumble_server.work.means import Blobs, Means, Shelf
from scumble_server.work.regenerate import regenerate
from scumble_server.work.remove import remove
from scumble_server.work.report import Reporter
from scumble_server.work.show_mask import show_mask
from scumble_server.work.stopwatch import Stopwatch
from scumble_server.work.upscaling import upscale


def run(
    request: Request,
    blobs: Blobs,
    shelf: Shelf,
    report: Reporter,
    library: Library = Library(),  # noqa: B008 (frozen: no folders at all)
) -> Result:
    """Do a job: the one way from a request to its layers.

    Args:
        request: What to do.
        blobs: Gives its pictures.
        shelf: Gives its model.
        report: Told how it goes.
        library: Gives the files that prompts name.

    Raises:
        Cancelled: `report` raised it.
        ScumbleError: The job can't be done.
    """
    watch = Stopwatch("preparing")
    means = Means(blobs, shelf, library, watch.listening(report), watch)
    made = _made(request, means)
    return Result(made, watch.stop(), tuple(means.notes))


def _made(request: Request, means: Means) -> tuple[Made, ...]:
    if isinstance(request, Regenerate):
        return regenerate(request, means)
    if isinstance(request, Remove):
        return (remove(request, means),)
    if isinstance(request, ShowMask):
        return (show_mask(request, means),)
    if isinstance(request, LoadModel):
        means.shelf.load(request.model, means.report)
        return ()
    return (upscale(request, means),)
