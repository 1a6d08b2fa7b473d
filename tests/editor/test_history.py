"""The arrow keys bring earlier prompts back, and lose nothing that was written."""

from __future__ import annotations

from scumble_protocol.editor.history import PromptHistory


def history(*prompts: str) -> PromptHistory:
    walked = PromptHistory()
    walked.used(prompts)
    return walked


def test_up_goes_back_to_the_oldest_and_no_further() -> None:
    walked = history("new", "old")
    assert walked.older("draft") == "new"
    assert walked.older("new") == "old"
    assert walked.older("old") is None


def test_down_comes_back_to_what_was_being_written() -> None:
    walked = history("new", "old")
    walked.older("draft")
    walked.older("new")
    assert walked.newer("old") == "new"
    assert walked.newer("new") == "draft"
    assert walked.newer("draft") is None


def test_what_was_just_used_is_not_offered_again() -> None:
    assert history("new", "old").older(" new\n") == "old"
    assert history("new").older("new") is None


def test_after_a_use_the_walk_begins_anew() -> None:
    walked = history("new", "old")
    walked.older("draft")
    walked.used(("newest", "new", "old"))
    assert walked.older("something else") == "newest"


def test_nothing_was_ever_used() -> None:
    assert history().older("draft") is None
    assert history().newer("draft") is None
