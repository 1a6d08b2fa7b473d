"""What the server says of a prompt while it is written."""

from __future__ import annotations

from scumble_protocol.client import Connected, Disconnected
from scumble_protocol.editor.language import Language
from scumble_protocol.editor.prompt_words import PromptWords, measured_line
from scumble_protocol.editor.studio import Studio, StudioEvent
from scumble_protocol.errors import ErrorCode, PeerError
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    Device,
    Limits,
    Measured,
    Models,
    Names,
    Welcome,
)
from tests.editor.grey_canvas import Clerk

WELCOME = Connected(
    Welcome(PROTOCOL_VERSION, "1", Device("cpu", "", 0), (), (), Limits(prompt_chars=9), (), ())
)
NAMES = Names(("ink",), (), ())


def desk(*events: StudioEvent) -> tuple[PromptWords, Clerk]:
    clerk = Clerk()
    studio = Studio(clerk)
    words = PromptWords(studio)
    for event in events:
        clerk.events.append(event)  # type: ignore[arg-type]
        for told in studio.tick():
            words.take(told)
    return words, clerk


def test_a_prompt_is_asked_about_once() -> None:
    words, clerk = desk(WELCOME)
    for text in ("a cat", "a cat", "a dog"):
        words.ask(text, "starter")
    assert clerk.measured == [("a cat", "starter"), ("a dog", "starter")]


def test_only_the_answer_to_the_newest_question_counts() -> None:
    words, _ = desk(WELCOME)
    words.ask("a dog", "starter")
    told = []
    for answer in (Measured("a cat", "starter", 2, 1, 2), Measured("a dog", "starter", 3, 1, 3)):
        words.take(answer)
        told.append(words.measured)
    words.ask("", "starter")
    told.append(words.measured)
    assert told == [None, Measured("a dog", "starter", 3, 1, 3), None]


def test_what_was_asked_without_a_server_is_asked_when_there_is_one() -> None:
    words, clerk = desk()
    words.ask("a cat", "")
    assert clerk.measured == []
    words.take(WELCOME)
    assert clerk.measured == [("a cat", "")]
    words.take(Disconnected(PeerError(ErrorCode.DISCONNECTED, "Lost.", "Wait.")))


def test_a_prompt_longer_than_the_server_takes_is_not_measured() -> None:
    words, clerk = desk(WELCOME)
    words.ask("x" * 10, "")
    assert clerk.measured == []


def test_names_are_asked_for_whenever_models_may_have_changed() -> None:
    words, clerk = desk(WELCOME, Models(()), NAMES)
    assert clerk.asked_names == 2
    assert words.names == NAMES


def test_names_are_asked_for_again_while_one_writes() -> None:
    clerk, now = Clerk(WELCOME), 0.0
    studio = Studio(clerk)
    words = PromptWords(studio, clock=lambda: now)
    for event in studio.tick():
        words.take(event)
    asked = []
    for now in (1.0, 11.0, 12.0):
        words.ask(f"cat {now:g}", "")
        asked.append(clerk.asked_names)
    assert asked == [1, 2, 2]


def test_a_count_is_told_with_what_becomes_of_the_rest() -> None:
    tr = Language({}).tr
    line = measured_line(Measured("x", "", 12, 1, 12, room=75), tr)
    assert line == "12 of 75 tokens"
    line = measured_line(Measured("x", "", 90, 2, 90, room=150), tr)
    assert line == "90 of 150 tokens · Read in 2 portions."
    assert measured_line(Measured("x", "", 600, 1, 512, room=512), tr) == (
        "600 of 512 tokens · The model reads the first 512 and cuts the rest."
    )
    assert measured_line(Measured("x", "", 200, 1, 200), tr) == "200 tokens"
    wrong = ("There is no LoRA 'x'.", "There is no wildcard 'y'.")
    assert measured_line(Measured("x", "", 12, 1, 12, wrong, 75), tr) == (
        "12 of 75 tokens · There is no LoRA 'x'. · There is no wildcard 'y'."
    )
    assert measured_line(Measured("x", "", 0, 0, 0, wrong[:1]), tr) == "There is no LoRA 'x'."
