"""Small JSON files in the state folder: for their owner alone, written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_values(folder: Path, name: str, values: Mapping[str, object]) -> None:
    """Put a file into the folder, making the folder if need be; readers see the old or the new.

    Raises:
        OSError: The folder can't be made or written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp opens with mode 0600, so that a token in it is never readable by others.
    handle, unfinished_name = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    unfinished = Path(unfinished_name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(values, file)
        unfinished.replace(folder / name)
    except BaseException:
        unfinished.unlink()
        raise


def read_values(folder: Path, name: str) -> dict[str, Any] | None:
    """What a file in the folder holds; None if it is absent, unreadable or garbage."""
    try:
        values = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None
