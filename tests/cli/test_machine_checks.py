"""The doctor's checks find what is wrong, and say what would mend it."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from scumble_cli.checks import machine
from scumble_cli.checks.finding import Finding, Verdict


def assert_remedied(finding: Finding, verdict: Verdict) -> None:
    assert finding.verdict is verdict
    assert finding.remedy


def test_this_machine_is_sound() -> None:
    for finding in (machine.check_python(), machine.check_packages(), machine.check_memory()):
        assert finding.verdict is not Verdict.BROKEN, finding


def test_old_python_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    assert_remedied(machine.check_python(), Verdict.BROKEN)


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = ["msgpack>=1.1", "absent-package==2; python_version > '3'", "extra; extra == 'x'"]
    monkeypatch.setattr(machine, "requires", lambda _: needed)
    finding = machine.check_packages()
    assert_remedied(finding, Verdict.BROKEN)
    assert finding.facts == "missing: absent-package"


def test_program_that_was_never_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: str) -> list[str]:
        raise PackageNotFoundError

    monkeypatch.setattr(machine, "requires", unknown)
    assert_remedied(machine.check_packages(), Verdict.BROKEN)


def test_little_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 2**18, "SC_PAGE_SIZE": 4096}.__getitem__)
    finding = machine.check_memory()
    assert_remedied(finding, Verdict.DOUBTFUL)
    assert finding.facts == "1.0 GiB"
