"""Reading the JSON files of models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scumble_server.models.headers import damaged

if TYPE_CHECKING:
    from pathlib import Path


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        RequestError: `DAMAGED_MODEL` when it is missing or no JSON object.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise damaged(path, "can't be read" if path.exists() else "is missing") from error
    except ValueError as error:
        raise damaged(path, "is no valid JSON") from error
    if not isinstance(value, dict):
        raise damaged(path, "is not what it should be")
    return value
