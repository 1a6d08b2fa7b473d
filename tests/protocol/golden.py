"""The pinned bytes of the wire; `python -m tests.protocol.golden` writes those of a new version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgpack
from scumble_protocol import codec
from scumble_protocol.messages import PROTOCOL_VERSION
from tests.protocol import samples

PATH = Path(__file__).with_name(f"golden_v{PROTOCOL_VERSION}.json")


def render() -> str:
    """For every sample its map, to be read by people, and its bytes in hexadecimal digits."""
    entries = {}
    for name, message in samples.MESSAGES.items():
        frame = codec.encode(message)
        entries[name] = {"map": msgpack.unpackb(frame), "wire": frame.hex()}
    return json.dumps(entries, indent=1, ensure_ascii=False, default=_hexadecimal) + "\n"


def wire(name: str) -> bytes:
    """The pinned bytes of a sample."""
    entries = json.loads(PATH.read_text(encoding="utf-8"))
    return bytes.fromhex(entries[name]["wire"])


def _hexadecimal(value: Any) -> str:
    assert isinstance(value, bytes)
    return f"hex {value.hex()}"


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
