"""Controls, references and regions in the docker, and what a model can't do."""

from __future__ import annotations

import pytest

from tests.krita.conftest import QtProcess


@pytest.fixture(autouse=True)
def panel(qt: QtProcess) -> None:
    qt.run("open_panel(); guides = panel.form.guides; panel.form.show_layers(LAYERS)")
    qt.run("panel.form.guide_section.set_open(True); turn()")


def test_a_row_is_added_and_taken_away(qt: QtProcess) -> None:
    qt.run("find('guide_add').click(); find('guide_add').click(); turn()")
    assert qt.ask("len(panel.form.order().settings.controls)") == 2
    assert qt.ask("find('guides').text()") == "Guides (2)"
    qt.run("find('guide_remove_0').click(); turn()")
    assert not qt.ask("find('guide_kind_0').isVisible()")
    assert qt.ask("find('guides').text()") == "Guides (1)"
    qt.run("find('guide_remove_1').click(); turn()")
    assert qt.ask("panel.form.order().settings.controls == ()")


def test_a_row_is_calm_until_more_is_wanted(qt: QtProcess) -> None:
    qt.run("guides.add(); turn()")
    assert qt.ask("find('guide_weight_0').isVisible()")
    assert not qt.ask("find('guide_model_0').isVisible()")
    qt.run("find('guide_more_0').click(); turn()")
    assert qt.ask("find('guide_model_0').isVisible()")
    assert qt.ask("find('guide_end_0').isVisible()")


def test_choosing_a_kind_shows_its_fields(qt: QtProcess) -> None:
    qt.run("guides.add(); box = find('guide_kind_0')")
    qt.run("box.setCurrentIndex(box.findData('region')); box.activated.emit(box.currentIndex())")
    qt.run("turn()")
    assert qt.ask("find('guide_prompt_0').isVisible()")
    assert not qt.ask("find('guide_weight_0').isVisible()")
    assert not qt.ask("find('guide_more_0').isVisible()")


def test_layers_are_asked_for_when_the_list_drops_down(qt: QtProcess) -> None:
    qt.run("guides.add(); guides.layers_wanted.connect(lambda: heard.append('layers'))")
    qt.run("find('guide_layer_0').showPopup(); turn(); find('guide_layer_0').hidePopup()")
    assert qt.ask("heard") == ["layers"]


def test_a_group_of_layers_becomes_regions_by_their_names(qt: QtProcess) -> None:
    qt.run("guides.add(RegionLayer('regions', ''))")
    assert qt.ask("[region.prompt for region in panel.form.order().settings.regions]") == [
        "a stormy sea", "a blue sky",
    ]  # fmt: skip


def test_what_the_model_can_not_do_is_grey_and_says_why(qt: QtProcess) -> None:
    qt.run("guides.add(); panel.form.section.set_open(True)")
    qt.run(
        "able = dataclasses.replace(MODELS[0], abilities=('weights',))\n"
        "panel.show_view(view(models=(able,))); turn()"
    )
    for name in ("negative", "clip_skip", "cfg_rescale", "vae"):
        assert not qt.ask("find(name).isEnabled()", name=name)
        assert qt.ask("find(name).toolTip()", name=name) == "Quick can't do this."
    assert not qt.ask("find('guide_kind_0').model().item(0).isEnabled()")
    qt.run("panel.show_view(view()); turn()")
    assert qt.ask("find('clip_skip').isEnabled()")
    assert qt.ask("find('clip_skip').toolTip()") == "1 is as the model was made."


def test_nothing_is_wider_than_the_docker(qt: QtProcess) -> None:
    qt.run(
        "open_panel('de', width=300, height=900); panel.form.show_layers(LAYERS)\n"
        "panel.form.guides.add(); panel.form.guides.rows[0]._more.setChecked(True)\n"
        "panel.form.guide_section.set_open(True); panel.form.section.set_open(True); turn()"
    )
    assert qt.ask("panel.widget().width() <= panel.viewport().width()")
    assert qt.ask("panel.minimumSizeHint().width()") <= 300


def test_a_ratio_adds_what_the_picture_lacks(qt: QtProcess) -> None:
    qt.run("panel.form.fill(Order(mode=Mode.EXPAND)); panel.form.show_canvas(Size(100, 100))")
    qt.run("box = find('ratio'); box.setCurrentIndex(box.findData('16:9'))")
    qt.run("box.activated.emit(box.currentIndex())")
    assert qt.ask("panel.form.order().margins == Margins(39, 0, 39, 0)")


def test_an_automatic_rim_is_shown_as_such(qt: QtProcess) -> None:
    qt.run("find('grow').setValue(-1)")
    assert qt.ask("find('grow').text()") == "Automatic"
    assert qt.ask("panel.form.order().settings.grow is None")
    qt.run("find('grow').setValue(7)")
    assert qt.ask("panel.form.order().settings.grow") == 7


def test_refining_brings_the_model_back(qt: QtProcess) -> None:
    qt.run("panel.form.fill(Order(mode=Mode.UPSCALE)); turn()")
    assert not qt.ask("find('prompt').isVisible()")
    qt.run("find('refine').setValue(30); turn()")
    assert qt.ask("find('prompt').isVisible() and find('model').isVisible()")
    assert qt.ask("panel.form.order().refine") == 0.3


def test_the_mask_is_asked_for_where_the_server_can_show_it(qt: QtProcess) -> None:
    qt.run("panel.mask_wanted.connect(lambda: heard.append('mask'))")
    assert not qt.ask("find('mask').isEnabled()")
    qt.run("panel.show_view(view(can_show_mask=True)); find('mask').click()")
    assert qt.ask("heard") == ["mask"]
    qt.run("panel.show_view(view(can_show_mask=True, is_mask_shown=True))")
    assert qt.ask("find('mask').isChecked()")


def test_memory_is_told_below_the_model(qt: QtProcess) -> None:
    assert not qt.ask("find('memory').isVisible()")
    qt.run("panel.form.show_memory('About 7.1 of 8.0 GiB'); turn()")
    assert qt.ask("find('memory').isVisible()")
