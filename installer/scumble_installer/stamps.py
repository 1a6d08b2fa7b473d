"""Remembers in the environment which steps were done, and with what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from scumble_installer.machine import Stamp

_NAME: Final = "scumble-set-up.json"


def read(environment: Path) -> frozenset[Stamp]:
    """The steps that were done; none where nothing readable was remembered."""
    try:
        remembered = json.loads((environment / _NAME).read_text("utf-8"))
        return frozenset(Stamp(step, digest) for step, digest in remembered.items())
    except (OSError, ValueError, AttributeError):
        # Doing a step again is always safe; trusting a damaged record is not.
        return frozenset()


def add(environment: Path, stamp: Stamp) -> None:
    """Remember one more step; whoever reads meanwhile sees the old record or the new one."""
    remembered = dict(read(environment)) | {stamp.step: stamp.digest}
    part = environment / f"{_NAME}.part"
    part.write_text(json.dumps(remembered, indent=1, sort_keys=True), "utf-8")
    part.replace(environment / _NAME)
