"""Runs under a Python that has PyQt: does what the tests send, to the plugin's widgets.

`python qt_host.py MAJOR PLUGINS SCENE`: the version of Qt, the folder that holds the bundled
plugin, and the file with the names that all code sees. Each line of input is JSON
{"code", "values"}, each line of output {"result", "error"}. There is no Krita, so that only what
needs none is tested here.
"""

from __future__ import annotations

import json
import sys
import traceback
import types
from typing import Any


def pretend_krita(major: int) -> None:
    """A module with as much of Krita as the widgets ask for: which Qt it is made with."""
    krita: Any = types.ModuleType("krita")
    krita.qt_major_version = lambda: major
    krita.Krita = type("Krita", (), {"instance": staticmethod(lambda: None)})
    sys.modules["krita"] = krita


def main() -> None:
    """Answer until the input ends."""
    major, plugins, scene = sys.argv[1:]
    pretend_krita(int(major))
    sys.path.insert(0, plugins)
    names: dict[str, Any] = {}
    with open(scene, encoding="utf-8") as file:  # noqa: PTH123 (as short as it gets)
        exec(compile(file.read(), scene, "exec"), names)  # noqa: S102 - its whole purpose
    for line in sys.stdin:
        request = json.loads(line)
        names.update(request["values"], result=None)
        error = ""
        try:
            exec(compile(request["code"], "<test>", "exec"), names)  # noqa: S102
        except Exception:  # noqa: BLE001 - whatever it is, the test wants to see it
            error = traceback.format_exc()
        answer = {"result": None if error else names["result"], "error": error}
        print(json.dumps(answer), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
