"""A systemd unit of the user, for Linux.

Units of a user have no rights beyond the user's, and not every guard that systemd has fits them:

- Those that make parts of the file system invisible or read-only (`ProtectSystem=`, `PrivateTmp=`,
  `ProtectHome=` …) need a user namespace, which some distributions forbid: the unit would not
  start at all (systemd.exec(5), "Sandboxing").
- `PrivateDevices=` hides the GPU, `MemoryDenyWriteExecute=` forbids what compiles kernels.
- `NoNewPrivileges=`, and all that imply it, keep CUDA from calling `nvidia-modprobe`, which is
  setuid root and loads the driver's part for computing where nothing else did at boot. So a machine
  with an NVIDIA GPU goes without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_cli.services.service import Plan, Service

if TYPE_CHECKING:
    from pathlib import Path

UNIT = "scumble.service"

_GUARDS = """\
NoNewPrivileges=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native
"""

_UNIT = """\
# Written by `scumble service install`; `systemctl --user edit scumble` is for what you add.
[Unit]
Description=Scumble, which regenerates selections for Krita and GIMP
# What has failed five times in five minutes is not mended by starting it again.
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=exec
ExecStart={command}
Restart=on-failure
RestartSec=5
# 128 + SIGINT: told to end while it was still starting.
SuccessExitStatus=130
KillMode=mixed
TimeoutStopSec=10
UMask=0077
{guards}
[Install]
WantedBy=default.target
"""


def unit(service: Service) -> str:
    """The unit's text."""
    guards = "" if service.has_nvidia else _GUARDS
    return _UNIT.format(command=_command_line(service.command), guards=guards)


def plan(service: Service, configuration: Path) -> Plan:
    """What makes the service.

    Args:
        service: The server.
        configuration: The user's folder for settings: `$XDG_CONFIG_HOME`, or `~/.config`.
    """
    folder = configuration / "systemd" / "user"
    wants = folder / "default.target.wants"
    control = ("systemctl", "--user")
    return Plan(
        file=folder / UNIT,
        content=unit(service).encode(),
        # Made by ourselves and not by `systemctl enable`, which needs a session.
        link=wants / UNIT,
        start=((*control, "daemon-reload"), (*control, "restart", UNIT)),
        stop=((*control, "stop", UNIT),),
        forget=((*control, "daemon-reload"), (*control, "reset-failed", UNIT)),
        ask=(*control, "is-active", "--quiet", UNIT),
        folders=(wants, folder, folder.parent),
    )


def _command_line(command: tuple[str, ...]) -> str:
    program, *arguments = command
    if any(mark in program for mark in "\"'\\"):  # which systemd allows in arguments only
        program, arguments = "/usr/bin/env", [program, *arguments]
    # The colon: a dollar sign is one (systemd.service(5), "Command lines").
    return " ".join([_quoted(f":{program}"), *map(_quoted, arguments)])


def _quoted(word: str) -> str:
    """As systemd.syntax(7) has it: a C string, with specifiers doubled."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    controlled = "".join(c if c >= " " else f"\\x{ord(c):02x}" for c in escaped)
    return f'"{controlled}"'
