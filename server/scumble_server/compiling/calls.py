"""How a block is called, apart from the tensors that it is called with.

A transformer gives its blocks tensors, pairs of them and values that stay the same. Machine code
is made for one such call; only the tensors may be others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch

from scumble_server.compiling.rows import Row, laid

_PLAIN = (type(None), bool, int, float, str)


def taken_apart(given: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[str, Row] | None:
    """A call, and its tensors in a row; None if there is something in it that is neither."""
    row: Row = {}
    try:
        call = json.dumps([_apart(list(given), row), _apart(dict(named), row)])
    except TypeError:
        return None
    return call, {name: laid(tensor) for name, tensor in row.items()}


def put_together(call: str, row: Row) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What `taken_apart` got, with the tensors of a row."""
    given, named = json.loads(call)
    return tuple(_together(given, row)), _together(named, row)


def _apart(value: Any, row: Row) -> Any:
    """A value as JSON: what is not plain is a list that begins with what it is."""
    if isinstance(value, torch.Tensor):
        name = str(len(row))
        row[name] = value
        return ["tensor", name]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *(_apart(each, row) for each in value)]
    if isinstance(value, dict):
        return {key: _apart(each, row) for key, each in value.items()}
    if isinstance(value, _PLAIN):
        return value
    raise TypeError


def _together(read: Any, row: Row) -> Any:
    if isinstance(read, dict):
        return {key: _together(each, row) for key, each in read.items()}
    if not isinstance(read, list):
        return read
    kind, *inner = read
    if kind == "tensor":
        return row[inner[0]]
    values = [_together(each, row) for each in inner]
    return tuple(values) if kind == "tuple" else values
