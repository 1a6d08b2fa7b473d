"""A painter at a real Krita: with mouse and keys, from the prompt to the layer and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.editors.hands import Point
from tests.end_to_end.krita_desk import KritaDesk, krita_desk, require_krita

pytestmark = pytest.mark.editor

QUICK = {"steps": 4}
SLOW = {"steps": 30}
"""Long enough to look at the preview, and to change one's mind."""


@pytest.fixture(scope="module")
def open_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KritaDesk]:
    require_krita()
    with krita_desk(tmp_path_factory.mktemp("by-hand")) as opened:
        yield opened


@pytest.fixture
def desk(open_desk: KritaDesk) -> KritaDesk:
    """With a picture of 512 pixels a side, and a selection with a soft edge."""
    open_desk.new_document(512, 512)
    open_desk.wait_until("bool(shown().models)", "connection")
    open_desk.krita.run("select(100, 120, 200, 160, 8)")
    return open_desk


def test_from_the_prompt_to_the_layer_and_back_and_forth(desk: KritaDesk) -> None:
    before = desk.merged()
    desk.set(**SLOW)
    desk.write_prompt("a red apple")
    strength = desk.place_of("scumble_strength")
    desk.hands.click(strength)
    desk.hands.press("End")
    assert desk.ask("docker().panel.form.order().settings.strength") == 1.0
    desk.click("scumble_run")
    desk.wait_until("shown().preview is not None", "preview")
    desk.wait_until("is_preview_shown()", "preview on the canvas")
    desk.photograph("preview")
    assert desk.ask("tree()") == [["Background", "paintlayer", []]], "the preview is no layer"
    assert desk.ask("shown().job.phase").startswith("Sampling")
    desk.finish()
    desk.photograph("done")
    assert not desk.ask("is_preview_shown()")
    (background, group) = desk.ask("tree()")
    assert background[0] == "Background"
    assert group[:2] == ["Scumble: a red apple", "grouplayer"]
    ((name, kind, masks),) = group[2]
    assert (name.startswith("Seed "), kind) == (True, "paintlayer")
    assert [mask[1] for mask in masks] == ["transparencymask"]
    assert len(desk.ask("history()")) == 2, "what was empty, and one step"
    made = desk.merged()
    assert made != before
    assert_undone_and_done_again(desk, before, made)


def assert_undone_and_done_again(desk: KritaDesk, before: bytes, made: bytes) -> None:
    """By the keys of the editor: everything is gone, and comes back."""
    desk.hands.press("ctrl+z")
    desk.wait_until("groups() == []", "undone result")
    assert desk.merged() == before
    desk.hands.press("ctrl+shift+z")
    desk.wait_until("len(groups()) == 1", "result done again")
    assert desk.merged() == made
    assert desk.ask("len(docker()._picture.variations())") == 1


def test_the_shortcut_does_what_the_button_does(desk: KritaDesk) -> None:
    desk.set(**QUICK, prompt="a banana")
    desk.hands.move(Point(600, 500))
    desk.hands.press("ctrl+alt+r")
    desk.finish()
    assert [node[0] for node in desk.ask("tree()")] == ["Background", "Scumble: a banana"]
    seeds = "[v.name for v in docker()._picture.variations()]"
    first = desk.ask(seeds)
    desk.hands.press("ctrl+alt+n")
    desk.finish(groups=2)
    assert len(set(desk.ask(seeds))) == 2, "again, from a new seed"
    assert desk.ask(seeds)[1:] == first


def test_the_menu_does_what_the_button_does(desk: KritaDesk) -> None:
    desk.set(**QUICK, prompt="a house")
    desk.hands.press("alt+t")
    desk.krita.run(MENU)
    desk.wait_until("shown_menu('Tools')", "menu")
    scripts = Point(*desk.ask("place_in('Tools', 'Scripts')"))
    desk.hands.click(scripts)
    desk.wait_until("shown_menu('Scripts')", "menu of the scripts")
    desk.hands.click(Point(*desk.ask("place_in('Scripts', 'Regenerate selection')")))
    desk.finish()
    assert [node[0] for node in desk.ask("tree()")] == ["Background", "Scumble: a house"]


