"""Reading what a `.safetensors` file holds from its header, without its weights and without torch.

The format: 8 bytes with the header's length (little-endian), then JSON that maps each tensor's
name to its type, shape and place, then the tensors. A whole file ends where the last one does.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.spec import Weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_HEADER_BYTES = 16 * 2**20
"""The format allows six times as much; the longest in use, with a picture in them, have one MB."""

MOST_SIDES = 16
LARGEST_SIDE = 2**48

_LENGTH = struct.Struct("<Q")

SENSELESS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What comes of values of other kinds, or sizes, than a file of that name has."""

_DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,  # of JSON that is nested by the thousand
    struct.error,
)

_FLOATS = {"F64", "F32", "F16", "BF16"}
_BYTES = {"I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2}
"""Of the types that are wider than a byte."""


@dataclass(frozen=True)
class TensorHeader:
    """One tensor's type in the format's spelling (`F32`, `F16`, `BF16`, …) and its shape."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def parameters(self) -> int:
        """The number of values."""
        return math.prod(self.shape)


def read_header(path: Path) -> dict[str, TensorHeader]:
    """The tensors of a file by name.

    Raises:
        RequestError: `DAMAGED_MODEL` when the file is missing, cut short or no safetensors file.
    """
    try:
        size = path.stat().st_size
        header, start = _read_json(path, size)
        tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
        end = start + max((entry["data_offsets"][1] for entry in tensors.values()), default=0)
        headers = {
            name: TensorHeader(str(entry["dtype"]), _shape(entry["shape"]))
            for name, entry in tensors.items()
        }
    except OSError as error:
        raise damaged(path, "can't be read" if path.exists() else "is missing") from error
    except _DAMAGE as error:
        raise damaged(path, "is no safetensors file, or its beginning is damaged") from error
    if not tensors:
        raise damaged(path, "holds no weights")
    if end != size:
        raise damaged(path, f"is {size} bytes long instead of {end}")
    return headers


def weigh(headers: Mapping[str, TensorHeader], size: int) -> Weights:
    """What a file of that many bytes holds, from its header."""
    values = sum(tensor.parameters for tensor in headers.values() if tensor.dtype in _FLOATS)
    packed = sum(
        tensor.parameters * _BYTES.get(tensor.dtype, 1)
        for tensor in headers.values()
        if tensor.dtype not in _FLOATS
    )
    return Weights(size, values, packed)


def damaged(path: Path, what: str) -> RequestError:
    """The error for a model's file that is not as it should be; `what` follows its name."""
    return RequestError(
        ErrorCode.DAMAGED_MODEL,
        f"The model file {path} {what}.",
        "Download or copy the model again.",
    )


def _shape(sides: list[int]) -> tuple[int, ...]:
    if len(sides) > MOST_SIDES or not all(
        type(side) is int and 0 <= side <= LARGEST_SIDE for side in sides
    ):
        raise ValueError(sides[:MOST_SIDES])
    return tuple(sides)


def _read_json(path: Path, size: int) -> tuple[dict[str, Any], int]:
    with path.open("rb") as file:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        if length > min(size, MAX_HEADER_BYTES):
            raise ValueError(length)
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise TypeError(header)
    return header, _LENGTH.size + length
