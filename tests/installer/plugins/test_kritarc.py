"""Krita's settings change in one line, and come back byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_installer.plugins.kritarc import enable, is_enabled, resource_folder, restore

PLUGIN = "scumble_krita"
ON = b"enable_scumble_krita=true\n"
OFF = b"enable_scumble_krita=false\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"[python]\n" + ON),
        (b"a=1", b"a=1\n\n[python]\n" + ON),
        (b"[General]\na=1\n\n", b"[General]\na=1\n\n[python]\n" + ON),
        (b"[python]\nb=2\n\n[z]\nc=3\n", b"[python]\nb=2\n" + ON + b"\n[z]\nc=3\n"),
        (b"[python]", b"[python]\n" + ON),
        (b"[python]\r\nb=2\r\n", b"[python]\r\nb=2\r\nenable_scumble_krita=true\r\n"),
        (b"[python]\nenable_scumble_krita=false\nb=2\n", b"[python]\n" + ON + b"b=2\n"),
        (b"[python]\n enable_scumble_krita = no\n", b"[python]\n" + ON),
        (b"[python][x]\nb=2\n", b"[python][x]\nb=2\n\n[python]\n" + ON),
        (b"\xff\xfe=1\n[python]\nb=\xff\n", b"\xff\xfe=1\n[python]\nb=\xff\n" + ON),
        (b"[python]\n# " + OFF, b"[python]\n# " + OFF + ON),
        (b"[General]\n" + ON, b"[General]\n" + ON + b"\n[python]\n" + ON),
    ],
)  # fmt: skip
def test_plugin_is_enabled_and_nothing_else_changes(before: bytes, after: bytes) -> None:
    assert enable(before, PLUGIN) == after
    assert is_enabled(after, PLUGIN)


@pytest.mark.parametrize("value", [b"true", b"on", b"1", b"YES"])
def test_enabled_plugin_is_left_as_it_is(value: bytes) -> None:
    settings = b"[python]\nenable_scumble_krita=" + value
    assert enable(settings, PLUGIN) == settings


def test_nothing_said_is_neither_on_nor_off() -> None:
    assert is_enabled(b"[python]\nenable_other=true\n", PLUGIN) is None
    assert is_enabled(b"[python]\nenable_scumble_krita=false\n", PLUGIN) is False


def test_last_of_several_values_counts() -> None:
    twice = b"[python]\nenable_scumble_krita=true\n[a]\n[python]\nenable_scumble_krita=false\n"
    assert is_enabled(twice, PLUGIN) is False
    assert is_enabled(enable(twice, PLUGIN), PLUGIN)


LINES = st.sampled_from(
    [
        b"", b"a=1", b"[python]", b"[General]", b"enable_other=true", b"# a word", b"[a][b]",
        b"enable_scumble_krita=false", b"enable_scumble_krita=true", b"  ", b"=", b"[", b"\xff=2",
    ]
)  # fmt: skip
SETTINGS = st.builds(
    lambda lines, end, ended: end.join(lines) + (end if ended else b""),
    st.lists(LINES, max_size=12),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
)


@given(SETTINGS)
def test_any_settings_come_back_byte_for_byte(settings: bytes) -> None:
    enabled = enable(settings, PLUGIN)
    assert is_enabled(enabled, PLUGIN)
    assert restore(enabled, settings, PLUGIN) == settings


@given(SETTINGS)
def test_enabling_adds_at_most_a_group_and_drops_no_other_line(settings: bytes) -> None:
    def others(text: bytes) -> list[bytes]:
        return [line for line in text.splitlines() if b"scumble" not in line]

    added = others(enable(settings, PLUGIN))
    for line in others(settings):
        added.remove(line)
    assert added in ([], [b"[python]"], [b"", b"[python]"])


def test_settings_that_krita_wrote_anew_lose_our_line_alone() -> None:
    before = b"[General]\na=1\n"
    now = b"[General]\na=2\n\n[other]\nb=3\n\n[python]\n" + ON
    assert restore(now, before, PLUGIN) == b"[General]\na=2\n\n[other]\nb=3\n\n"


def test_group_that_holds_more_stays() -> None:
    now = b"[python]\nenable_other=true\n" + ON + b"[z]\n"
    assert restore(now, b"", PLUGIN) == b"[python]\nenable_other=true\n[z]\n"


def test_group_that_was_there_before_stays() -> None:
    assert restore(b"x=1\n[python]\n" + ON, b"[python]\n", PLUGIN) == b"x=1\n[python]\n"


def test_plugin_that_was_off_before_is_off_again() -> None:
    before = b"[python]\nenable_scumble_krita=false\n"
    now = b"a=1\n[python]\n" + ON
    assert restore(now, before, PLUGIN) == b"a=1\n[python]\nenable_scumble_krita=false\n"


def test_file_that_was_not_there_before_is_empty_again() -> None:
    assert restore(enable(b"", PLUGIN), None, PLUGIN) == b""


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        (b"ResourceDirectory=/art/krita\n[General]\n", "/art/krita"),
        (b"ResourceDirectory=\n", None),
        (b"[General]\nResourceDirectory=/art\n", None),
        (b"", None),
    ],
)
def test_chosen_resource_folder_is_read(settings: bytes, folder: str | None) -> None:
    assert resource_folder(settings) == folder
