"""The plugin's widgets on both versions of Qt, in a Python that has them, without a screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scumble_installer.plugins.bundle import bundle_krita

HERE = Path(__file__).parent
MAJORS = (5, 6)


class QtError(AssertionError):
    """Code among the widgets raised."""


class QtProcess:
    """A process with the plugin's widgets.

    Args:
        process: It runs `qt_host.py`.
        major: The version of Qt.
    """

    def __init__(self, process: subprocess.Popen[str], major: int) -> None:
        self._process = process
        self.major = major

    def run(self, code: str, **values: object) -> Any:
        """Run code there and give what it assigned to `result`.

        The code sees the names of `scene.py`, each value by its name, and what it assigned earlier.

        Raises:
            QtError: The code raised.
        """
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        pipe_in.write(json.dumps({"code": code, "values": values}) + "\n")
        pipe_in.flush()
        line = pipe_out.readline()
        if not line:
            raise QtError(f"the process ended with {self._process.wait()}")
        answer = json.loads(line)
        if answer["error"]:
            raise QtError(answer["error"])
        return answer["result"]

    def ask(self, expression: str, **values: object) -> Any:
        """What an expression gives there."""
        return self.run(f"result = {expression}", **values)


@cache
def python_with(major: int) -> str | None:
    """A Python that has this version of PyQt; the plugin brings all else that it needs."""
    named = os.environ.get(f"SCUMBLE_PYQT{major}_PYTHON", "")
    for python in filter(None, (named, sys.executable, "/usr/bin/python3")):
        asked = (python, "-c", f"import PyQt{major}.QtWidgets")
        try:
            found = subprocess.run(asked, capture_output=True, check=False)
        except OSError:  # there is none at that place
            continue
        if found.returncode == 0:
            return python
    return None


@contextmanager
def qt_process(major: int, plugins: Path, **environment: str) -> Iterator[QtProcess]:
    """The widgets of a bundled plugin; the test is skipped where there is no such Qt."""
    python = python_with(major)
    if python is None:
        pytest.skip(
            f"needs PyQt{major}: Debian's python3-pyqt{major}, or a Python that has it, "
            f"named by SCUMBLE_PYQT{major}_PYTHON"
        )
    process = subprocess.Popen(
        (python, "-I", str(HERE / "qt_host.py"), str(major), str(plugins), str(HERE / "scene.py")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=dict(os.environ)
        | {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(plugins)}
        | environment,
        text=True,
    )
    with process:
        yield QtProcess(process, major)


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the plugin as it is shipped."""
    return bundle_krita(tmp_path_factory.mktemp("bundle")) / "pykrita"


@pytest.fixture(scope="session", params=MAJORS, ids=lambda major: f"qt{major}")
def qt(request: pytest.FixtureRequest, plugins: Path) -> Iterator[QtProcess]:
    """The plugin's widgets, on each version of Qt in turn."""
    with qt_process(request.param, plugins) as process:
        yield process