MENU = """
from PyQt5.QtWidgets import QMenu


def menu(title):
    return next(
        menu for menu in window().findChildren(QMenu) if menu.title().replace("&", "") == title
    )


def shown_menu(title):
    return menu(title).isVisible()


def place_in(title, text):
    action = next(
        action for action in menu(title).actions() if action.text().replace("&", "") == text
    )
    place = menu(title).mapToGlobal(menu(title).actionGeometry(action).center())
    return [place.x(), place.y()]
"""


def test_a_running_job_is_cancelled(desk: KritaDesk) -> None:
    before = desk.merged()
    desk.set(steps=200, prompt="a tree")
    desk.click("scumble_run")
    desk.wait_until("shown().preview is not None", "preview")
    desk.click("scumble_cancel")
    desk.finish(groups=0)
    assert desk.ask("shown().status") == "Cancelled."
    assert not desk.ask("is_preview_shown()")
    assert desk.merged() == before
    assert len(desk.ask("history()")) == 1, "nothing happened to the picture"


def test_variations_are_shown_by_a_click_and_kept_by_two(desk: KritaDesk) -> None:
    desk.set(**QUICK, prompt="a fish", count=3)
    desk.click("scumble_run")
    desk.finish()
    desk.wait_until("widget('scumble_variations').count() == 3", "thumbnails")
    shown = "[v.is_visible for v in docker()._picture.variations()]"
    assert desk.ask(shown) == [True, False, False]
    desk.krita.run("docker().panel.ensureWidgetVisible(widget('scumble_variations'))")
    desk.hands.click(Point(*desk.ask("thumbnail_place(1)")))
    desk.wait_until(f"{shown} == [False, True, False]", "the second variation")
    desk.set(prompt="a bird", count=1)
    desk.krita.run("docker().panel.ensureWidgetVisible(widget('scumble_run'))")
    desk.click("scumble_run")
    desk.finish(groups=2)
    desk.wait_until("widget('scumble_variations').count() == 4", "thumbnails")
    desk.krita.run("docker().panel.ensureWidgetVisible(widget('scumble_variations'))")
    desk.hands.click(Point(*desk.ask("thumbnail_place(3)")), times=2)
    desk.wait_until(f"{shown} == [True, False, False, True]", "the third variation of the first")
    assert desk.ask("[group.visible() for group in groups()]") == [True, False], (
        "what lies over the same place is hidden"
    )
    assert len(desk.ask("history()")) == 3, "looking is no step"


def test_the_prompts_history_is_walked_with_the_arrow(desk: KritaDesk) -> None:
    for prompt in ("a carrot", "a cup of coffee"):
        desk.set(**QUICK)
        desk.write_prompt(prompt)
        desk.hands.press("ctrl+Return")
        desk.finish(groups=1 if prompt == "a carrot" else 2)
    desk.click("scumble_prompt")
    desk.hands.press("ctrl+Home", "Up")
    desk.wait_until("docker().panel.form.prompt.text() == 'a carrot'", "the prompt before")


def test_two_documents_keep_their_own_jobs(desk: KritaDesk) -> None:
    desk.set(**SLOW, prompt="a rocket")
    desk.click("scumble_run")
    desk.wait_until("shown().job is not None and shown().preview is not None", "running job")
    desk.krita.run("first = doc(); second = new(300, 200)")
    desk.wait_until(
        "doc() != first and doc().activeNode() is not None and docker()._picture is not None "
        "and docker()._picture.bounds().width == 300",
        "second document",
    )
    assert desk.ask("shown().job") is None
    assert not desk.ask("is_preview_shown()")
    desk.krita.run("select(20, 20, 100, 100)")
    desk.set(**QUICK, prompt="a star")
    desk.click("scumble_run")
    desk.finish()
    assert [node[0] for node in desk.ask("tree()")] == ["Background", "Scumble: a star"]
    desk.wait_until(
        "'Scumble: a rocket' in [node.name() for node in first.topLevelNodes()]",
        "result in the document that is not active",
    )
