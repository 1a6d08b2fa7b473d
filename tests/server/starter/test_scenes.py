"""The starter's training pictures and their captions: the same for the same seed, and true."""

from __future__ import annotations

import numpy as np
import pytest

from starter import noise
from starter.captions import GROUND_PHRASES, SKY_PHRASES, caption, random_facts, with_article
from starter.objects import THINGS, DrawnSprites, mean_hue, turn_hue
from starter.scenes import COLOURS, GROUNDS, HUES, NO_THING, SKIES, Facts, Painter, Placing, put

SIDE = 48


@pytest.fixture
def painter() -> Painter:
    return Painter(DrawnSprites(), SIDE)


def test_the_same_seed_paints_the_same_scene(painter: Painter) -> None:
    again = Painter(DrawnSprites(), SIDE)
    for seed in range(12):
        one, other = painter.scene(seed), again.scene(seed)
        assert np.array_equal(one.pixels, other.pixels)
        assert one.facts == other.facts


def test_the_order_of_painting_does_not_matter(painter: Painter) -> None:
    forwards = [painter.scene(seed).pixels for seed in range(6)]
    backwards = [painter.scene(seed).pixels for seed in reversed(range(6))]
    assert np.array_equal(forwards, backwards[::-1])


def test_other_seeds_paint_other_scenes(painter: Painter) -> None:
    pictures = {painter.scene(seed).pixels.tobytes() for seed in range(30)}
    assert len(pictures) == 30


def test_a_named_thing_is_what_the_facts_tell(painter: Painter) -> None:
    for number in range(len(THINGS)):
        assert painter.scene(1, thing=number).facts.thing == number


def test_every_kind_of_backdrop_comes_up(painter: Painter) -> None:
    kinds = {painter.scene(seed).facts.pattern for seed in range(250)}
    two_coloured = {"gradient", "cloudy", "striped", "checkered"}
    assert kinds == {"", "plain", "surface", "landscape"} | two_coloured


def test_a_plain_backdrop_has_the_colour_that_its_facts_tell(painter: Painter) -> None:
    scenes = [painter.scene(seed) for seed in range(60)]
    plain = [scene for scene in scenes if scene.facts.pattern == "plain"]
    assert plain
    for scene in plain:
        rim = np.concatenate([scene.pixels[0], scene.pixels[-1]])
        distance = np.abs(np.median(rim, axis=0) - COLOURS[scene.facts.first]).max()
        assert distance < 60


def test_a_shadow_stays_below_and_never_wraps_to_the_top() -> None:
    ground = np.full((SIDE, SIDE, 3), 200, np.float32)
    sprite = DrawnSprites().other("0")
    low = put(ground, sprite, Placing(scale=0.4, x=0.5, y=0.85), shadow=0.4)
    assert np.abs(low[: SIDE // 4] - 200).max() < 1


def test_clutter_has_the_painter_s_size(painter: Painter) -> None:
    for seed in range(8):
        clutter = painter.clutter(seed)
        assert clutter.shape == (SIDE, SIDE, 3)
        assert clutter.dtype == np.uint8


def test_dead_leaves_cover_the_whole_picture() -> None:
    leaves = noise.dead_leaves(np.random.default_rng(1), SIDE)
    assert leaves.min() >= 0
    assert leaves.max() <= 255
    assert leaves.std() > 10


@pytest.mark.parametrize("colour", HUES)
def test_turning_the_hue_gives_the_colour_that_was_asked_for(colour: str) -> None:
    sprite = DrawnSprites().other("1")
    turned = turn_hue(sprite, HUES[colour] - mean_hue(sprite))
    error = (mean_hue(turned) - HUES[colour] + 180) % 360 - 180
    assert abs(error) < 5
    assert np.array_equal(turned[..., 3], sprite[..., 3])


def test_the_catalogue_has_forty_eight_different_things() -> None:
    assert len(THINGS) == 48
    assert len({thing.name for thing in THINGS}) == 48
    assert len({thing.code for thing in THINGS}) == 48


def test_no_word_means_two_things() -> None:
    words = [word for thing in THINGS for word in {thing.name, *thing.words}]
    assert len(words) == len(set(words))


def test_every_ground_and_sky_can_be_said() -> None:
    assert set(GROUND_PHRASES) == set(GROUNDS)
    assert set(SKY_PHRASES) == set(SKIES)


def test_a_caption_names_what_it_says_it_tells() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        facts = random_facts(rng)
        words, told = caption(facts, rng)
        if told.thing != NO_THING:
            thing = THINGS[told.thing]
            assert any(name in words for name in (thing.name, *thing.words))
        for colour in (told.colour, told.first, told.second):
            assert colour in words


def test_a_caption_tells_nothing_that_is_not_so() -> None:
    rng = np.random.default_rng(4)
    for _ in range(300):
        facts = random_facts(rng)
        _, told = caption(facts, rng)
        for name in Facts.__dataclass_fields__:
            assert getattr(told, name) in {getattr(facts, name), ""}


def test_articles_follow_the_sound_of_the_first_letter() -> None:
    assert with_article("apple") == "an apple"
    assert with_article("red apple") == "a red apple"
