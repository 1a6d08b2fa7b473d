"""Names of files that data gives: whether each leads to a file of that name, and nowhere else."""

from __future__ import annotations

_DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{number}" for port in ("COM", "LPT") for number in "123456789¹²³"
}
"""Names that open a device on Windows, whatever follows after a dot."""

_FORBIDDEN = frozenset('/\\:*?"<>|')
_LONGEST = 255


def is_plain(name: object) -> bool:
    """Whether this is a file's own name on every system: no folder, drive, device or way out."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= _LONGEST
        and name.isprintable()
        and not _FORBIDDEN & set(name)
        and not name.endswith((".", " "))
        and name.split(".")[0].rstrip().upper() not in _DEVICES
    )


def can_be_told(name: str) -> bool:
    """Whether a client can be told this name of a file: on Linux it may be no text at all."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_inside(path: str) -> bool:
    """Whether a path with slashes stays inside the folder that it is taken from."""
    return all(is_plain(part) for part in path.split("/"))
