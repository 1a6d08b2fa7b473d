"""Everything that a procedure's dialog says is translated, though it is data and no call."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import scumble_gimp
from scumble_gimp.arguments import ARGUMENTS, Choice
from scumble_protocol.editor.language import FOLDER
from scumble_protocol.editor.names import SAMPLER_NAMES, SCHEDULE_NAMES

NAMES = {*SAMPLER_NAMES.values(), *SCHEDULE_NAMES.values()}
"""Proper names, the same in every language."""

PROCEDURES = Path(scumble_gimp.__file__).with_name("procedures.py")


def dialogs() -> Iterator[str]:
    for arguments in ARGUMENTS.values():
        yield from (fold.title for fold in arguments.folds)
        for argument in arguments.all:
            yield from (argument.label, argument.help)
            if isinstance(argument, Choice):
                yield from set(argument.options.values()) - NAMES


def menus() -> Iterator[str]:
    """Label, title and description of every procedure; the module itself needs GIMP."""
    for node in ast.walk(ast.parse(PROCEDURES.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Entry":
            for argument in node.args[1:4]:
                assert isinstance(argument, ast.Constant)
                yield str(argument.value)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_dialogs_and_menus_are_translated(file: Path) -> None:
    words = json.loads(file.read_text("utf-8"))
    said = {*dialogs(), *menus()}
    assert len(said) > 50
    assert sorted(said - set(words)) == []
