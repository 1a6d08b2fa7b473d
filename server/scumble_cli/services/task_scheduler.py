"""A task of the Task Scheduler that begins when the user logs in, for Windows.

Not a script in the Startup folder: a `.cmd` opens a console window and reads its paths in the code
page of the machine, VBScript is being removed from Windows, and neither starts a server again
that has failed.
"""

from __future__ import annotations

import subprocess
from pathlib import PureWindowsPath
from xml.etree import ElementTree as ET

from scumble_cli.services.service import Plan, Service
from scumble_protocol.errors import ErrorCode, RequestError

NAME = "Scumble"
FILE_NAME = "service.xml"

# https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema
NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"


def task(service: Service) -> bytes:
    """The task as XML, in UTF-16, as the Task Scheduler itself writes it.

    Raises:
        RequestError: A path has what the Task Scheduler takes for a variable.
    """
    program, *arguments = service.command
    for word in service.command:
        if word.count("%") > 1 or "$(" in word:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"The Task Scheduler would take a part of {word!r} for a variable.",
                "Set Scumble up in a folder without % and $( in its name.",
            )
    root = ET.Element("Task", {"version": "1.2", "xmlns": NAMESPACE})
    _fill(
        root,
        {
            "RegistrationInfo": {"Description": "Regenerates selections for Krita and GIMP."},
            "Triggers": {"LogonTrigger": {"Enabled": "true", "UserId": service.user}},
            "Principals": {
                "Principal": {
                    "UserId": service.user,
                    "LogonType": "InteractiveToken",
                    "RunLevel": "LeastPrivilege",
                }
            },
            "Settings": {
                "MultipleInstancesPolicy": "IgnoreNew",
                "DisallowStartIfOnBatteries": "false",
                "StopIfGoingOnBatteries": "false",
                "ExecutionTimeLimit": "PT0S",
                "RestartOnFailure": {"Interval": "PT1M", "Count": "5"},
                # That of ordinary programs; a task's own is below it.
                "Priority": "5",
            },
            "Actions": {
                "Exec": {
                    "Command": _without_window(program),
                    "Arguments": subprocess.list2cmdline(arguments),
                }
            },
        },
    )
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-16"?>\n{text}\n'.encode("utf-16")


def plan(service: Service) -> Plan:
    """What makes the service."""
    file = service.state / FILE_NAME
    name = ("/TN", NAME)
    return Plan(
        file=file,
        content=task(service),
        start=(
            ("schtasks", "/Create", *name, "/XML", str(file), "/F"),
            ("schtasks", "/Run", *name),
        ),
        stop=(("schtasks", "/End", *name), ("schtasks", "/Delete", *name, "/F")),
        ask=("schtasks", "/Query", *name),
    )


def _without_window(program: str) -> str:
    path = PureWindowsPath(program)
    return str(path.with_name("pythonw.exe")) if path.name.lower() == "python.exe" else program


def _fill(parent: ET.Element, values: dict[str, object]) -> None:
    for name, value in values.items():
        element = ET.SubElement(parent, name)
        if isinstance(value, dict):
            _fill(element, value)
        else:
            element.text = str(value)
