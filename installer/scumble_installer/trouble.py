"""From what a failed command printed to the sentence and the hint for a person."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from scumble_installer.errors import StepFailedError
from scumble_installer.steps import Step


class _Cause(NamedTuple):
    signs: re.Pattern[str]
    what: str
    hint: str


# Only what a tool says of its failure; the names of packages tell nothing.
_COMPLAINT: Final = re.compile(r"^E:|\berr(?:or)?\b|\bcause:|fail|could not", re.IGNORECASE)

_CAUSES: Final = (
    _Cause(
        re.compile(r"no space left|disk quota|not enough free space", re.IGNORECASE),
        "the disk is full",
        "Make room (the environment needs some 8 GB), then run the same command again.",
    ),
    _Cause(
        re.compile(r"\b407\b|proxy", re.IGNORECASE),
        "the proxy could not be used",
        "Check HTTPS_PROXY and HTTP_PROXY, then run the same command again.",
    ),
    _Cause(
        re.compile(r"certificate|\btls\b|\bssl\b", re.IGNORECASE),
        "the connection's certificate was not accepted",
        "If your network inspects traffic, set SSL_CERT_FILE to its certificate; "
        "then run the same command again.",
    ),
    _Cause(
        re.compile(
            r"dns|resol(?:ve|ution|ving) .*(?:host|name|address)|name or service not known|"
            r"could not connect|connection (?:refused|reset|aborted)|network is unreachable|"
            r"error sending request|max retries|tim(?:ed |e)out|failed to fetch|"
            r"no matching distribution",
            re.IGNORECASE,
        ),
        "the package index could not be reached",
        "Check the network (behind a proxy, set HTTPS_PROXY), then run the same command again; "
        "it goes on where it stopped.",
    ),
    _Cause(
        re.compile(r"hash(?:es)? mismatch|do not match the hashes", re.IGNORECASE),
        "a downloaded package is not the one that was locked",
        "Run the same command again; if it stays so, the package index serves altered files.",
    ),
)


def failure(step: Step, status: int, output: str) -> StepFailedError:
    """The error for a step whose command ended with `status` after printing `output`."""
    complaints = "\n".join(line for line in output.splitlines() if _COMPLAINT.search(line))
    for cause in _CAUSES:
        if cause.signs.search(complaints):
            hint = f"{cause.hint} {step.alternative}".rstrip()
            return StepFailedError(f"Could not get {step.name}: {cause.what}.", hint)
    return StepFailedError(
        f"Could not get {step.name}: `{step.command[0]}` ended with status {status}.",
        "Its own words are above; run the same command again once that is mended.",
    )


def not_there(step: Step) -> StepFailedError:
    """The error for a step whose program does not exist."""
    return StepFailedError(
        f"Could not get {step.name}: there is no program `{step.command[0]}`.",
        "Install it, then run the same command again.",
    )
