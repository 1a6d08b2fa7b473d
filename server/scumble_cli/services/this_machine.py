"""What the service is on this machine, for this user."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.services import launchd, systemd, task_scheduler
from scumble_cli.services.carry_out import is_installed
from scumble_cli.services.service import Plan, Service
from scumble_cli.start_command import start_command
from scumble_protocol.endpoint import state_folder
from scumble_protocol.errors import ErrorCode, RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

KEEPERS = {"linux": "systemd", "darwin": "launchd", "win32": "the Task Scheduler"}
"""Who starts services on each system, as `sys.platform` calls it."""

_NVIDIA = (Path("/proc/driver/nvidia"), Path("/dev/nvidiactl"))


def plan_service(system: str, state: Path, options: Sequence[str] = ()) -> Plan:
    """What makes the service.

    Args:
        system: As in `KEEPERS`.
        state: The state folder.
        options: More options of `scumble serve`.

    Raises:
        RequestError: This can't be done on the system.
    """
    if system not in KEEPERS:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"Scumble does not know how services are started on {system}.",
            "Have `scumble serve` started by what your system offers.",
        )
    service = Service(
        (*start_command(), f"--state={state}", *options),
        state,
        _user(system),
        has_nvidia=shutil.which("nvidia-smi") is not None or any(p.exists() for p in _NVIDIA),
    )
    if system == "win32":
        return task_scheduler.plan(service)
    if system == "darwin":
        return launchd.plan(service, Path.home())
    configuration = os.environ.get("XDG_CONFIG_HOME", "").strip()
    return systemd.plan(service, Path(configuration) if configuration else Path.home() / ".config")


def is_service_installed() -> bool:
    """Whether a service of this user's is set up here."""
    try:
        return is_installed(plan_service(sys.platform, state_folder()))
    except RequestError:
        return False


def _user(system: str) -> str:
    if system == "darwin":
        return str(os.getuid()) if hasattr(os, "getuid") else ""
    domain = os.environ.get("USERDOMAIN", "") if system == "win32" else ""
    return f"{domain}\\{getpass.getuser()}" if domain else getpass.getuser()
