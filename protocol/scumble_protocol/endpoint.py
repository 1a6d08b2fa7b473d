"""The endpoint file: how an editor finds the server on the same machine, and the token to get in.

The file `endpoint.json` in the state folder can be read by its owner alone. It is written whole or
not at all, and counts only while the process that wrote it lives.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scumble_protocol.private_file import read_values, write_values

FILE_NAME = "endpoint.json"

# https://learn.microsoft.com/windows/win32/api/processthreadsapi: OpenProcess, GetExitCodeProcess
_PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
_STILL_ACTIVE = 259


@dataclass(frozen=True)
class Endpoint:
    """Where a server listens.

    Args:
        host: The address that it listens on.
        port: Its TCP port, 1 to 65535.
        token: What a client must show in `hello`.
        pid: The server's process id.
        version: The server's version.
        fingerprint: SHA-256 of the server's certificate, 64 hexadecimal digits; empty without TLS.
    """

    host: str
    port: int
    token: str = field(repr=False)  # so that no log has it
    pid: int
    version: str
    fingerprint: str = ""

    @property
    def url(self) -> str:
        """The websocket's address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self.fingerprint else 'ws'}://{host}:{self.port}"


def state_folder(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The folder of the server's state: `SCUMBLE_STATE`, or where the platform keeps users' data.

    It is the folder that `platformdirs.user_data_dir("scumble", appauthor=False)` names, except
    inside a Flatpak, whose XDG variables point into the sandbox, while the server runs outside.
    """
    if named := environ.get("SCUMBLE_STATE", "").strip():
        return Path(named).expanduser()
    if platform == "win32":
        local = environ.get("LOCALAPPDATA", "").strip()
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "scumble"
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "scumble"
    variable = "HOST_XDG_DATA_HOME" if _in_flatpak(environ) else "XDG_DATA_HOME"
    data = environ.get(variable, "").strip()
    return (Path(data) if data else Path.home() / ".local" / "share") / "scumble"


def write(folder: Path, endpoint: Endpoint) -> None:
    """Put the endpoint file into the folder, making the folder if need be; readers see old or new.

    Raises:
        OSError: The folder can't be made or written.
    """
    write_values(folder, FILE_NAME, asdict(endpoint))


def read(folder: Path) -> Endpoint | None:
    """The endpoint in the folder; None if there is none, it is garbage or its server is dead."""
    endpoint = _endpoint(read_values(folder, FILE_NAME))
    return endpoint if endpoint is not None and _is_alive(endpoint.pid) else None


def remove(folder: Path, pid: int) -> None:
    """Take the endpoint file away if the server of this pid wrote it; else leave it."""
    endpoint = _endpoint(read_values(folder, FILE_NAME))
    if endpoint is not None and endpoint.pid == pid:
        with contextlib.suppress(FileNotFoundError):
            (folder / FILE_NAME).unlink()


def _endpoint(values: Mapping[str, Any] | None) -> Endpoint | None:
    if values is None:
        return None
    kinds = {"host": str, "port": int, "token": str, "pid": int, "version": str}
    if any(type(values.get(name)) is not kind for name, kind in kinds.items()):
        return None
    fingerprint = values.get("fingerprint", "")  # which older servers don't write
    if type(fingerprint) is not str:
        return None
    endpoint = Endpoint(**{name: values[name] for name in kinds}, fingerprint=fingerprint)
    return endpoint if 1 <= endpoint.port <= 65535 and endpoint.pid >= 1 else None


def _in_flatpak(environ: Mapping[str, str]) -> bool:
    return "FLATPAK_ID" in environ


def _is_alive(pid: int) -> bool:
    if _in_flatpak(os.environ):
        return True  # a sandbox has process ids of its own; connecting will tell
    if sys.platform == "win32":
        return is_alive_on_windows(pid, ctypes.WinDLL("kernel32"))
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # it lives, under another user
    return True


def is_alive_on_windows(pid: int, kernel32: Any) -> bool:
    """On Windows `os.kill(pid, 0)` would end the process, so that its exit code is asked for."""
    process = kernel32.OpenProcess(_PROCESS_QUERY_LIMITED_INFORMATION, False, pid)
    if not process:
        return False
    code = ctypes.c_ulong()
    known = kernel32.GetExitCodeProcess(process, ctypes.byref(code))
    kernel32.CloseHandle(process)
    return bool(known) and code.value == _STILL_ACTIVE
