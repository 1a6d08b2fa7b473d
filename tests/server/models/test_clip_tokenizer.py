"""CLIP's vocabulary, made again from its merges."""

from __future__ import annotations

import pytest

from scumble_server.models.clip.tokenizer import clip_tokenizer, read_merges, vocabulary

START, END = 49406, 49407


def test_the_vocabulary_has_the_size_that_every_checkpoint_has() -> None:
    merges = read_merges()
    assert len(merges) == 48_894
    assert len(vocabulary(merges)) == 49_408


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        # Known from OpenAI's own documentation and tests of CLIP.
        ("a photo of a cat", [320, 1125, 539, 320, 2368]),
        ("a diagram", [320, 22697]),
        ("a dog", [320, 1929]),
        ("Hello world!", [3306, 1002, 256]),
    ],
)
def test_words_have_the_numbers_that_the_text_encoders_know(text: str, tokens: list[int]) -> None:
    assert clip_tokenizer()(text).input_ids == [START, *tokens, END]


def test_short_prompts_are_filled_with_the_chosen_token() -> None:
    filled = clip_tokenizer(pad="!")("a dog", padding="max_length").input_ids
    assert filled == [START, 320, 1929, END] + [0] * 73


def test_long_prompts_are_cut_to_what_the_text_encoders_read() -> None:
    assert len(clip_tokenizer()("dog " * 200, truncation=True).input_ids) == 77
