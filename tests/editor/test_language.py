"""The panel speaks the painter's language."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import scumble_protocol.editor
from scumble_protocol.editor.language import FOLDER, Language

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    Path(scumble_protocol.editor.__file__).parent,
    ROOT / "krita_plugin",
    ROOT / "gimp_plugin",
)


def test_a_locale_chooses_the_language() -> None:
    assert Language.of("de_AT.UTF-8").tr("Cancelled.") == "Abgebrochen."
    assert Language.of("C").tr("Cancelled.") == "Cancelled."


def test_values_take_their_places() -> None:
    language = Language({"Sampling {step} of {of}": "{of}: {step}"})
    assert language.tr("Sampling {step} of {of}", step=3, of=12) == "12: 3"


def test_braces_in_a_sentence_without_values_are_kept() -> None:
    assert Language({}).tr("The prompt {x is wrong.") == "The prompt {x is wrong."


def spoken() -> Iterator[str]:
    """Every sentence that the editors' side translates."""
    for folder in SOURCES:
        for file in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in {"tr", "_tr"} and node.args:
                    yield from _texts(node.args[0])


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _texts(argument: ast.expr) -> Iterator[str]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_every_sentence_is_translated(file: Path) -> None:
    words = json.loads(file.read_text("utf-8"))
    assert sorted(set(spoken()) - set(words)) == []


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_translations_have_the_places_of_the_english_text(file: Path) -> None:
    def places(text: str) -> list[str]:
        return sorted(part.split("}")[0].split(":")[0] for part in text.split("{")[1:])

    words = json.loads(file.read_text("utf-8"))
    assert [text for text, other in words.items() if places(text) != places(other)] == []
