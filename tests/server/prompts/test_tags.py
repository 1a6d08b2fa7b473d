"""LoRA tags are taken out of a prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.errors import RequestError
from scumble_server.prompts.tags import LoraTag, take_tags


@pytest.mark.parametrize(
    ("prompt", "rest", "tags"),
    [
        ("an apple", "an apple", []),
        ("<lora:ink:0.8> an apple", " an apple", [LoraTag("ink", 0.8, 0.8)]),
        ("an apple<lora:ink>", "an apple", [LoraTag("ink", 1, 1)]),
        ("<lora:ink:1:0.5>", "", [LoraTag("ink", 1, 0.5)]),
        ("<LORA: my ink : -1 >", "", [LoraTag("my ink", -1, -1)]),
        ("<lora:a/b.v2:.5>,<lora:c>", ",", [LoraTag("a/b.v2", 0.5, 0.5), LoraTag("c", 1, 1)]),
        ("<lora:ink><lora:ink>", "", [LoraTag("ink"), LoraTag("ink")]),
        ("I <3 you > me <b>", "I <3 you > me <b>", []),
        ("a < b, <lora", "a < b, <lora", []),
    ],
)
def test_tags_are_read(prompt: str, rest: str, tags: list[LoraTag]) -> None:
    assert take_tags(prompt) == (rest, tuple(tags))


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("<lora:ink:much>", "'much'"),
        ("<lora:ink:1e9>", "'1e9'"),
        ("<lora:ink:nan>", "'nan'"),
        ("<lora:>", "not complete"),
        ("<lora:ink:1:1:1>", "not complete"),
        ("<hypernet:ink:1>", "hypernetwork"),
    ],
)
def test_a_tag_that_makes_no_sense_is_refused(prompt: str, said: str) -> None:
    with pytest.raises(RequestError, match=said) as raised:
        take_tags(f"an apple {prompt}")
    assert prompt in raised.value.message
    assert raised.value.hint


@given(st.text(st.sampled_from("<>lora:1.e- "), max_size=40))
def test_any_text_is_taken_or_refused(prompt: str) -> None:
    try:
        rest, _ = take_tags(prompt)
    except RequestError:
        return
    assert len(rest) <= len(prompt)
