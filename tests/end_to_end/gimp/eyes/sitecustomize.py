"""For tests only: lets a test look into the process of the plug-in's panel.

Python runs this by its name when the test puts the folder into PYTHONPATH. In a call of Scumble's
plug-in it listens, writes its port to SCUMBLE_EYES/PID.port, and runs what it is sent on the main
thread, between two turns of GTK's loop: a line of JSON {"code", "values"} for one {"result",
"error"}.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import Any


def listen(folder: Path) -> None:
    """Answer one connection at a time until the process ends."""
    server = socket.create_server(("127.0.0.1", 0))
    file = folder / f"{os.getpid()}.port"
    # Renamed into place, so that no reader sees half a number.
    file.with_suffix(".part").write_text(str(server.getsockname()[1]), "utf-8")
    file.with_suffix(".part").replace(file)
    names: dict[str, Any] = {}
    while True:
        connection, _ = server.accept()
        with connection, connection.makefile("rwb") as stream:
            request = json.loads(stream.readline())
            stream.write(json.dumps(asked(names, **request)).encode() + b"\n")
            stream.flush()


def asked(names: dict[str, Any], code: str, values: dict[str, Any]) -> dict[str, Any]:
    """Run code on the main thread, with names that live on between calls."""
    from gi.repository import GLib

    answer: dict[str, Any] = {"result": None, "error": ""}
    is_done = threading.Event()

    def run() -> bool:
        names.update(values, result=None)
        try:
            exec(code, names)  # noqa: S102 - its whole purpose
            answer["result"] = names["result"]
        except Exception:  # noqa: BLE001 - whatever it is, the test wants to see it
            answer["error"] = traceback.format_exc()
        is_done.set()
        return False

    GLib.idle_add(run, priority=GLib.PRIORITY_HIGH)
    is_done.wait()
    return answer


is_call = "-run" in sys.orig_argv and any("/scumble.py" in word for word in sys.orig_argv)
if is_call and "SCUMBLE_EYES" in os.environ:
    here = Path(os.environ["SCUMBLE_EYES"])
    threading.Thread(target=listen, args=(here,), daemon=True).start()
