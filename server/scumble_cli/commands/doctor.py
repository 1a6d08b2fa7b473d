"""`scumble doctor`: whether everything is in order, and what to do about it if not."""

from __future__ import annotations

import dataclasses
import json
from argparse import Namespace
from typing import TYPE_CHECKING

from scumble_cli.checks import folder, machine, runs
from scumble_cli.checks.finding import Finding, Verdict
from scumble_cli.checks.gpu import check_torch
from scumble_cli.checks.plugins import check_plugins
from scumble_cli.checks.runs import Runs
from scumble_cli.connection import Connection, remote_url, server_answers
from scumble_cli.desk import SILENCE, Desk
from scumble_cli.own_server import ASK_THE_DOCTOR
from scumble_cli.terminal import reporter, say
from scumble_cli.version import version
from scumble_cli.words import how_many
from scumble_installer.plugins import seek
from scumble_protocol import endpoint
from scumble_protocol.endpoint import state_folder
from scumble_protocol.errors import ScumbleError
from scumble_protocol.messages import ModelKind
from scumble_protocol.requests import LoadModel
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from scumble_cli.terminal import Reporter
    from scumble_protocol.messages import Status, Welcome

_UNSTARTED = (
    "Mend what is marked above; if nothing is, `scumble serve` shows what keeps it from starting."
)

MARKS = {Verdict.GOOD: "ok", Verdict.DOUBTFUL: "??", Verdict.BROKEN: "!!"}


def run(arguments: Namespace) -> int:
    """Print every finding; 1 if something is broken."""
    with reporter() as shown:
        findings = list(_findings(shown))
    if arguments.json:
        say(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            _print(finding)
    return int(any(finding.verdict is Verdict.BROKEN for finding in findings))


def _findings(shown: Reporter) -> Iterator[Finding]:
    state = state_folder()
    for check in _checks(state):
        shown.show("Checking", 0, 0, -1)
        yield from check()
    yield from check_server(state, shown)


def _checks(state: Path) -> tuple[Callable[[], Iterable[Finding]], ...]:
    """Everything that can be looked at without a server, which is started at the end if need be."""
    is_running, earlier, now = server_answers(state), Runs.of(state), runs.now()
    return (
        lambda: [machine.check_python(), machine.check_packages(), check_torch()],
        lambda: [machine.check_memory()],
        lambda: folder.check_state(state),
        lambda: [folder.check_disk(state)],
        lambda: list(folder.check_models_folder(state)) or check_models(state),
        lambda: () if is_running else [folder.check_journal(state)],
        lambda: check_plugins(seek.find_editors(seek.this_user()), version()),
        lambda: runs.check_certificate(state, endpoint.read(state), now),
        lambda: runs.check_endpoint(state, is_running=is_running),
        lambda: runs.check_restarts(earlier, now, is_running=is_running),
        lambda: () if is_running else runs.check_last_run(earlier),
    )


def check_models(state: Path) -> Iterator[Finding]:
    """Whether the files of the models are there and whole."""
    catalog = Catalog([state / "models"], STARTER_FOLDER)
    usable = [model for model in catalog.list() if model.kind is ModelKind.DIFFUSION]
    for error in catalog.broken():
        yield Finding("Model", Verdict.DOUBTFUL, error.message, error.hint)
    if usable:
        yield Finding("Models", Verdict.GOOD, ", ".join(model.id for model in usable))
    else:
        remedy = "Get one with `scumble models get ID`, or set Scumble up again."
        yield Finding("Models", Verdict.BROKEN, "there is no diffusion model", remedy)


def check_server(state: Path, shown: Reporter) -> Iterator[Finding]:
    """Whether a server answers, one that runs or one that is started, and can load a model."""
    arguments = Namespace(server=None, token=None, fingerprint=None)
    try:
        with Connection(arguments, shown) as connection:
            desk = Desk(connection, connection.client.poll, shown)
            welcome = desk.await_welcome()
            where = remote_url(arguments) or (
                "started for this check" if connection.own else "running"
            )
            yield _greeting(welcome, where)
            yield from _trouble(desk.status())
            model = next((m for m in welcome.models if m.kind is ModelKind.DIFFUSION), None)
            if model is not None:
                job = connection.client.submit(LoadModel(model.id), {})
                seconds = sum(time.seconds for time in desk.finish(job).times)
                connection.client.forget(job)
                yield Finding("Loading", Verdict.GOOD, f"{model.id} in {seconds:.1f} s")
    except ScumbleError as error:
        found = endpoint.read(state) if remote_url(arguments) is None else None
        if found is None or error.code not in SILENCE:
            remedy = _UNSTARTED if error.hint == ASK_THE_DOCTOR else error.hint
            yield Finding("Server", Verdict.BROKEN, error.message, remedy)
            return
        facts = f"a server runs as process {found.pid}, but does not answer"
        remedy = f"End it and start it again: kill {found.pid}, or kill -9 {found.pid}"
        yield Finding("Server", Verdict.BROKEN, facts, remedy)


def _trouble(status: Status) -> Iterator[Finding]:
    if status.trouble:
        yield Finding("Server", Verdict.BROKEN, status.trouble, "`scumble logs` says more.")
    elif status.restarts:
        facts = f"the device hung, and the server restarted {how_many(status.restarts, 'time')}"
        remedy = "If it happens often, update the GPU's driver; `scumble logs` says when it was."
        yield Finding("Restarts", Verdict.DOUBTFUL, facts, remedy)


def _greeting(welcome: Welcome, where: str) -> Finding:
    facts = f"version {welcome.version} on {welcome.device.name} ({welcome.device.id}), {where}"
    if welcome.version != version():
        remedy = f"Update the older, and start the server again: this is version {version()}."
        return Finding("Server", Verdict.BROKEN, facts, remedy)
    return Finding("Server", Verdict.GOOD, facts)


def _print(finding: Finding) -> None:
    say(f"{MARKS[finding.verdict]}  {finding.subject:9} {finding.facts}")
    if finding.remedy:
        say(f"    {'':9} {finding.remedy}")
