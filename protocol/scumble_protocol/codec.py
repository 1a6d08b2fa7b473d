"""Messages to and from msgpack, generic over the type hints of the message classes.

A message is one map: `type` and the fields by name. A dataclass inside is a map, a request's map
starts with `kind`, an enum is its value, a tuple is an array, what there is not is nil. How each
class is written and read is compiled from its type hints once, at import. What is known is checked
exactly; fields that are not known are passed over, and fields that have a default may be missing,
so that either side can be the newer one.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Callable
from types import UnionType
from typing import Any, TypeVar

import msgpack
from scumble_protocol.checks import check_job_id
from scumble_protocol.choices import modern
from scumble_protocol.errors import ErrorCode, ProtocolError, RequestError
from scumble_protocol.messages import MESSAGES, Chunk, Hello, Message, Submit
from scumble_protocol.pairing import Pair
from scumble_protocol.requests import REQUESTS

MAX_ITEMS = 65_536
"""Most elements of an array and entries of a map."""

_UNIONS = (typing.Union, UnionType)  # which are one since Python 3.14
# https://github.com/msgpack/msgpack/blob/master/spec.md#bin-format-family
_EMPTY = b"\xc4\x00"
_BINARY = b"\xc6"

_Encoder = Callable[[Any], Any]
_Decoder = Callable[[Any], Any]
_Allowed = TypeVar("_Allowed", bound=Message)


class IllegalRequestError(RequestError):
    """A well-formed `submit` that asks for something illegal; `job` says which job to refuse."""

    def __init__(self, job: str, error: RequestError) -> None:
        super().__init__(error.code, error.message, error.hint)
        self.job = job


def encode(message: Message) -> bytes:
    """The frame of a message.

    Raises:
        RequestError: A text in it has characters that UTF-8 lacks (lone surrogates), or a number
            takes more than 64 bits.
    """
    fields = _ENCODERS[type(message)](message)
    try:
        return _chunk_frame(fields) if isinstance(message, Chunk) else msgpack.packb(fields)
    except (UnicodeEncodeError, OverflowError) as error:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"A text or number in `{message.type}` can't be sent.",
            "Type it anew instead of pasting it.",
        ) from error


def decode(frame: bytes, allowed: tuple[type[_Allowed], ...]) -> _Allowed:
    """The message in a frame.

    Raises:
        IllegalRequestError: It is a `submit` whose request has illegal values.
        ProtocolError: It is anything else but one of the allowed messages.
    """
    fields = _unpacked(frame)
    name = _text(fields.get("type"))
    message = _BY_TYPE.get(name)
    if message is None or message not in allowed:
        raise ProtocolError(f"A message of type {name[:40]!r} can't come now.")
    try:
        return typing.cast("_Allowed", _DECODERS[message](fields))
    except RequestError as error:
        if message is not Submit:
            raise ProtocolError(error.message) from error
        check_job_id(fields["job"])
        raise IllegalRequestError(fields["job"], error) from error


def greeting_protocol(frame: bytes) -> int:
    """The protocol version that a first message asks for, which all versions say alike.

    Raises:
        ProtocolError: The frame is neither `hello` nor `pair` of any version.
    """
    fields = _unpacked(frame)
    version = fields.get("protocol")
    if _text(fields.get("type")) not in {Hello.type, Pair.type} or type(version) is not int:
        raise ProtocolError("The first message must be hello or pair.")
    return version


def _chunk_frame(fields: dict[str, Any]) -> bytes:
    """What msgpack would say, with the data last and copied once instead of three times."""
    data = fields.pop("data")
    empty = msgpack.packb({**fields, "data": b""})
    return b"".join((empty[: -len(_EMPTY)], _BINARY, len(data).to_bytes(4, "big"), data))


def _text(value: object) -> str:
    return value if type(value) is str else ""


def _unpacked(frame: bytes) -> dict[str, Any]:
    try:
        value = msgpack.unpackb(
            frame, max_array_len=MAX_ITEMS, max_map_len=MAX_ITEMS, max_ext_len=0, timestamp=0
        )
    # For bad bytes, text, keys and sizes, nesting too deep, and for bytes too many or too few.
    except ValueError as error:
        raise ProtocolError("A message is no msgpack.") from error
    if type(value) is not dict:
        raise ProtocolError("A message is no map.")
    return value


# ── Compiling type hints ─────────────────────────────────────────────────────────────────────────


def _wrong(where: str, expected: str, value: object) -> ProtocolError:
    return ProtocolError(f"`{where}` must be {expected}, not {type(value).__name__}.")


def _exactly(kind: type, where: str) -> _Decoder:
    def read(value: Any) -> Any:
        if type(value) is not kind:  # a bool is no int here
            raise _wrong(where, kind.__name__, value)
        return value

    return read


def _number(where: str) -> _Decoder:
    def read(value: Any) -> float:
        if type(value) is not float and type(value) is not int:
            raise _wrong(where, "a number", value)
        return float(value)

    return read


def _choice(kind: type[enum.Enum], where: str) -> _Decoder:
    by_value = {member.value: member for member in kind}

    def read(value: Any) -> enum.Enum:
        if type(value) is not str:
            raise _wrong(where, "str", value)
        if value not in by_value:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{value[:40]!r} is not known as {where.rpartition('.')[2].replace('_', ' ')}.",
                f"Choose one of {', '.join(by_value)}.",
            )
        return by_value[value]

    return read


def _sequence(item: _Decoder, where: str) -> _Decoder:
    def read(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise _wrong(where, "an array", value)
        return tuple([item(element) for element in value])

    return read


def _request(where: str) -> _Decoder:
    by_kind = {kind.kind: _record(kind, kind.kind) for kind in REQUESTS}

    def read(value: Any) -> Any:
        if type(value) is not dict or type(value.get("kind")) is not str:
            raise _wrong(where, "a map with its kind", value)
        if value["kind"] not in by_kind:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{value['kind'][:40]!r} is no kind of work that is known here.",
                "Update the server.",
            )
        return by_kind[value["kind"]](value)

    return read


def _record(kind: type, where: str) -> _Decoder:
    hints = typing.get_type_hints(kind)
    fields = [
        (
            field.name,
            _decoder(hints[field.name], f"{where}.{field.name}"),
            field.default is dataclasses.MISSING,
        )
        for field in dataclasses.fields(kind)
    ]

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise _wrong(where, "a map", value)
        value = modern(value)
        arguments = {}
        for name, decoder, required in fields:
            if name in value:
                arguments[name] = decoder(value[name])
            elif required:
                raise ProtocolError(f"`{where}.{name}` is missing.")
        return kind(**arguments)

    return read


def _decoder(hint: Any, where: str) -> _Decoder:
    if typing.get_origin(hint) is tuple:
        return _sequence(_decoder(typing.get_args(hint)[0], where), where)
    if typing.get_origin(hint) in _UNIONS:
        inner = _optional(hint)
        return _request(where) if inner is None else _or_nothing(_decoder(inner, where))
    if dataclasses.is_dataclass(hint):
        return _record(typing.cast("type", hint), where)
    if issubclass(hint, enum.Enum):
        return _choice(hint, where)
    return _number(where) if hint is float else _exactly(hint, where)


def _optional(hint: Any) -> Any:
    """The `X` of `X | None`; None for a union of requests."""
    kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
    return kinds[0] if len(kinds) == 1 else None


def _or_nothing(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


def _record_encoder(kind: type) -> _Encoder:
    hints = typing.get_type_hints(kind)
    fields = [(field.name, _encoder(hints[field.name])) for field in dataclasses.fields(kind)]
    start = {name: getattr(kind, name) for name in ("type", "kind") if hasattr(kind, name)}

    def write(value: Any) -> dict[str, Any]:
        written = dict(start)
        for name, encoder in fields:
            written[name] = encoder(getattr(value, name))
        return written

    return write


def _encoder(hint: Any) -> _Encoder:
    if typing.get_origin(hint) is tuple:
        item = _encoder(typing.get_args(hint)[0])
        return lambda value: [item(element) for element in value]
    if typing.get_origin(hint) in _UNIONS:
        if (inner := _optional(hint)) is not None:
            return _or_nothing(_encoder(inner))
        by_type = {kind: _record_encoder(kind) for kind in REQUESTS}
        return lambda value: by_type[type(value)](value)
    if dataclasses.is_dataclass(hint):
        return _record_encoder(typing.cast("type", hint))
    if issubclass(hint, enum.Enum):
        return lambda value: value.value
    return float if hint is float else lambda value: value


_BY_TYPE: dict[str, type[Message]] = {message.type: message for message in MESSAGES}
_ENCODERS = {message: _record_encoder(message) for message in MESSAGES}
_DECODERS = {message: _record(message, message.type) for message in MESSAGES}
