"""A real GIMP in its own Debian: without a window for one piece of code, or with one to drive."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from tests.end_to_end.editors.processes import end, last_words, start, wait_for
from tests.end_to_end.editors.screen import Screen, open_screen
from tests.timing import MS

HERE: Final = Path(__file__).resolve().parent
IN_ROOT: Final = HERE / "in_root.sh"
CONTROL: Final = HERE / "gimp_control" / "scumble_control"

# One unknown key makes GIMP ignore the whole file. config-version: no notes on what is new.
GIMPRC: Final = """\
(show-welcome-dialog no)
(config-version "{version}")
(check-updates no)
(save-session-info no)
(restore-session no)
"""

# GIMP mixes its own words into the output, so values and result go through files.
RUN: Final = """\
import json
values = json.load(open({values!r}))
names = dict(globals(), **values)
exec(compile(open({code!r}).read(), "<test>", "exec"), names)
json.dump(names["result"], open({result!r}, "w"))
"""


class GimpError(AssertionError):
    """Code inside GIMP raised, or GIMP failed."""


class Gimp:
    """One version of GIMP with a profile of its own; `work` is the same path inside and out."""

    def __init__(self, series: str, root: Path, work: Path) -> None:
        self.series = series
        self.root = root
        self.work = work
        self._configuration = work / "home/.config/GIMP" / series
        self._configuration.mkdir(parents=True, exist_ok=True)
        self.version = self._ask_version()
        (self._configuration / "gimprc").write_text(GIMPRC.format(version=self.version), "utf-8")

    def install(self, *plug_ins: Path) -> None:
        """Copy plug-ins into the profile: folders that hold an executable of the same name."""
        for folder in plug_ins:
            there = self._configuration / "plug-ins" / folder.name
            skipped = shutil.ignore_patterns("__pycache__")
            shutil.copytree(folder, there, dirs_exist_ok=True, ignore=skipped)
            (there / f"{folder.name}.py").chmod(0o755)

    def run(self, code: str, seconds: float = 120_000 * MS, **values: object) -> Any:
        """Start GIMP without a window, run code in it and give what it assigned to `result`.

        The code sees what GIMP's Python console does (Gimp, Gegl, Gio, …) and every value.

        Raises:
            GimpError: The code raised, or GIMP ended in another way.
        """
        files = {name: str(self.work / f"{name}.json") for name in ("values", "code", "result")}
        Path(files["result"]).unlink(missing_ok=True)
        Path(files["code"]).write_text(code, "utf-8")
        Path(files["values"]).write_text(json.dumps(values), "utf-8")
        log = self.work / "batch.log"
        log.unlink(missing_ok=True)
        options = ("-n", "-i", "-s", "-d", "-f", "-c", "--batch-interpreter", "python-fu-eval")
        process = self.start(
            ("gimp-console", *options, "-b", RUN.format(**files), "--quit"), log, os.environ
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise GimpError(f"GIMP took too long:\n{last_words(log)}") from None
        finally:
            end(process)
        if status != 0 or not Path(files["result"]).exists():
            raise GimpError(f"GIMP ended with status {status}:\n{last_words(log)}")
        return json.loads(Path(files["result"]).read_text("utf-8"))

    def start(
        self, command: tuple[str, ...], log: Path, environment: os._Environ[str] | dict[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a program in GIMP's Debian."""
        return start((str(IN_ROOT), str(self.root), str(self.work), *command), log, environment)

    def _ask_version(self) -> str:
        asked = ("chroot", str(self.root), "gimp-console", "--version")
        answer = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
        return answer[-1]


class GimpWindow:
    """A GIMP with a window that runs and does what it is told."""

    def __init__(self, screen: Screen, port: int) -> None:
        self.screen = screen
        self._port = port

    def run(self, code: str, **values: object) -> Any:
        """Run code inside GIMP and give what it assigned to `result`.

        Raises:
            GimpError: The code raised.
        """
        address = ("127.0.0.1", self._port)
        with socket.create_connection(address, 60_000 * MS) as peer, peer.makefile("rwb") as stream:
            stream.write(json.dumps({"code": code, "values": values}).encode() + b"\n")
            stream.flush()
            answer = json.loads(stream.readline())
        if answer["error"]:
            raise GimpError(answer["error"])
        return answer["result"]

    def wait_for(self, code: str, what: str, seconds: float = 20_000 * MS) -> Any:
        """Run code until its `result` is true."""
        return wait_for(lambda: self.run(code), seconds, what)


@contextmanager
def open_window(
    gimp: Gimp, *files: Path, variables: Mapping[str, str] = MappingProxyType({})
) -> Iterator[GimpWindow]:
    """GIMP with a window, for as long as the block runs, showing these files.

    Args:
        gimp: Which one.
        files: Pictures.
        variables: What its environment has besides; values without spaces.
    """
    gimp.install(CONTROL)
    port_file = gimp.work / "control.port"
    port_file.unlink(missing_ok=True)
    log = gimp.work / "gimp.log"
    with open_screen(gimp.work) as screen:
        inside = {"SCUMBLE_CONTROL_PORT_FILE": str(port_file), **variables}
        words = " ".join(f"{name}={value}" for name, value in inside.items())
        environment = screen.environment() | {"IN_ROOT_ENV": words}
        process = gimp.start(("gimp", "-n", "-s", *map(str, files)), log, environment)
        try:
            wait_for(port_file.is_file, 60_000 * MS, f"answer from GIMP:\n{last_words(log)}")
            window = GimpWindow(screen, int(port_file.read_text("utf-8")))
            opened = f"result = len(Gimp.get_images()) >= {len(files)}"
            window.wait_for(opened, "picture in GIMP", 60_000 * MS)
            yield window
        finally:
            end(process)
