"""Fuzzes what reads bytes of the network: `python -m tests.fuzz.fuzz_codec [options] folders…`.

An input that begins like a map of msgpack is a frame for the codec; any other is a layout of four
bytes and a packed piece of a picture. The options are libFuzzer's.

Allowed to come out is a `ScumbleError`, since whoever reads from the network expects it; a message
that is read is the same when it is written and read again; the reader of msgpack that runs in the
editors, which is pure Python, reads exactly what the server's reads; nothing unpacked is longer
than was allowed.
"""

from __future__ import annotations

import contextlib
import random
import sys
import zlib
from typing import Any

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["scumble_protocol", "msgpack.fallback"]):
    import msgpack
    import msgpack.fallback
    from scumble_protocol import codec
    from scumble_protocol.errors import ProtocolError, ScumbleError
    from scumble_protocol.messages import MESSAGES
    from scumble_protocol.packing import Layout, unpack

from tests.fuzz.script import ODD, places, replaced

MOST = 4096
"""Bytes that a packed piece may stand for."""

_LIMITS = {
    "max_array_len": codec.MAX_ITEMS,
    "max_map_len": codec.MAX_ITEMS,
    "max_ext_len": 0,
    "timestamp": 0,
}


def is_frame(data: bytes) -> bool:
    """Whether an input is meant for the codec: msgpack's maps begin so."""
    return not data or data[0] & 0xF0 == 0x80 or data[0] in {0xDE, 0xDF}


def try_one(data: bytes) -> None:
    """One input; what is raised is a defect."""
    if not is_frame(data):
        _try_packing(data)
        return
    assert _read(msgpack.unpackb, data) == _read(msgpack.fallback.unpackb, data)
    with contextlib.suppress(ScumbleError):
        assert type(codec.greeting_protocol(data)) is int
    try:
        message = codec.decode(data, MESSAGES)
    except ScumbleError:
        return
    assert codec.decode(codec.encode(message), (type(message),)) == message


def _read(unpackb: Any, data: bytes) -> str | None:
    try:
        return repr(unpackb(data, **_LIMITS))  # in which NaN is like NaN
    except ValueError:
        return None


def _try_packing(data: bytes) -> None:
    row, pixel, packed = int.from_bytes(data[:3], "big"), data[3:4], data[4:]
    try:
        layout = Layout(row & 0xFFFF, int.from_bytes(pixel, "big"))
        assert 1 <= len(unpack(packed, layout, MOST)) <= MOST
    except ProtocolError:
        pass  # the one error that it promises


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """A change inside of the format half of the time, so that the outer layers are passed."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    changed = None
    if chance.random() < 0.5:
        changed = _mutated_frame(data, chance) if is_frame(data) else _repacked(data, max_size)
    if changed is None or len(changed) > max_size:
        changed = atheris.Mutate(data, max_size)
    return bytes(changed)


def _mutated_frame(data: bytes, chance: random.Random) -> bytes | None:
    try:
        fields = msgpack.unpackb(data)
        path = chance.choice(list(places(fields)))
        return replaced(fields, path, chance.randrange(len(ODD) + 1))
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError):
        return None  # it is no frame any more


def _repacked(data: bytes, max_size: int) -> bytes | None:
    try:
        planes = zlib.decompressobj().decompress(data[4:], 4 * MOST)
    except zlib.error:
        return None
    return data[:4] + zlib.compress(atheris.Mutate(planes, max_size))


if __name__ == "__main__":
    # The command that libFuzzer runs again to merge a corpus or to shorten a crash.
    again = f"{sys.executable} -m tests.fuzz.fuzz_codec"
    atheris.Setup([again, *sys.argv[1:]], try_one, custom_mutator=mutate)
    atheris.Fuzz()
