#!/usr/bin/env python3
"""For tests only: runs inside a GIMP with a window the code that the test process sends.

A persistent procedure, so GIMP starts it by itself. It writes its port to the file that
SCUMBLE_CONTROL_PORT_FILE names, takes a line of JSON {"code", "values"} and answers with a line
{"result", "error"}.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp, Gio, GLib  # noqa: E402 - the versions come first


def run(names: dict[str, Any], code: str, values: dict[str, Any]) -> dict[str, Any]:
    """Run code with names that live on between calls."""
    names.update(values, result=None)
    try:
        exec(code, names)  # noqa: S102 - its whole purpose
    except Exception:  # noqa: BLE001 - whatever it is, the test wants to see it
        return {"result": None, "error": traceback.format_exc()}
    return {"result": names["result"], "error": ""}


def serve(procedure: Any, config: Any, data: Any) -> Any:
    """Answer one connection at a time until GIMP ends; nothing where nobody asked for it."""
    if "SCUMBLE_CONTROL_PORT_FILE" not in os.environ:
        procedure.persistent_ready()
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())
    server = socket.create_server(("127.0.0.1", 0))
    names: dict[str, Any] = {"Gimp": Gimp, "Gegl": Gegl, "Gio": Gio, "GLib": GLib}

    def answer(descriptor: int, condition: Any) -> bool:
        connection, _ = server.accept()
        with connection, connection.makefile("rwb") as stream:
            request = json.loads(stream.readline())
            stream.write(json.dumps(run(names, **request)).encode() + b"\n")
            stream.flush()
        return True

    # The code has to run on the main thread, so GLib's loop watches the socket.
    readable = GLib.IOCondition.IN
    GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, server.fileno(), readable, answer)
    procedure.persistent_ready()
    procedure.get_plug_in().persistent_enable()
    # Renamed into place, so that no reader sees half a number.
    port_file = Path(os.environ["SCUMBLE_CONTROL_PORT_FILE"])
    part = port_file.with_suffix(".part")
    part.write_text(str(server.getsockname()[1]), "utf-8")
    part.replace(port_file)
    GLib.MainLoop().run()
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())


class ScumbleControl(Gimp.PlugIn):  # type: ignore[misc]  # GIMP's modules have no annotations
    """The plug-in as GIMP sees it."""

    def do_set_i18n(self, name: str) -> bool:
        """No translations."""
        return False

    def do_query_procedures(self) -> list[str]:
        """The names of its procedures."""
        return ["scumble-control"]

    def do_create_procedure(self, name: str) -> Any:
        """The one procedure."""
        procedure = Gimp.Procedure.new(self, name, Gimp.PDBProcType.PERSISTENT, serve, None)
        procedure.set_documentation("Scumble test control", "For tests only", name)
        procedure.set_attribution("Scumble", "Scumble", "2026")
        return procedure


Gimp.main(ScumbleControl.__gtype__, sys.argv)
