"""Says in words what a scene shows, in the many ways a painter might."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .objects import THINGS
from .scenes import COLOURS, GROUNDS, NO_THING, SKIES, Facts

OPENINGS = (
    ("", 8),
    ("a picture of ", 1),
    ("a photo of ", 1),
    ("a painting of ", 1),
    ("a drawing of ", 0.5),
    ("an illustration of ", 0.5),
    ("a 3d icon of ", 0.5),
    ("a close-up of ", 0.3),
)
"""How a caption may begin, with its weight."""

ADJECTIVES = (
    "shiny", "cute", "small", "little", "big", "large", "beautiful", "nice", "fresh", "single",
    "pretty", "old", "new", "happy", "tasty", "lovely", "colourful", "simple", "glossy",
)  # fmt: skip
"""Words that change nothing in the picture, so that they do no harm in a prompt."""

ENDINGS = (
    "studio light", "soft light", "highly detailed", "high quality", "digital art", "3d render",
    "oil painting", "watercolour", "cartoon style", "sharp focus", "masterpiece", "4k", "centered",
)  # fmt: skip
"""What prompts end in, likewise without effect."""

GROUND_PHRASES: dict[str, tuple[str, ...]] = {
    "grass": ("on grass", "on the grass", "on a lawn", "in a meadow", "on a green field"),
    "sand": ("on sand", "on the sand", "on a beach", "in the desert"),
    "snow": ("on snow", "in the snow", "on snowy ground"),
    "water": ("on water", "in the water", "on the sea", "on a lake"),
    "stone": ("on stone", "on a stone floor", "on a rock", "on concrete"),
    "wood": ("on a wooden table", "on wood", "on a table", "on a desk", "on a wooden floor"),
}
"""Where something can be."""

SKY_PHRASES: dict[str, tuple[str, ...]] = {
    "blue": ("under a blue sky", "with a blue sky", "on a sunny day"),
    "sunset": ("under a sunset sky", "at sunset", "in the evening"),
    "night": ("under a night sky", "at night", "in the dark"),
    "gray": ("under a gray sky", "under a cloudy sky", "on a rainy day"),
}
"""What can be above it."""


def caption(facts: Facts, rng: np.random.Generator) -> tuple[str, Facts]:
    """Returns a caption and those of the facts that it tells."""
    told = facts
    if rng.random() > 0.6:
        told = replace(told, colour="")
    if facts.thing != NO_THING and rng.random() < 0.25:
        told = replace(told, pattern="", first="", second="", ground="", sky="")
    elif facts.pattern == "landscape" and rng.random() < 0.3:
        told = replace(told, sky="")
    subject = _subject(told, rng)
    place = _place(told, rng, alone=not subject)
    words = " ".join(part for part in (subject, place) if part)
    if rng.random() < 0.2:
        words += ", " + _pick(ENDINGS, rng)
    return words, told


def random_facts(rng: np.random.Generator) -> Facts:
    """Makes facts up for training the text encoder, among them colours that no scene has."""
    facts = Facts(
        thing=NO_THING if rng.random() < 0.06 else int(rng.integers(len(THINGS))),
        colour=_pick(tuple(COLOURS), rng) if rng.random() < 0.5 else "",
    )
    if facts.thing == NO_THING:
        facts = replace(facts, colour="")
    first, second = rng.choice(list(COLOURS), 2, replace=False)
    kind = rng.random()
    if kind < 0.4:
        return replace(facts, pattern="plain", first=str(first))
    if kind < 0.6:
        pattern = _pick(("gradient", "cloudy", "striped", "checkered"), rng)
        return replace(facts, pattern=pattern, first=str(first), second=str(second))
    ground = _pick(tuple(GROUNDS), rng)
    if kind < 0.8:
        return replace(facts, pattern="surface", ground=ground)
    return replace(facts, pattern="landscape", ground=ground, sky=_pick(tuple(SKIES), rng))


def with_article(words: str) -> str:
    """Puts "a" or "an" before the words."""
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def _subject(facts: Facts, rng: np.random.Generator) -> str:
    if facts.thing == NO_THING:
        return ""
    thing = THINGS[facts.thing]
    name = thing.name if rng.random() < 0.55 or not thing.words else _pick(thing.words, rng)
    if facts.colour and facts.colour not in name:
        name = f"{facts.colour} {name}"
    if rng.random() < 0.2:
        name = f"{_pick(ADJECTIVES, rng)} {name}"
    form = rng.random()
    if form < 0.75:
        name = with_article(name)
    elif form < 0.82:
        name = f"the {name}"
    weights = np.array([weight for _, weight in OPENINGS])
    opening = OPENINGS[int(rng.choice(len(OPENINGS), p=weights / weights.sum()))][0]
    return opening + name


def _place(facts: Facts, rng: np.random.Generator, *, alone: bool) -> str:
    if facts.pattern == "plain":
        backdrop = with_article(f"{facts.first} background")
        return (
            backdrop
            if alone
            else _pick(("on", "on", "against", "in front of"), rng) + " " + backdrop
        )
    if facts.ground:
        phrase = _pick(GROUND_PHRASES[facts.ground], rng)
        phrase = phrase.split(" ", 1)[1] if alone else phrase
        return f"{phrase} {_pick(SKY_PHRASES[facts.sky], rng)}" if facts.sky else phrase
    if facts.pattern:
        kind = "gradient" if facts.pattern == "gradient" else f"{facts.pattern} background"
        backdrop = with_article(f"{facts.first} and {facts.second} {kind}")
        return backdrop if alone else f"on {backdrop}"
    return ""


def _pick(choices: tuple[str, ...], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
