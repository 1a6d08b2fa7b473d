"""Writes the generated parts of `protocol.md` anew: `python docs/generate_protocol.py`."""
# ruff: noqa: INP001 (a script beside the page that it writes, no package)

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scumble_protocol import (
    choices,
    endpoint,
    errors,
    geometry,
    guides,
    images,
    job_list,
    lifecycle,
    messages,
    pairing,
    pixels,
    requests,
)

PAGE = Path(__file__).with_name("protocol.md")
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_ARGUMENT = re.compile(r"^    (\w+): (.*(?:\n     .*)*)", re.MULTILINE)

_VALUES = (
    *requests.REQUESTS,
    requests.Refinement,
    guides.Control,
    guides.Reference,
    guides.Region,
    images.ImageRef,
    images.Likeness,
    geometry.Size,
    geometry.Rect,
    pixels.Pixels,
    messages.ModelInfo,
    messages.Device,
    messages.ResultLayer,
    messages.Pass,
    messages.PhaseTime,
    job_list.JobSummary,
    pairing.PairedClient,
)
_CHOICES = (
    pixels.PixelFormat,
    choices.Sampler,
    choices.Schedule,
    choices.MaskedContent,
    choices.ResizeMode,
    guides.ControlKind,
    guides.ReferenceKind,
    messages.Encoding,
    messages.Phase,
    messages.ModelKind,
    messages.Ability,
    job_list.JobStage,
)
_ERRORS = (errors.RequestError, errors.PeerError, errors.ServerError)


def render(page: str) -> str:
    """The page with every generated part as the code has it now."""
    parts = {
        "messages": _message_table,
        "fields": _message_fields,
        "values": _value_tables,
        "choices": _choice_table,
        "limits": _limit_table,
        "transitions": _transition_table,
        "diagram": _diagram,
        "errors": _error_table,
        "endpoint": _endpoint_table,
    }
    return _PART.sub(
        lambda part: part[1] + "\n" + "\n".join(parts[part[2]]()) + "\n\n" + part[3], page
    )


def _message_table() -> Iterator[str]:
    yield from _head("Type", "Sent by", "Meaning")
    for kind in messages.MESSAGES:
        by_client = kind in messages.CLIENT_MESSAGES
        sender = "client" if by_client else "server"
        sender = "both" if by_client and kind in messages.SERVER_MESSAGES else sender
        yield _row(f"[`{kind.type}`](#{kind.type})", sender, _summary(kind))


def _message_fields() -> Iterator[str]:
    for kind in messages.MESSAGES:
        yield from (f"#### `{kind.type}`", "", inspect.cleandoc(_summary(kind)), "")
        yield from _fields(kind)


def _value_tables() -> Iterator[str]:
    for kind in _VALUES:
        tag = f" (`kind` is `{kind.kind}`)" if kind in requests.REQUESTS else ""
        yield from (f"#### `{kind.__name__}`{tag}", "", _summary(kind), "")
        yield from _fields(kind)


def _choice_table() -> Iterator[str]:
    yield from _head("Choice", "Values")
    for kind in _CHOICES:
        yield _row(f"`{kind.__name__}`", ", ".join(f"`{member.value}`" for member in kind))


def _limit_table() -> Iterator[str]:
    yield from _head("Limit", "Default", "Meaning")
    described = _arguments(messages.Limits)
    for name, value in vars(messages.Limits()).items():
        yield _row(f"`{name}`", str(value), described[name])


def _transition_table() -> Iterator[str]:
    kinds = (*messages.JOB_EVENTS, messages.Refused)
    yield from _head("State", *(f"`{kind.type}`" for kind in kinds))
    for state, events in lifecycle.TRANSITIONS.items():
        if not lifecycle.is_final(state):
            yield _row(
                f"**{state.value}**",
                *(events[kind].value if kind in events else "-" for kind in kinds),
            )


def _diagram() -> Iterator[str]:
    yield from ("```mermaid", "stateDiagram-v2")
    yield from (f"    [*] --> {kind.value}: {how}" for kind, how in _ENTRANCES.items())
    for state, events in lifecycle.TRANSITIONS.items():
        for target in dict.fromkeys(events.values()):
            kinds = [kind.type for kind, reached in events.items() if reached is target]
            yield f"    {state.value} --> {target.value}: {', '.join(kinds)}"
        if lifecycle.is_final(state):
            yield f"    {state.value} --> [*]"
    yield "```"


_ENTRANCES = {
    lifecycle.JobState.SUBMITTED: "submit, attach after 0",
    lifecycle.JobState.ATTACHED: "attach after n",
}


def _error_table() -> Iterator[str]:
    yield from _head("Whose", "Codes", "Meaning")
    for kind in _ERRORS:
        codes = [f"`{code.value}`" for code in errors.ErrorCode if code in kind.codes]
        yield _row(f"`{kind.__name__}`", ", ".join(codes), _summary(kind))


def _endpoint_table() -> Iterator[str]:
    yield from _fields(endpoint.Endpoint)


def _fields(kind: Any) -> Iterator[str]:
    fields = dataclasses.fields(kind)
    if not fields:
        yield from ("No fields.", "")
        return
    hints = typing.get_type_hints(kind)
    described = {**_EVERYWHERE, **_arguments(kind)}
    yield from _head("Field", "Type", "Meaning")
    for field in fields:
        default = "" if field.default is dataclasses.MISSING else _default(field.default)
        name = f"`{field.name}`"
        yield _row(name, _type(hints[field.name]), described[field.name] + default)
    yield ""


_EVERYWHERE = {
    "job": "The job's id.",
    "number": "The event's number.",
    "code": "What is wrong, for programs.",
    "message": "What is wrong, in a sentence for people.",
    "hint": "What to do next; may be empty.",
}


def _default(value: Any) -> str:
    plain = [member.value for member in value] if isinstance(value, tuple) else value
    return f" May be missing: then {plain}."


def _type(hint: Any) -> str:
    if typing.get_origin(hint) is tuple:
        return f"array of {_type(typing.get_args(hint)[0])}"
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        return f"{_type(kinds[0])} or nil" if len(kinds) == 1 else "a request"
    if dataclasses.is_dataclass(hint) or issubclass(hint, enum.Enum):
        return f"`{hint.__name__}`"
    return {int: "int", float: "float", str: "str", bytes: "bin", bool: "bool"}[hint]


def _summary(kind: Any) -> str:
    text = inspect.getdoc(kind) or ""
    return _one_line(text.split("\nArgs:")[0])


def _arguments(kind: Any) -> dict[str, str]:
    _, _, described = (inspect.getdoc(kind) or "").partition("\nArgs:\n")
    return {name: _one_line(text) for name, text in _ARGUMENT.findall(described)}


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _head(*titles: str) -> tuple[str, str]:
    return _row(*titles), _row(*("---" for _ in titles))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
