"""What the starter can draw: objects, their words, and where their pictures come from."""

from __future__ import annotations

import colorsys
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

EMOJI_ASSETS = Path("node_modules/@lobehub/fluent-emoji-3d/assets")
"""Where `npm install @lobehub/fluent-emoji-3d` puts its pictures, below the work folder."""

EMOJI_NAMES = Path("node_modules/emojibase-data/en/data.json")
"""Where `npm install emojibase-data` puts the names and groups of all emoji."""

OBJECT_GROUPS = (3, 4, 5, 6, 7)
"""Emojibase's groups of animals, food, places, activities and objects; no people or signs."""

SPRITE_SIDE = 256
"""Longest side of a sprite in pixels: that of the assets, and more than any scene needs."""

Sprite = NDArray[np.uint8]
"""A cut-out picture, height x width x RGBA with straight alpha, cropped to what is visible."""


@dataclass(frozen=True)
class Thing:
    """One object that can be asked for."""

    name: str
    """The word that the judge and the tables use."""
    code: str
    """Code points of the emoji, as the asset's file name has them."""
    words: tuple[str, ...] = ()
    """Other words that mean the same object."""
    colour: str = ""
    """The colour that a person would name, if there is one."""
    recolours: bool = False
    """Whether the hue may be turned, with the colour's word in the caption."""


THINGS: tuple[Thing, ...] = (
    Thing("apple", "1f34e", ("red apple", "apple fruit"), "red"),
    Thing("banana", "1f34c", ("bananas", "plantain"), "yellow"),
    Thing("strawberry", "1f353", ("strawberries", "berry"), "red"),
    Thing("cherries", "1f352", ("cherry", "two cherries"), "red"),
    Thing("grapes", "1f347", ("grape", "bunch of grapes"), "purple"),
    Thing("watermelon", "1f349", ("melon", "slice of watermelon", "melon slice")),
    Thing("pineapple", "1f34d", ("ananas", "tropical fruit")),
    Thing("avocado", "1f951", ("half an avocado", "avocado half"), "green"),
    Thing("carrot", "1f955", ("carrots", "vegetable"), "orange"),
    Thing("mushroom", "1f344", ("toadstool", "fly agaric", "fungus"), "red"),
    Thing("doughnut", "1f369", ("donut", "glazed donut", "ring doughnut")),
    Thing("cupcake", "1f9c1", ("muffin", "fairy cake", "small cake")),
    Thing("hamburger", "1f354", ("burger", "cheeseburger")),
    Thing("pizza", "1f355", ("slice of pizza", "pizza slice")),
    Thing("cookie", "1f36a", ("biscuit", "chocolate chip cookie"), "brown"),
    Thing("cup of coffee", "2615", ("coffee", "coffee cup", "cup of tea", "mug", "cup", "tea")),
    Thing("teapot", "1fad6", ("tea pot", "kettle")),
    Thing("cat", "1f431", ("kitten", "kitty", "cat face", "tabby cat"), "yellow"),
    Thing("dog", "1f436", ("puppy", "doggy", "dog face", "hound"), "brown"),
    Thing("rabbit", "1f430", ("bunny", "hare", "rabbit face")),
    Thing("panda", "1f43c", ("panda bear", "giant panda")),
    Thing("fox", "1f98a", ("red fox", "fox face", "vixen"), "orange"),
    Thing("frog", "1f438", ("toad", "frog face"), "green"),
    Thing("penguin", "1f427", ("emperor penguin", "pinguin")),
    Thing("owl", "1f989", ("night owl", "barn owl"), "brown"),
    Thing("duck", "1f986", ("mallard", "drake")),
    Thing("fish", "1f420", ("tropical fish", "clownfish", "goldfish")),
    Thing("butterfly", "1f98b", ("butterflies", "moth"), "orange"),
    Thing("ladybug", "1f41e", ("ladybird", "lady beetle", "beetle"), "red"),
    Thing("octopus", "1f419", ("squid", "kraken")),
    Thing("rose", "1f339", ("red rose", "rose flower", "roses"), "red"),
    Thing("sunflower", "1f33b", ("sun flower", "sunflowers"), "yellow"),
    Thing("tulip", "1f337", ("tulips", "tulip flower", "flower"), "pink", recolours=True),
    Thing("cactus", "1f335", ("cacti", "saguaro", "desert plant"), "green"),
    Thing(
        "potted plant", "1fab4", ("plant", "houseplant", "plant in a pot", "flower pot"), "green"
    ),
    Thing("tree", "1f333", ("deciduous tree", "oak", "oak tree", "bush"), "green"),
    Thing("palm tree", "1f334", ("palm", "coconut palm", "coconut tree")),
    Thing("house", "1f3e0", ("home", "cottage", "building", "hut")),
    Thing("car", "1f697", ("automobile", "vehicle", "auto"), "red", recolours=True),
    Thing("rocket", "1f680", ("spaceship", "space rocket", "spacecraft")),
    Thing("sailboat", "26f5", ("sailing boat", "boat", "ship", "yacht")),
    Thing("balloon", "1f388", ("party balloon", "toy balloon"), "red", recolours=True),
    Thing("gift", "1f381", ("present", "gift box", "wrapped gift", "wrapped present")),
    Thing("candle", "1f56f-fe0f", ("burning candle", "lit candle", "candle light")),
    Thing("soccer ball", "26bd", ("football", "ball", "soccer")),
    Thing("snowman", "26c4", ("snow man", "snowmen")),
    Thing("star", "2b50", ("golden star", "yellow star"), "yellow"),
    Thing("crown", "1f451", ("golden crown", "king's crown", "tiara"), "yellow"),
)
"""The objects of this version: everyday, plainly different from each other."""


