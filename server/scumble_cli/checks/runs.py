"""What `scumble doctor` says of the server's runs: where it listens, and how earlier ones ended."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from cryptography import x509

from scumble_cli.checks.finding import Finding, Verdict
from scumble_cli.log_lines import LogLine, LogReader
from scumble_protocol import endpoint
from scumble_server.logs import ENDS, FAILS, STARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scumble_protocol.endpoint import Endpoint

LOOP_RUNS = 3
LOOP_SPAN = timedelta(minutes=10)
"""So many runs that ended badly within this time are no accident."""

SOON = timedelta(days=30)
_SECONDS = 2.0
_FAILS = FAILS.partition("%")[0]


@dataclass
class Run:
    """What the log says of one run of a server, from its first line on."""

    first: LogLine
    failure: LogLine | None = None
    is_over: bool = False


@dataclass
class Runs:
    """The runs of which the log tells, the oldest first."""

    all: list[Run] = field(default_factory=list)

    @classmethod
    def of(cls, state: Path) -> Runs:
        """Those in the log of this state folder."""
        runs = cls()
        for line in LogReader(state).lines():
            if line.event == STARTS:
                runs.all.append(Run(line))
            elif runs.all and line.event == ENDS:
                runs.all[-1].is_over = True
            elif runs.all and line.event.startswith(_FAILS):
                runs.all[-1].failure = line
        return runs


def check_endpoint(state: Path, *, is_running: bool) -> Iterator[Finding]:
    """Whether the file that leads editors to the server leads to one; says nothing if it does."""
    path = state / endpoint.FILE_NAME
    if path.exists() and not is_running:
        facts = f"{path} leads to a server that is gone"
        yield Finding("Endpoint", Verdict.DOUBTFUL, facts, "Start the server, or delete the file.")


def check_last_run(runs: Runs) -> Iterator[Finding]:
    """Why no server runs, if the last one failed; says nothing if it did not, or that is over."""
    failure = runs.all[-1].failure if runs.all else None
    if failure is None:
        return
    why = failure.event.removeprefix(_FAILS)
    host, port = failure.values.get("host"), failure.values.get("port")
    if failure.values.get("code") == "port_in_use" and isinstance(port, int) and port:
        if not _is_taken(str(host), port):
            return
        who = _listener(port)
        remedy = f"End {who}, or start the server with another --port."
        yield Finding("Port", Verdict.BROKEN, f"port {port} of {host} is taken by {who}", remedy)
        return
    remedy = "`scumble logs` shows what went before; start the server again when that is mended."
    yield Finding("Last run", Verdict.DOUBTFUL, f"the server failed: {why}", remedy)


def check_restarts(runs: Runs, now: datetime, *, is_running: bool) -> Iterator[Finding]:
    """Whether something starts the server again and again; says nothing if nothing does."""
    ended = runs.all[:-1] if is_running else runs.all
    bad = [run for run in ended if not run.is_over and _is_recent(run, now)]
    if len(bad) < LOOP_RUNS:
        return
    minutes = LOOP_SPAN.seconds // 60
    facts = f"the server ended badly {len(bad)} times within {minutes} minutes"
    why = next((run.failure.event for run in reversed(bad) if run.failure is not None), "")
    if why:
        facts += f", the last time because: {why.removeprefix(_FAILS)}"
    remedy = "End what starts it (`scumble service uninstall`), and see `scumble logs`."
    yield Finding("Restarts", Verdict.BROKEN, facts, remedy)


def check_certificate(state: Path, server: Endpoint | None, now: datetime) -> Iterator[Finding]:
    """For how long the certificate is valid, if the server has one for other computers."""
    try:
        pem = _certificate(state, server)
        if pem is None:
            return
        until = x509.load_pem_x509_certificates(pem)[0].not_valid_after_utc
    except (OSError, ValueError) as error:
        remedy = f"Delete {state / 'tls'} and pair editors again, or give another --tls-cert."
        yield Finding("TLS", Verdict.BROKEN, f"the certificate can't be read: {error}", remedy)
        return
    facts = f"the certificate is valid until {until:%Y-%m-%d}"
    remedy = "Renew it; the server's own: delete its folder tls, restart it, pair editors again."
    if until < now:
        yield Finding("TLS", Verdict.BROKEN, f"{facts}, which is over", remedy)
    elif until < now + SOON:
        yield Finding("TLS", Verdict.DOUBTFUL, facts, remedy)
    else:
        yield Finding("TLS", Verdict.GOOD, facts)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(timezone.utc)


def _certificate(state: Path, server: Endpoint | None) -> bytes | None:
    """That which the running server shows, else the one that was made here."""
    if server is not None and server.fingerprint:
        # Whose it is, is not the question here; nor is a server that does not answer, which is told
        # of elsewhere: its certificate is as good as it was.
        with contextlib.suppress(OSError):
            where = (server.host, server.port)
            return ssl.get_server_certificate(where, timeout=_SECONDS).encode()
    made = state / "tls" / "server.pem"
    return made.read_bytes() if made.exists() else None


def _is_recent(run: Run, now: datetime) -> bool:
    when = run.first.time
    return when is not None and when > now - LOOP_SPAN


def _is_taken(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen()
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _listener(port: int) -> str:
    """Which program listens there, as far as the system tells this user."""
    try:
        for one in psutil.net_connections("tcp"):
            if (
                one.status == psutil.CONN_LISTEN
                and getattr(one.laddr, "port", 0) == port
                and one.pid
            ):
                return f"{psutil.Process(one.pid).name()} (process {one.pid})"
    except psutil.Error:  # macOS tells only root
        return "another program"
    return "another program"
