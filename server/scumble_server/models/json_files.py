"""Reading the JSON files of models."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from scumble_server.models.headers import damaged

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 64 * 2**20
"""The largest files in use are vocabularies of half of it."""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        RequestError: `DAMAGED_MODEL` when it is missing, too long or no JSON object.
    """
    try:
        with path.open("rb") as file:
            # No more, since so much memory is taken beforehand, whatever there is to read.
            length = os.fstat(file.fileno()).st_size
            text = file.read(min(length, MOST_BYTES) + 1)
        if len(text) > MOST_BYTES:
            raise damaged(path, f"is longer than {MOST_BYTES // 2**20} MB")
        value = json.loads(text.decode("utf-8"))
    except OSError as error:
        raise damaged(path, "can't be read" if path.exists() else "is missing") from error
    except (ValueError, RecursionError) as error:  # the latter where it is nested by the thousand
        raise damaged(path, "is no valid JSON") from error
    if not isinstance(value, dict):
        raise damaged(path, "is not what it should be")
    return value