class SpriteSource(Protocol):
    """Where pictures of objects come from."""

    def thing(self, thing: Thing) -> Sprite:
        """Returns the picture of a thing of the catalogue."""
        ...

    def others(self) -> list[str]:
        """Returns the codes of further pictures, which only the autoencoder learns from."""
        ...

    def other(self, code: str) -> Sprite:
        """Returns one of the further pictures."""
        ...


class EmojiSprites:
    """Fluent emoji in 3D style (MIT), as npm unpacks them into the work folder."""

    def __init__(self, work: Path) -> None:
        self.assets = work / EMOJI_ASSETS
        self.names = work / EMOJI_NAMES
        if not self.assets.is_dir() or not self.names.is_file():
            raise FileNotFoundError(
                f"no emoji in {work}; run there: npm install --no-save "
                "@lobehub/fluent-emoji-3d@1.1.0 emojibase-data@17.0.0"
            )

    def thing(self, thing: Thing) -> Sprite:
        """Reads the thing's emoji."""
        return self.other(thing.code)

    def others(self) -> list[str]:
        """Lists every emoji of an animal, food, place or object, without the catalogue's own."""
        taken = {thing.code for thing in THINGS}
        codes: list[str] = []
        for entry in json.loads(self.names.read_text(encoding="utf-8")):
            if entry.get("group") not in OBJECT_GROUPS or "clock" in entry["label"]:
                continue
            code = entry["hexcode"].lower()
            spellings = (code, f"{code}-fe0f", code.replace("-fe0f", ""))
            found = [s for s in spellings if (self.assets / f"{s}.webp").is_file()]
            if found and found[0] not in taken:
                codes.append(found[0])
        return sorted(codes)

    def other(self, code: str) -> Sprite:
        """Reads one emoji by its code points."""
        with Image.open(self.assets / f"{code}.webp") as picture:
            return _cut_out(picture.convert("RGBA"))


class DrawnSprites:
    """Plain shapes in place of the emoji, so that the tests need no download."""

    def thing(self, thing: Thing) -> Sprite:
        """Draws the polygon that belongs to the thing's place in the catalogue."""
        return self.other(str([t.name for t in THINGS].index(thing.name)))

    def others(self) -> list[str]:
        """Lists a few more shapes."""
        return [str(number) for number in range(len(THINGS), len(THINGS) + 8)]

    def other(self, code: str) -> Sprite:
        """Draws a star or polygon whose corners, depth and colour follow from its number."""
        number = int(code)
        corners, depth = 3 + number % 7, (1.0, 0.45, 0.7)[number % 3]
        picture = Image.new("RGBA", (SPRITE_SIDE, SPRITE_SIDE))
        points = []
        for corner in range(2 * corners):
            radius = SPRITE_SIDE / 2.1 * (depth if corner % 2 else 1.0)
            angle = math.pi * corner / corners
            points.append(
                (
                    SPRITE_SIDE / 2 + radius * math.sin(angle),
                    SPRITE_SIDE / 2 - radius * math.cos(angle),
                )
            )
        red, green, blue = colorsys.hsv_to_rgb(number * 0.381966 % 1.0, 0.8, 0.9)
        colour = (round(255 * red), round(255 * green), round(255 * blue), 255)
        ImageDraw.Draw(picture).polygon(points, fill=colour)
        return _cut_out(picture)


def turn_hue(sprite: Sprite, degrees: float) -> Sprite:
    """Returns the sprite with every hue turned by `degrees`, keeping alpha."""
    picture = Image.fromarray(sprite)
    hue, saturation, value = picture.convert("RGB").convert("HSV").split()
    shift = round(degrees / 360 * 256)
    turned = hue.point([(level + shift) % 256 for level in range(256)])
    result = Image.merge("HSV", (turned, saturation, value)).convert("RGB")
    result.putalpha(picture.getchannel("A"))
    return np.asarray(result)


def mean_hue(sprite: Sprite) -> float:
    """Returns the chroma-weighted mean hue of the visible pixels, in degrees from 0 to 360."""
    visible = sprite[sprite[..., 3] > 127][:, :3].reshape(1, -1, 3)
    hsv = np.asarray(Image.fromarray(visible).convert("HSV"), np.float64)[0]
    weight = hsv[:, 1] * hsv[:, 2]
    turn = (weight * np.exp(1j * hsv[:, 0] / 256 * 2 * np.pi)).sum()
    return float(np.rad2deg(np.angle(turn)) % 360)


def _cut_out(picture: Image.Image) -> Sprite:
    box = picture.getchannel("A").getbbox()
    picture = picture.crop(box) if box else picture
    scale = SPRITE_SIDE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS))
