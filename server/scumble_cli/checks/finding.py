"""What a check of `scumble doctor` found."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(str, enum.Enum):
    """Whether a finding keeps Scumble from working."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """What a check found: its subject, a verdict, the facts, and what would mend them."""

    subject: str
    verdict: Verdict
    facts: str
    remedy: str = ""
