"""The doctor sees how servers ended, what is in their way, and one that is there but hangs."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scumble_cli.checks import runs as run_checks
from scumble_cli.checks.finding import Finding, Verdict
from scumble_cli.checks.runs import LOOP_RUNS, Runs
from scumble_protocol import endpoint
from scumble_protocol.endpoint import Endpoint
from scumble_server.clients.certificate import kept_identity
from tests.cli.program import scumble, sentence_of
from tests.end_to_end.server_process import ServerProcess, running_server

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = datetime.now(timezone.utc)

IMPATIENT = (
    "from scumble_cli import desk; desk.PATIENCE_SECONDS = 3; from scumble_cli.__main__ import main"
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals")


def the_only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


def certificate(path: Path, until: datetime) -> None:
    """A certificate that was valid for a year until then, in the file where the server looks."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(until - timedelta(days=365))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))


def test_port_that_is_taken_is_told_with_who_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = ServerProcess(tmp_path, "--port", str(port))
        assert str(port) in server.failed()
        finding = the_only(run_checks.check_last_run(Runs.of(tmp_path)))
        assert finding.verdict is Verdict.BROKEN
        assert f"port {port} of 127.0.0.1 is taken" in finding.facts
        assert f"process {os.getpid()}" in finding.facts or "another program" in finding.facts
        assert "--port" in finding.remedy
    assert list(run_checks.check_last_run(Runs.of(tmp_path))) == []


def test_other_reasons_why_the_last_server_failed_are_told(tmp_path: Path) -> None:
    assert ServerProcess(tmp_path, "--host", "192.0.2.1", "--port", "1").failed()
    finding = the_only(run_checks.check_last_run(Runs.of(tmp_path)))
    assert finding.verdict is Verdict.DOUBTFUL
    assert "can't listen on 192.0.2.1" in finding.facts
    assert "scumble logs" in finding.remedy


def test_server_that_ended_as_it_should_is_nothing_to_tell(tmp_path: Path) -> None:
    for _ in range(LOOP_RUNS):
        with running_server(tmp_path) as server:
            server.listening()
    runs = Runs.of(tmp_path)
    assert len(runs.all) == LOOP_RUNS
    assert list(run_checks.check_last_run(runs)) == []
    assert list(run_checks.check_restarts(runs, NOW, is_running=False)) == []


def test_server_that_dies_again_and_again_is_told(tmp_path: Path) -> None:
    for _ in range(LOOP_RUNS):
        server = ServerProcess(tmp_path)
        server.listening()
        server.kill()
    runs, now = Runs.of(tmp_path), run_checks.now()
    finding = the_only(run_checks.check_restarts(runs, now, is_running=False))
    assert finding.verdict is Verdict.BROKEN
    assert f"ended badly {LOOP_RUNS} times" in finding.facts
    assert "scumble service uninstall" in finding.remedy
    # The last of them is the one that runs; and an hour later it is over.
    assert list(run_checks.check_restarts(runs, now, is_running=True)) == []
    later = now + timedelta(hours=1)
    assert list(run_checks.check_restarts(runs, later, is_running=False)) == []


def test_the_last_reason_of_a_loop_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for _ in range(LOOP_RUNS):
            assert ServerProcess(tmp_path, "--port", port).failed()
    now = run_checks.now()
    finding = the_only(run_checks.check_restarts(Runs.of(tmp_path), now, is_running=False))
    assert f"Port {port}" in finding.facts


def test_endpoint_file_that_a_killed_server_left_is_told(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        assert list(run_checks.check_endpoint(tmp_path, is_running=True)) == []
        server.kill()
    finding = the_only(run_checks.check_endpoint(tmp_path, is_running=False))
    assert str(tmp_path / endpoint.FILE_NAME) in finding.facts
    assert "Start the server" in finding.remedy
    (tmp_path / endpoint.FILE_NAME).unlink()
    assert list(run_checks.check_endpoint(tmp_path, is_running=False)) == []


@pytest.mark.parametrize(
    ("days", "verdict"),
    [(-1, Verdict.BROKEN), (29, Verdict.DOUBTFUL), (31, Verdict.GOOD)],
)
def test_certificate_that_runs_out_is_told(tmp_path: Path, days: int, verdict: Verdict) -> None:
    certificate(tmp_path / "tls" / "server.pem", NOW + timedelta(days=days))
    finding = the_only(run_checks.check_certificate(tmp_path, None, NOW))
    assert finding.verdict is verdict
    assert f"{NOW + timedelta(days=days):%Y-%m-%d}" in finding.facts
    assert bool(finding.remedy) is (verdict is not Verdict.GOOD)


def test_certificate_of_the_running_server_counts(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    certificate(own, NOW + timedelta(days=3))
    state = tmp_path / "state"
    with running_server(state, "--tls-cert", str(own), "--tls-key", str(own)) as server:
        here = server.listening()
        finding = the_only(run_checks.check_certificate(state, here, NOW))
    assert finding.verdict is Verdict.DOUBTFUL
    assert list(run_checks.check_certificate(state, None, NOW)) == []


def test_certificates_that_the_server_makes_are_sound_and_damaged_ones_told(tmp_path: Path) -> None:
    kept_identity(tmp_path / "tls")
    finding = the_only(run_checks.check_certificate(tmp_path, None, NOW))
    assert finding.verdict is Verdict.GOOD
    (tmp_path / "tls" / "server.pem").write_text("garbage")
    finding = the_only(run_checks.check_certificate(tmp_path, None, NOW))
    assert finding.verdict is Verdict.BROKEN
    assert "can't be read" in finding.facts


def test_certificate_of_a_server_that_does_not_answer_is_not_taken_for_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_checks, "_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        here = Endpoint("127.0.0.1", port, "token", os.getpid(), "1", "0" * 64)
        assert list(run_checks.check_certificate(tmp_path, here, NOW)) == []
        certificate(tmp_path / "tls" / "server.pem", NOW + timedelta(days=90))
        finding = the_only(run_checks.check_certificate(tmp_path, here, NOW))
    assert finding.verdict is Verdict.GOOD


def test_server_that_runs_but_does_not_answer_is_told(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        pid = server.listening().pid
        os.kill(pid, signal.SIGSTOP)
        try:
            doctor = scumble("doctor", "--json", state=tmp_path, code=IMPATIENT)
            status = scumble("status", state=tmp_path, code=IMPATIENT)
        finally:
            os.kill(pid, signal.SIGCONT)
    found = {finding["subject"]: finding for finding in json.loads(doctor.stdout)}
    assert doctor.returncode == 1
    assert f"process {pid}, but does not answer" in found["Server"]["facts"]
    assert f"kill {pid}" in found["Server"]["remedy"]
    told = sentence_of(status)
    assert f"process {pid}, but does not answer" in told
    assert "`scumble doctor`" in told
    assert "scumble serve" not in told
