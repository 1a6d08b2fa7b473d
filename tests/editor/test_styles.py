"""Styles put words around a prompt, come from files, and say what is wrong with one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.styles import HERE, SHIPPED, Style, Styles, read_style
from scumble_protocol.errors import RequestError


def save(folder: Path, name: str, **values: object) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(values), "utf-8")
    return path


@pytest.mark.parametrize(
    ("style", "said", "becomes"),
    [
        ("{prompt}, in oil", "a fox", "a fox, in oil"),
        ("sketch of {prompt}", " a fox ", "sketch of a fox"),
        ("{prompt}, in oil", "", "in oil"),
        ("in oil", "a fox", "a fox, in oil"),
        ("in oil", "", "in oil"),
        ("", "a fox", "a fox"),
        (HERE, "a fox", "a fox"),
        ("{prompt} and {prompt}", "x", "x and x"),
        ("{red|blue} {prompt}", "{a|b}", "{red|blue} {a|b}"),
    ],
)
def test_words_go_around_the_prompt(style: str, said: str, becomes: str) -> None:
    settings = Settings(prompt=said, negative=said)
    applied = Style("oil", "Oil", prompt=style, negative=style).applied(settings)
    assert (applied.prompt, applied.negative) == (becomes, becomes)


def test_a_style_sets_what_it_names_and_leaves_the_rest() -> None:
    settings = Settings(model="a", steps=7, cfg=2.0, strength=0.3)
    assert Style("x", "X").applied(settings) == settings
    style = Style("x", "X", model="b", sampler=Sampler.LCM, steps=4, cfg=1.5)
    applied = style.applied(settings)
    assert (applied.model, applied.sampler, applied.steps, applied.cfg) == (
        "b",
        Sampler.LCM,
        4,
        1.5,
    )
    assert applied.strength == 0.3


def test_every_style_that_comes_with_scumble_can_be_used() -> None:
    styles = Styles.read(SHIPPED)
    assert len(styles.usable) >= 12
    assert not styles.broken
    for style in styles.usable.values():
        assert HERE in style.prompt
        assert HERE in style.negative
        assert style.title != style.name
        # What suits a model is known to the model.
        assert (style.model, style.sampler, style.steps, style.cfg) == ("", None, None, None)


def test_a_file_of_the_user_s_own_takes_the_place_of_one_with_its_name(tmp_path: Path) -> None:
    save(tmp_path, "comic", title="Mine", prompt="{prompt}!")
    save(tmp_path, "other")
    styles = Styles.read(SHIPPED, tmp_path, tmp_path / "missing")
    assert styles.get("comic").title == "Mine"
    assert styles.get("other") == Style("other", "other")
    assert list(styles.usable) == sorted(styles.usable)


def test_all_that_a_file_can_say_is_read(tmp_path: Path) -> None:
    path = save(
        tmp_path, "fast", title="Fast", prompt="p", negative="n", model="m", sampler="lcm",
        schedule="beta", steps=4, cfg=1,
    )  # fmt: skip
    assert read_style(path) == Style(
        "fast", "Fast", "p", "n", "m", Sampler.LCM, Schedule.BETA, 4, 1
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "Expecting value"),
        ("[]", "no JSON object"),
        ('{"promt": "x"}', "'promt', which is none of title, prompt"),
        ('{"steps": "4"}', "steps is '4'"),
        ('{"steps": true}', "steps is True"),
        ('{"steps": 0}', "number of steps is 0"),
        ('{"cfg": 31}', "CFG is 31"),
        ('{"cfg": NaN}', "CFG is nan"),
        ('{"sampler": "best"}', "'best'"),
        ('{"title": null}', "title is None"),
    ],
)
def test_a_file_that_is_no_style_is_said_and_the_others_can_be_used(
    content: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text(content, "utf-8")
    save(tmp_path, "good")
    styles = Styles.read(tmp_path)
    assert list(styles.usable) == ["good"]
    with pytest.raises(RequestError, match=said) as raised:
        styles.get("bad")
    assert str(tmp_path / "bad.json") in raised.value.message


def test_an_unknown_style_is_told_with_the_nearest() -> None:
    with pytest.raises(RequestError, match="no style 'comics'") as raised:
        Styles.read(SHIPPED).get("comics")
    assert raised.value.hint == "Did you mean comic?"


def test_a_style_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(RequestError, match=r"folder.*can't be read"):
        read_style(tmp_path / "folder.json")
