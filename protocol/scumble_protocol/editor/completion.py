"""Names to choose from while a prompt is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scumble_protocol.messages import Names

MOST = 12
"""More names than this are no help."""

_LORA = re.compile(r"<lora:([^<>:\n]*)$", re.IGNORECASE)
_WILDCARD = re.compile(r"(?<!_)__([^_\s,{}|]*)$")


@dataclass(frozen=True)
class Completion:
    """How what is being written can go on.

    Args:
        begun: How many characters before the cursor are replaced.
        options: What may stand there, by the name that is shown for it.
    """

    begun: int
    options: dict[str, str]


def completion(before: str, names: Names | None) -> Completion | None:
    """How a prompt can go on after `<lora:` or `__`; None where nothing is to be proposed.

    Args:
        before: The prompt up to the cursor.
        names: Those that there are; None while they are not known.
    """
    if names is None:
        return None
    for pattern, known, form in (
        (_LORA, names.loras, "<lora:{}:1>"),
        (_WILDCARD, names.wildcards, "__{}__"),
    ):
        found = pattern.search(before)
        if found is not None:
            # A wildcard that is closed looks like one that begins.
            options = {name: form.format(name) for name in _matching(found[1], known)}
            return Completion(len(found[0]), options) if options else None
    return None


def _matching(begun: str, names: tuple[str, ...]) -> list[str]:
    """The names that begin so, then those that have it somewhere."""
    small = begun.lower()
    first = [name for name in names if name.lower().startswith(small)]
    others = [name for name in names if small in name.lower() and name not in first]
    return [*first, *others][:MOST]
