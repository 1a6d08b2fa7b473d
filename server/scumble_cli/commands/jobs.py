"""`scumble jobs`: the jobs that the server keeps, and what they made."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scumble_cli.connection import Connection
from scumble_cli.desk import Desk
from scumble_cli.errand import summary
from scumble_cli.kept_jobs import LIVE, SHORTEST, KeptJobs, moment, table
from scumble_cli.pictures.exported import export
from scumble_cli.terminal import reporter, say
from scumble_cli.version import version
from scumble_cli.words import how_many, how_much
from scumble_protocol.editor.parameters import parameters_of
from scumble_protocol.editor.result import result_group
from scumble_protocol.errors import ErrorCode, RequestError, ScumbleError
from scumble_protocol.job_list import JobStage

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from scumble_protocol.client import Result
    from scumble_protocol.job_list import JobSummary

NEWEST = 50
"""Jobs that are listed unless all are asked for."""

_WIDEST = 100
"""Characters of a line where there is no terminal to say."""


def run(arguments: Namespace) -> int:
    """List, show, export or delete.

    Raises:
        ScumbleError: There is no server, no such job, or its pictures are gone.
    """
    with reporter() as shown, Connection(arguments, shown) as connection:
        desk = Desk(connection, connection.client.poll, shown)
        desk.await_welcome()
        _ACTIONS[arguments.action](KeptJobs(connection, desk), arguments)
    return 0


def _list(kept: KeptJobs, arguments: Namespace) -> None:
    page = kept.newest(NEWEST)
    jobs = kept.all() if arguments.all else page.jobs
    if arguments.json:
        say(json.dumps({"jobs": [_fields(job) for job in jobs], "total": page.total}, indent=2))
        return
    if not jobs:
        say("The server keeps no jobs.")
        return
    for line in table(jobs, shutil.get_terminal_size((_WIDEST, 0)).columns):
        say(line)
    if any(line.is_acknowledged is False and line.stage is JobStage.FINISHED for line in jobs):
        say("* An editor has not fetched this result yet.")
    if len(jobs) < page.total:
        say(f"These are the newest {len(jobs)} of {page.total}; --all lists them all.")


def _show(kept: KeptJobs, arguments: Namespace) -> None:
    (job,) = kept.find(arguments.jobs)
    result, trouble = _result(kept, job)
    if arguments.json:
        made = (
            {} if result is None else {**summary(result.finished, ()), "recipes": recipes(result)}
        )
        fields = {**_fields(job), **made, "trouble": trouble}
        say(json.dumps(fields, indent=2, ensure_ascii=False))
        return
    for name, text in _facts(job):
        say(f"{name:10} {text}")
    if trouble:
        say(f"{'trouble':10} {trouble}")
    for line in () if result is None else _made(result):
        say(line)


def _export(kept: KeptJobs, arguments: Namespace) -> None:
    name, *folder = arguments.jobs
    (job,) = kept.find([name])
    if job.stage is not JobStage.FINISHED:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"Job {job.job} is {job.stage.value}, so it has no result.",
            "Wait for it to finish." if job.stage in LIVE else "Choose one that is finished.",
        )
    result = kept.result(job.job)
    files = export(result, Path(*folder), f"scumble-{job.job[:SHORTEST]}", as_ora=arguments.ora)
    if arguments.json:
        say(json.dumps(summary(result.finished, files), indent=2))
        return
    for file in files:
        say(f"Wrote {file}")
    if not arguments.ora:
        for layer in result.finished.layers:
            say(f"Layer of {layer.rect.size} pixels, whose place is {layer.rect.x}, {layer.rect.y}")


def _delete(kept: KeptJobs, arguments: Namespace) -> None:
    jobs = kept.find(arguments.jobs) if arguments.jobs else _over(kept, arguments)
    if arguments.all and jobs and not (arguments.yes or _is_sure(jobs)):
        return
    gone = kept.delete(jobs)
    if arguments.json:
        say(json.dumps({"deleted": [job.job for job in gone]}, indent=2))
    else:
        size = sum(job.bytes for job in gone)
        say(f"Deleted {how_many(len(gone), 'job')} with {how_much(size)} of pictures.")
    if len(gone) < len(jobs):
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{how_many(len(jobs) - len(gone), 'job')} could not be deleted.",
            "`scumble logs` says why.",
        )


def _over(kept: KeptJobs, arguments: Namespace) -> tuple[JobSummary, ...]:
    over = (job for job in kept.all() if job.stage not in LIVE)
    return tuple(job for job in over if arguments.all or job.is_acknowledged)


def _is_sure(jobs: Sequence[JobSummary]) -> bool:
    unseen = sum(not job.is_acknowledged and job.layers > 0 for job in jobs)
    what = f"{how_many(len(jobs), 'job')}, of which no editor has fetched {unseen}"
    if not sys.stdin.isatty():
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"Nobody is there to be asked whether to delete {what}.",
            "Add --yes.",
        )
    return input(f"Delete {what}? [y/N] ").strip().lower() in {"y", "yes"}


def _result(kept: KeptJobs, job: JobSummary) -> tuple[Result | None, str]:
    """What an ended job made; or what it says instead."""
    if job.stage in LIVE or job.stage is JobStage.CANCELLED:
        return None, ""
    try:
        return kept.result(job.job), ""
    except ScumbleError as error:
        return None, str(error)


def _facts(job: JobSummary) -> Iterator[tuple[str, str]]:
    yield "job", job.job
    yield "state", job.stage.value
    yield "work", job.work.replace("_", " ") or "written by another version; it can't be read"
    if job.client:
        yield "by", job.client
    yield "accepted", moment(job.accepted)
    if job.ended:
        yield "ended", moment(job.ended)
    if job.starts > 1:
        yield "begun", f"{job.starts} times, since the server ended meanwhile"
    if job.stage is JobStage.FINISHED:
        yield "fetched", "yes" if job.is_acknowledged else "not yet"
        yield "made", f"{how_many(job.layers, 'layer')}, {how_much(job.bytes)}"


def _made(result: Result) -> Iterator[str]:
    finished = result.finished
    for note in finished.notes:
        yield f"Note: {note}"
    phases = ", ".join(f"{time.phase} {time.seconds:.2f} s" for time in finished.times)
    yield f"Took {sum(time.seconds for time in finished.times):.2f} s: {phases}"
    for layer in result_group(result).layers:
        rect = layer.rect
        yield f"{layer.name}: {rect.size} pixels at {rect.x}, {rect.y}"
        try:
            yield parameters_of(layer.request_json, version())
        except RequestError:
            continue  # no model had a part in it, so there is no recipe to tell


def recipes(result: Result) -> list[Any]:
    """The record of each layer."""
    return [json.loads(layer.request_json) for layer in result_group(result).layers]


def _fields(job: JobSummary) -> dict[str, object]:
    return {**dataclasses.asdict(job), "stage": job.stage.value}


_ACTIONS = {"list": _list, "show": _show, "export": _export, "delete": _delete}
