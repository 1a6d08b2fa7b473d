"""Failures are said in one sentence, whatever the tools print."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scumble_installer.steps import Step
from scumble_installer.trouble import failure

STEP = Step("torch", ("uv", "pip", "install", "torch"))

WORDS = {
    "error: Request failed after 3 retries\n  cause: dns error": "index could not be reached",
    "  cause: client error (Connect)\n  cause: tcp connect error: Connection refused": "reached",
    "ERROR: No matching distribution found for uv==0.13.8": "reached",
    "E: Failed to fetch x  Temporary failure resolving 'mirror.example'": "reached",
    "  cause: unsuccessful tunnel\n  cause: proxy authentication required": "proxy could not",
    "ERROR: Could not install: [Errno 28] No space left on device": "disk is full",
    "  cause: invalid peer certificate: UnknownIssuer": "certificate was not accepted",
    "error: Hash mismatch for `torch==2.13.0`": "not the one that was locked",
    "a line\nerror: out of luck": "`uv` ended with status 2",
}


@pytest.mark.parametrize("output", WORDS)
def test_cause_is_told(output: str) -> None:
    error = failure(STEP, 2, output)
    assert error.message.startswith("Could not get torch: ")
    assert WORDS[output] in error.message
    assert "again" in error.hint


def test_another_way_is_told_where_there_is_one() -> None:
    step = replace(STEP, alternative="Or take the other.")
    assert failure(step, 2, "error: dns error").hint.endswith("Or take the other.")


def test_names_of_packages_are_no_causes() -> None:
    output = "Setting up libssl3 (3.0)\nSetting up python3-proxy (1)\nE: dpkg was interrupted"
    assert "ended with status" in failure(STEP, 100, output).message
