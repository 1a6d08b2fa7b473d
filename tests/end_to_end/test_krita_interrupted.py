"""What happens in a real Krita when something comes between a result and its document."""

from __future__ import annotations

import pytest

from tests.end_to_end.krita_pictures import PictureInKrita, encode, plain

pytestmark = pytest.mark.editor


def test_closing_the_document_in_the_middle_is_told(picture: PictureInKrita) -> None:
    picture.open(512, 512)
    rect = [0, 0, 512, 512]
    layer = plain((0, 0, 512, 512), [255, 0, 0, 255])
    layers = [[encode(each) for each in layer]]
    picture.krita.run(
        "doing = Doing(work := picture.insert(group_of(picture, rect, layers)), portions=5)",
        rect=rect,
        layers=layers,
    )
    picture.krita.wait_for("result = doing.is_done", "five portions")
    picture.krita.run("document.setModified(False)\ndocument.close()")
    assert (
        picture.do("work")
        == "This picture is not open any more. Open it again, and choose where the result goes."
    )
    assert not picture.ask("picture.is_open()")
    rect_of = "Rect(0, 0, 8, 8)"
    calls = [
        "key()", "title()", "bounds()", "depth()", "selection()", "variations()",
        "expand(Margins(1))",
        f"read({rect_of}, Source.VISIBLE)", f"read_mask({rect_of})",
        "show(None)", "keep(None)", "thumbnail(None, 9)",
        "insert(None).__next__()", "enlarge(Size(9, 9), None).__next__()",
    ]  # fmt: skip
    for call in calls:
        assert "not open" in picture.ask(f"refusal(lambda: picture.{call})"), call


def test_undoing_in_the_middle_is_told_and_redo_brings_all_of_it(picture: PictureInKrita) -> None:
    picture.open(512, 512)
    layers = [[encode(each) for each in plain((0, 0, 512, 512), [255, 0, 0, 255])]]
    picture.krita.run(
        "doing = Doing(work := picture.insert(group_of(picture, rect, layers)), portions=5)",
        rect=[0, 0, 512, 512],
        layers=layers,
    )
    picture.krita.wait_for("result = doing.is_done", "five portions")
    picture.undo()
    assert "undone while it was put" in picture.do("work")
    assert picture.ask("tree(document.rootNode())") == ["Background"]
    picture.redo()
    assert picture.ask("len(picture.variations())") == 1
    assert (picture.read((0, 0, 512, 512)) == [255, 0, 0, 255]).all()


def test_work_that_is_given_up_leaves_nothing_behind(picture: PictureInKrita) -> None:
    picture.open(512, 512)
    layers = [[encode(each) for each in plain((0, 0, 512, 512), [255, 0, 0, 255])]]
    before = picture.merged()
    picture.krita.run(
        "doing = Doing(work := picture.insert(group_of(picture, rect, layers)), portions=5)",
        rect=[0, 0, 512, 512],
        layers=layers,
    )
    picture.krita.wait_for("result = doing.is_done", "five portions")
    picture.krita.run("work.close()")
    assert picture.ask("tree(document.rootNode())") == ["Background"]
    assert picture.merged() == before
    assert picture.ask("picture.variations()") == []
