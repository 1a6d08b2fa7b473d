"""What a document keeps about the results in it: Krita saves its annotations with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from krita import Document
from scumble_krita.nodes import find

_PREFIX: Final = "scumble/"
"""An annotation's type is this and the id of the group that it is about."""


@dataclass(frozen=True)
class Record:
    """What is kept about a group of results.

    Args:
        group: The group's id.
        number: Greater than that of every earlier group of the document.
        requests: By the id of each of its layers, from top to bottom, the request that made it.
    """

    group: str
    number: int
    requests: Mapping[str, str]


def write_record(document: Document, group: str, requests: Mapping[str, str]) -> None:
    """Keep the requests of a new group."""
    number = 1 + max((record.number for record in _all_records(document)), default=0)
    text = json.dumps({"number": number, "requests": dict(requests)}, ensure_ascii=False)
    document.setAnnotation(_PREFIX + group, "Requests of a Scumble result", text.encode())


def remove_record(document: Document, group: str) -> None:
    """Forget a group that could not be completed."""
    document.removeAnnotation(_PREFIX + group)


def read_records(document: Document) -> list[Record]:
    """Those of the groups that are in the document now, the newest first."""
    there = [record for record in _all_records(document) if find(document, record.group)]
    return sorted(there, key=lambda record: record.number, reverse=True)


def _all_records(document: Document) -> list[Record]:
    # Also those of groups that were undone: redoing brings them back.
    types = [kind for kind in document.annotationTypes() if kind.startswith(_PREFIX)]
    records = [_record(kind, bytes(document.annotation(kind))) for kind in types]
    return [record for record in records if record]


def _record(kind: str, data: bytes) -> Record | None:
    """What an annotation says; None if it was written by something else."""
    try:
        content = json.loads(data)
        return Record(kind[len(_PREFIX) :], int(content["number"]), dict(content["requests"]))
    except (ValueError, TypeError, KeyError):
        return None
