"""The file of a textual inversion: vectors that stand for its name in a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.models.headers import TensorHeader, damaged, read_header

MOST_VECTORS = 200


def check_embedding(name: str, path: Path) -> dict[int, str]:
    """The tensors' names by their vectors' width, from the file's header.

    One encoder's vectors are one tensor, (width,) or (vectors, width), of any name; SDXL has two.

    Raises:
        RequestError: `DAMAGED_MODEL` when the file is not whole, `UNSUPPORTED_MODEL` when it is no
            textual inversion.
    """
    header = read_header(path)
    widths = {entry.shape[-1]: key for key, entry in header.items() if _is_vectors(entry)}
    if len(header) > 2 or len(widths) != len(header):
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"{path} is no textual inversion, so {name!r} can't be used.",
            "Remove it from the prompt, or put the right file in its place.",
        )
    return widths


def vectors_in(name: str, path: Path) -> int:
    """How many vectors stand for the name, from the file's header; raises as `check_embedding`."""
    check_embedding(name, path)
    return max(entry.parameters // max(1, entry.shape[-1]) for entry in read_header(path).values())


def misfit(name: str, path: Path, widths: Mapping[int, str], wanted: int) -> RequestError:
    """The error for a textual inversion of another family of models."""
    has = " and ".join(str(width) for width in widths)
    return RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The embedding {name!r} is made for another kind of model: its vectors are {has} wide, "
        f"this model reads {wanted}.",
        f"Remove it from the prompt, or choose a model that {path.name} is made for.",
    )


def unreadable(path: Path, error: Exception) -> RequestError:
    """The error for vectors that can't be read although the header is in order."""
    return damaged(path, f"can't be read ({type(error).__name__})")


def _is_vectors(entry: TensorHeader) -> bool:
    return (
        entry.dtype in {"F16", "BF16", "F32"}
        and 1 <= len(entry.shape) <= 2
        and 1 <= entry.parameters // max(1, entry.shape[-1]) <= MOST_VECTORS
    )
