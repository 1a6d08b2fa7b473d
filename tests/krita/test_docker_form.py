"""What a painter sets becomes an order, and an order shows what was set."""

from __future__ import annotations

import pytest

from tests.krita.conftest import QtProcess

ORDER = """Order(
    mode=Mode.EXPAND,
    settings=Settings(
        model="quick", prompt="a cat", negative="blur", strength=0.35, sampler=Sampler.HEUN,
        steps=7, cfg=3.5, seed=12345678901234567890 % 2**62, count=4, grow=9, feather=3,
        padding=64, match_color=False, content=MaskedContent.NOISE, source=Source.ACTIVE_LAYER,
        schedule=Schedule.BETA, area=Area.WHOLE, full_steps=True, passes=(0.4, 0.25), batch=2,
        clip_skip=2, cfg_rescale=0.75, invert=True, hires=0.25, target=Size(300, 200),
        resize=ResizeMode.CROP, only_faces=True, vae="vae",
        controls=(ControlLayer(
            ControlKind.DEPTH, "sketch", False, "depth", weight=0.55, start=0.25, end=0.75,
            show=True,
        ),),
        references=(ReferenceLayer(ReferenceKind.STYLE),),
        regions=(RegionLayer("sky", "a dog"), RegionLayer("sea", "a bird")),
    ),
    scale=2.5, upscaler="lanczos", margins=Margins(1, 2, 3, 4), style="comic", refine=0.25,
    second="lanczos", blend=0.75,
)"""


@pytest.fixture(autouse=True)
def panel(qt: QtProcess) -> None:
    qt.run("open_panel()")


def test_an_order_that_was_shown_comes_back_the_same(qt: QtProcess) -> None:
    qt.run(f"order = {ORDER}; panel.form.show_layers(LAYERS); panel.form.fill(order)")
    assert qt.ask("panel.form.order() == order")


def test_an_order_can_be_asked_for_in_another_mode(qt: QtProcess) -> None:
    qt.run(f"panel.form.show_layers(LAYERS); panel.form.fill({ORDER})")
    assert qt.ask("panel.form.order(Mode.UPSCALE).mode.value") == "upscale"
    assert qt.ask("panel.form.order(Mode.FILL).settings.prompt") == "a cat"


def test_a_hidden_prompt_is_not_sent(qt: QtProcess) -> None:
    qt.run(
        f"panel.form.show_layers(LAYERS)\n"
        f"panel.form.fill(dataclasses.replace({ORDER}, mode=Mode.REMOVE)); turn()"
    )
    assert not qt.ask("panel.form.prompt.isVisible()")
    assert qt.ask("panel.form.order().settings.prompt") == ""


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        ("REGENERATE", {"prompt", "strength", "count", "seed", "model"}),
        ("FILL", {"prompt", "count", "seed", "model"}),
        ("REMOVE", {"refine"}),
        ("EXPAND", {"prompt", "margin_left", "count", "seed", "model"}),
        ("UPSCALE", {"scale", "upscaler", "refine"}),
        ("SKETCH", {"prompt", "count", "seed", "model"}),
    ],
)
def test_each_mode_shows_what_it_uses(qt: QtProcess, mode: str, shown: set[str]) -> None:
    qt.run(f"panel.form.fill(Order(mode=Mode.{mode})); turn()")
    names = [
        "prompt", "strength", "refine", "margin_left", "scale", "upscaler", "count", "seed",
        "model",
    ]  # fmt: skip
    assert {name for name in names if qt.ask("find(name).isVisible()", name=name)} == shown


def test_a_mode_that_is_not_offered_is_grey_and_says_why(qt: QtProcess) -> None:
    qt.run(
        "reasons = dict.fromkeys(Mode, '') | {Mode.SKETCH: 'Not yet.'}\n"
        "panel.show_view(view(modes=reasons)); panel.form.fill(Order(mode=Mode.SKETCH))"
    )
    item = "find('mode').model().item(list(Mode).index(Mode.SKETCH))"
    assert not qt.ask(f"{item}.isEnabled()")
    assert qt.ask(f"{item}.toolTip()") == "Not yet."
    assert not qt.ask("find('run').isEnabled()")
    assert qt.ask("find('run').toolTip()") == "Not yet."


