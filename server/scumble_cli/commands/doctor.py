"""`scumble doctor`: whether everything is in order, and what to do about it if not."""

from __future__ import annotations

import dataclasses
import json
from argparse import Namespace
from typing import TYPE_CHECKING

from scumble_cli import checks
from scumble_cli.checks import Finding, Verdict
from scumble_cli.connection import Connection
from scumble_cli.desk import Desk
from scumble_cli.plugin_checks import check_plugins
from scumble_cli.terminal import reporter, say
from scumble_cli.version import version
from scumble_installer.plugins import seek
from scumble_protocol.endpoint import state_folder
from scumble_protocol.errors import ScumbleError
from scumble_protocol.messages import ModelKind
from scumble_protocol.requests import LoadModel
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scumble_cli.terminal import Reporter
    from scumble_protocol.messages import Welcome

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
    here: list[Callable[[], Finding]] = [
        checks.check_python,
        checks.check_packages,
        checks.check_torch,
        checks.check_memory,
        lambda: checks.check_state(state),
        lambda: checks.check_disk(state),
    ]
    for check in here:
        shown.show("Checking", 0, 0, -1)
        yield check()
    yield from check_models(state)
    yield from check_plugins(seek.find_editors(seek.this_user()), version())
    yield from check_server(shown)


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


def check_server(shown: Reporter) -> Iterator[Finding]:
    """Whether a server answers, one that runs or one that is started, and can load a model."""
    arguments = Namespace(server=None, token=None)
    try:
        with Connection(arguments, shown) as connection:
            desk = Desk(connection, connection.client.poll, shown)
            welcome = desk.await_welcome()
            yield _greeting(welcome, is_own=connection.own is not None)
            model = next((m for m in welcome.models if m.kind is ModelKind.DIFFUSION), None)
            if model is not None:
                job = connection.client.submit(LoadModel(model.id), {})
                seconds = sum(time.seconds for time in desk.finish(job).times)
                connection.client.acknowledge(job)
                yield Finding("Loading", Verdict.GOOD, f"{model.id} in {seconds:.1f} s")
    except ScumbleError as error:
        yield Finding("Server", Verdict.BROKEN, error.message, error.hint)


def _greeting(welcome: Welcome, *, is_own: bool) -> Finding:
    device = f"{welcome.device.name} ({welcome.device.id})"
    facts = f"version {welcome.version} on {device}, " + (
        "started for this check" if is_own else "running"
    )
    if welcome.version != version():
        remedy = f"End it and start it again: this is version {version()}."
        return Finding("Server", Verdict.DOUBTFUL, facts, remedy)
    return Finding("Server", Verdict.GOOD, facts)


def _print(finding: Finding) -> None:
    say(f"{MARKS[finding.verdict]}  {finding.subject:9} {finding.facts}")
    if finding.remedy:
        say(f"    {'':9} {finding.remedy}")
