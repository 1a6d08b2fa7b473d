"""Journals with jobs of every kind, and ways to damage them."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode
from scumble_protocol.images import ImageRef
from scumble_protocol.messages import Accepted, Cancelled, Failed, Finished, ResultLayer, Started
from scumble_server.jobs.journal import Journal, Sender
from tests.protocol.samples import IMAGE, MASK, REGENERATE

if TYPE_CHECKING:
    from pathlib import Path

ANN = Sender("local", "ann", "Krita")
BEN = Sender("c0ffee", "ben", "GIMP")
KINDS = ("finished", "acknowledged", "failed", "cancelled", "running", "waiting")


def result_image(number: int) -> ImageRef:
    return replace(IMAGE, blob=f"{number:032x}")


def finished(job: str, number: int) -> Finished:
    layer = ResultLayer(REGENERATE.context, result_image(number), MASK, 42)
    return Finished(job, 3, replace(REGENERATE, seed=number), (layer,), ())


def fill(journal: Journal, count: int) -> list[str]:
    """Let a journal have so many jobs, of every kind in turn; gives their ids."""
    jobs = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        job = f"{kind}{number}"
        jobs.append(job)
        sender = BEN if number % 5 == 0 else ANN
        journal.accept(Accepted(job, 1, 0), sender, replace(REGENERATE, seed=number))
        if kind != "waiting":
            journal.note(Started(job, 2))
        if kind in {"finished", "acknowledged"}:
            journal.finish(finished(job, number))
        if kind == "acknowledged":
            journal.acknowledge(job)
        if kind == "failed":
            journal.finish(Failed(job, 3, ErrorCode.INTERNAL, "It broke.", "Mend it."))
        if kind == "cancelled":
            journal.finish(Cancelled(job, 3))
    return jobs


def killed(folder: Path, count: int) -> tuple[Path, list[str]]:
    """A journal as a killed server leaves it, its log beside it; and the ids of its jobs."""
    alive = folder / "alive"
    alive.mkdir()
    journal = Journal(alive / "journal.sqlite")
    jobs = fill(journal, count)
    for path in alive.iterdir():
        shutil.copy(path, folder / path.name)
    journal.close()
    shutil.rmtree(alive)
    return folder / "journal.sqlite", jobs


def closed(folder: Path, count: int) -> tuple[Path, list[str]]:
    """A journal as a server leaves it that ended in order; and the ids of its jobs."""
    path = folder / "journal.sqlite"
    journal = Journal(path)
    jobs = fill(journal, count)
    journal.close()
    return path, jobs


def overwrite(path: Path, start: int, length: int, seed: int) -> None:
    """Put chance in the place of some bytes."""
    data = bytearray(path.read_bytes())
    data[start : start + length] = random.Random(seed).randbytes(min(length, len(data) - start))  # noqa: S311
    path.write_bytes(data)