def test_without_a_server_the_button_tells_of_the_server(qt: QtProcess) -> None:
    qt.run(
        "panel.show_view(view(light=Light.OFF, light_text='No server.', models=(),"
        " modes=dict.fromkeys(Mode, 'Not yet.')))"
    )
    assert qt.ask("find('run').toolTip()") == "No server."
    assert qt.ask("find('mode').model().item(0).isEnabled()")


def test_the_first_model_brings_what_it_recommends(qt: QtProcess) -> None:
    assert qt.ask("panel.form.order().settings.model") == "quick"
    assert qt.ask("panel.form.order().settings.steps") == 31
    assert qt.ask("panel.form.order().settings.sampler.value") == "euler"


def test_choosing_a_model_brings_what_it_recommends(qt: QtProcess) -> None:
    qt.run("box = find('model'); box.setCurrentIndex(1); box.activated.emit(1)")
    assert qt.ask("panel.form.order().settings.steps") == 44
    assert qt.ask("panel.form.order().settings.sampler.value") == "heun"


def test_remembered_settings_stay_when_their_model_is_found(qt: QtProcess) -> None:
    qt.run(
        "panel = PanelWidget(Language({}).tr)\n"
        "panel.form.fill(Order(settings=Settings(model='quick', steps=7)))\n"
        "panel.show_view(view())"
    )
    assert qt.ask("panel.form.order().settings.steps") == 7


def test_a_remembered_model_waits_for_its_server(qt: QtProcess) -> None:
    qt.run(
        "panel = PanelWidget(Language({}).tr)\n"
        "panel.form.fill(Order(settings=Settings(model=MODELS[1].id)))\n"
        "panel.show_view(view(light=Light.OFF, models=()))"
    )
    assert qt.ask("panel.form.order().settings.model == MODELS[1].id")
    qt.run("panel.show_view(view())")
    assert qt.ask("find('model').currentIndex()") == 1


def test_slider_and_number_follow_each_other(qt: QtProcess) -> None:
    qt.run("find('strength').setValue(35)")
    assert qt.ask("find('strength_number').value()") == 35
    qt.run("find('strength_number').setValue(70)")
    assert qt.ask("find('strength').value()") == 70
    assert qt.ask("panel.form.order().settings.strength") == 0.7


@pytest.mark.parametrize("name", ["strength", "strength_number", "model", "mode", "count"])
def test_scrolling_over_a_setting_does_not_change_it(qt: QtProcess, name: str) -> None:
    qt.run(
        "find('prompt').setFocus(); before = panel.form.order(); turn_wheel(find(name))", name=name
    )
    assert qt.ask("panel.form.order() == before")


def test_the_open_lock_means_a_new_seed_each_time(qt: QtProcess) -> None:
    assert qt.ask("panel.form.order().settings.seed") is None
    assert not qt.ask("find('seed_lock').isChecked()")


def test_a_written_seed_is_kept_and_the_lock_lets_it_go(qt: QtProcess) -> None:
    qt.run("find('seed').setText('77')")
    assert qt.ask("panel.form.order().settings.seed") == 77
    assert qt.ask("find('seed_lock').isChecked()")
    qt.run("find('seed_lock').click()")
    assert qt.ask("panel.form.order().settings.seed") is None


def test_the_lock_keeps_the_seed_that_was_used_last(qt: QtProcess) -> None:
    qt.run("panel.form.seed.show_last(4711)")
    assert "4711" in qt.ask("find('seed').placeholderText()")
    qt.run("find('seed_lock').click()")
    assert qt.ask("panel.form.order().settings.seed") == 4711


def test_the_dice_give_a_seed_that_stays(qt: QtProcess) -> None:
    qt.run("find('seed_dice').click(); first = panel.form.order().settings.seed")
    assert qt.ask("first is not None and panel.form.order().settings.seed == first")
    qt.run("find('seed_dice').click()")
    assert qt.ask("panel.form.order().settings.seed != first")


def test_a_seed_beyond_the_largest_becomes_the_largest(qt: QtProcess) -> None:
    qt.run("find('seed').setText('9' * 19)")
    assert qt.ask("panel.form.order().settings.seed") == 2**63 - 1
