"""Imports are found and led elsewhere wherever they stand, and nothing else changes."""

from __future__ import annotations

import ast

import pytest

from scumble_installer.errors import BundleError
from scumble_installer.plugins.imports import Import, find_imports, lead_into

TOPS = {"msgpack", "scumble_protocol"}


def led(source: str) -> str:
    return lead_into("p._v", TOPS, source.encode()).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import msgpack", "from p._v import msgpack"),
        ("import msgpack as m", "import p._v.msgpack as m"),
        ("import msgpack.ext", "import p._v.msgpack.ext as msgpack; from p._v import msgpack"),
        ("import msgpack.ext as e", "import p._v.msgpack.ext as e"),
        ("import os, msgpack, sys as s", "import os; from p._v import msgpack; import sys as s"),
        ("from msgpack import *", "from p._v.msgpack import *"),
        ("from msgpack.ext import Timestamp as T", "from p._v.msgpack.ext import Timestamp as T"),
        ("from\tmsgpack import (\n  a,  # why\n)", "from\tp._v.msgpack import (\n  a,  # why\n)"),
        ("from \\\n  msgpack import a", "from \\\n  p._v.msgpack import a"),
        ("import \\\n  msgpack\nx = 1", "from p._v import msgpack\nx = 1"),
        ("if True: import msgpack; x = 1", "if True: from p._v import msgpack; x = 1"),
        ("x = 'ä'; import msgpack; y = 2", "x = 'ä'; from p._v import msgpack; y = 2"),
        ("def f():\r\n\timport msgpack\r\n", "def f():\r\n\tfrom p._v import msgpack\r\n"),
        (
            "try:\n  import msgpack\nexcept E: ...",
            "try:\n  from p._v import msgpack\nexcept E: ...",
        ),
        ("\ufeffimport msgpack", "from p._v import msgpack"),
        ("\x0cimport msgpack\n", "\x0cfrom p._v import msgpack\n"),
    ],
)
def test_import_is_led_into_the_private_package(before: str, after: str) -> None:
    assert led(before) == after
    ast.parse(after)


@pytest.mark.parametrize(
    "source",
    [
        "import msgpacked, os.msgpack",
        "from . import msgpack",
        "from .msgpack import a",
        "from ..scumble_protocol.x import y",
        "from os import msgpack",
        "'''\nimport msgpack\n'''  # import msgpack",
        "importlib.import_module('msgpacked')",
        "importlib.import_module(name)",
        "print('msgpack')",
        "__import__(*names)",
    ],
)
def test_what_is_not_theirs_stays_byte_for_byte(source: str) -> None:
    assert led(source) == source


@pytest.mark.parametrize(
    "call", ["importlib.import_module('msgpack.ext')", "__import__('scumble_protocol')"]
)
def test_import_by_a_string_is_refused_with_its_line(call: str) -> None:
    with pytest.raises(BundleError, match="Line 3 imports"):
        led(f"import importlib\n\n{call}\n")


def test_every_import_is_found_wherever_it_stands() -> None:
    source = b"import a.b as c, d\ndef f():\n  from ..e import g, h\n  from . import i\n"
    assert set(find_imports(source)) == {
        Import("a.b"),
        Import("d"),
        Import("e", 2, ("g", "h")),
        Import("", 1, ("i",)),
    }


def test_imports_for_type_checkers_are_left_out_on_demand() -> None:
    source = (
        b"import typing\nif typing.TYPE_CHECKING:\n  import a\nelse:\n  import b\n"
        b"if not TYPE_CHECKING:\n  import c\nif TYPE_CHECKING:\n  def f():\n    import d\n"
    )
    tops = {found.top for found in find_imports(source, at_run_time=True)}
    assert tops == {"typing", "b", "c"}
    assert {found.top for found in find_imports(source)} == {"typing", "a", "b", "c", "d"}
