"""Names that are proposed while a prompt is written."""

from __future__ import annotations

import pytest

from scumble_protocol.editor.completion import MOST, Completion, completion
from scumble_protocol.messages import Names

NAMES = Names(("Ink", "pink", "oil"), ("wood",), ("animal", "colour"))


@pytest.mark.parametrize(
    ("before", "begun", "options"),
    [
        ("a cat <lora:", 6, {name: f"<lora:{name}:1>" for name in ("Ink", "pink", "oil")}),
        ("<lora:in", 8, {"Ink": "<lora:Ink:1>", "pink": "<lora:pink:1>"}),
        ("<LORA:oi", 8, {"oil": "<lora:oil:1>"}),
        ("a __", 2, {"animal": "__animal__", "colour": "__colour__"}),
        ("__col", 5, {"colour": "__colour__"}),
    ],
)
def test_what_begins_a_name_is_completed(before: str, begun: int, options: dict[str, str]) -> None:
    assert completion(before, NAMES) == Completion(begun, options)


@pytest.mark.parametrize(
    "before", ["", "a cat", "<lora:oil:", "<lora:oil:1> ", "<lora:xyz", "__x", "a_b", "___"]
)
def test_nothing_is_proposed_elsewhere(before: str) -> None:
    assert completion(before, NAMES) is None


def test_nothing_is_proposed_before_names_are_known() -> None:
    assert completion("<lora:", None) is None


def test_only_so_many_are_proposed_as_help() -> None:
    many = Names(tuple(f"name{number}" for number in range(99)), (), ())
    proposed = completion("<lora:", many)
    assert proposed is not None
    assert len(proposed.options) == MOST
