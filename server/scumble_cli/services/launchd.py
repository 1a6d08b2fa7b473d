"""A launch agent, for macOS."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING

from scumble_cli.services.service import Plan, Service

if TYPE_CHECKING:
    from pathlib import Path

LABEL = "scumble.server"
OUTPUT = "start.log"


def agent(service: Service) -> bytes:
    """The property list; see launchd.plist(5)."""
    output = str(service.state / OUTPUT)
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": list(service.command),
            "RunAtLoad": True,
            # Again after a failure, but not after it was told to end.
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 10,
            "ExitTimeOut": 10,
            "Umask": 0o077,
            "StandardOutPath": output,
            "StandardErrorPath": output,
        }
    )


def plan(service: Service, home: Path) -> Plan:
    """What makes the service, in this home folder; see launchctl(1)."""
    file = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    domain = f"gui/{service.user}"
    agent_name = f"{domain}/{LABEL}"
    return Plan(
        file=file,
        content=agent(service),
        start=(("launchctl", "bootstrap", domain, str(file)),),
        stop=(("launchctl", "bootout", agent_name),),
        ask=("launchctl", "print", agent_name),
    )
