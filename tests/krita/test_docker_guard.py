"""Nothing that goes wrong in the plugin reaches Krita, whose dialog would stop the painter."""

from __future__ import annotations

import re
from pathlib import Path

from tests.krita.conftest import QtProcess

PLUGIN = Path(__file__).resolve().parents[2] / "krita_plugin/scumble_krita"

TOOLS = """
import logging
from scumble_krita.guard import Guard
from scumble_krita._vendor.scumble_protocol.errors import ErrorCode, RequestError

told, logged = [], []


class Keep(logging.Handler):
    def emit(self, record):
        logged.append(record)


logging.getLogger("scumble_krita").addHandler(Keep())
guard = Guard(told.append)
"""


def test_an_error_for_painters_is_told_as_it_is(qt: QtProcess) -> None:
    qt.run(TOOLS)
    qt.run("def fail(): raise RequestError(ErrorCode.EMPTY_SELECTION, 'Nothing is selected.')")
    assert qt.ask("guard(fail)()") is None
    assert qt.ask("[str(error) for error in told]") == ["Nothing is selected."]
    assert qt.ask("len(logged)") == 0


def test_a_defect_is_told_and_logged_with_its_trace(qt: QtProcess) -> None:
    qt.run(TOOLS)
    qt.run("guard(lambda: 1 / 0)()")
    assert "ZeroDivisionError" in qt.ask("str(told[0])")
    assert qt.ask("logged[0].exc_info[0].__name__") == "ZeroDivisionError"


def test_what_is_called_gets_its_arguments(qt: QtProcess) -> None:
    qt.run(TOOLS + "\ngot = []\nguard(lambda a, b: got.append([a, b]))(1, 2)")
    assert qt.ask("got") == [[1, 2]]


def test_only_one_module_imports_qt() -> None:
    importing = {
        file.name
        for file in PLUGIN.glob("*.py")
        if re.search(r"^\s*(from|import) PyQt", file.read_text("utf-8"), re.MULTILINE)
    }
    assert importing == {"qt.py"}


def test_only_the_light_has_colours_of_its_own() -> None:
    colored = {
        file.name
        for file in PLUGIN.glob("*.py")
        if re.search(r"\"#[0-9a-fA-F]{3,8}\"|GlobalColor\.(?!transparent)", file.read_text("utf-8"))
    }
    assert colored == {"light.py"}
