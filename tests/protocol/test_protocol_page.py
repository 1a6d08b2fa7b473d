from __future__ import annotations

import re

from docs import generate_protocol
from scumble_protocol.errors import ErrorCode
from scumble_protocol.lifecycle import JobState
from scumble_protocol.messages import MESSAGES, Limits

PAGE = generate_protocol.PAGE.read_text(encoding="utf-8")


def test_the_generated_parts_of_the_page_are_fresh() -> None:
    assert generate_protocol.render(PAGE) == PAGE, "run `python docs/generate_protocol.py`"


def test_a_stale_part_of_the_page_is_noticed() -> None:
    stale = PAGE.replace("| **waiting** | waiting |", "| **waiting** | running |")
    assert stale != PAGE
    assert generate_protocol.render(stale) == PAGE


def test_the_page_names_everything() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert {message.type for message in MESSAGES} <= named
    assert {code.value for code in ErrorCode} <= named
    assert set(vars(Limits())) <= named
    for state in JobState:
        assert re.search(rf"^    {state.value} --> ", PAGE, re.MULTILINE)


def test_the_links_within_the_page_lead_somewhere() -> None:
    titles = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    links = set(re.findall(r"\]\(#([^)]+)\)", PAGE))
    assert links
    assert links <= anchors
