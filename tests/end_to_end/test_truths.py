"""What must always hold (docs/architecture.md), asked of a real server by a real client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scumble_protocol.blobs import blob_id
from scumble_protocol.choices import Sampler
from scumble_protocol.client import Result
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate
from scumble_server.pixels.opencv import Picture, Samples
from tests.end_to_end.server_process import Painter, painter, running_server
from tests.server.models.checkpoints import make_folder
from tests.server.photos import opaque, photo
from tests.server.pixels.requests import ellipse

TINY = "tiny"
STARTER = "starter"

DEPTHS = (np.uint8, np.uint16)
PLACES = {
    "in the middle": Rect(31, 22, 77, 93),
    "at the left edge": Rect(0, 40, 64, 61),
    "in the lower right corner": Rect(88, 87, 63, 64),
    "everything": Rect(0, 0, 151, 151),
}
CANVAS = Size(151, 151)


@dataclass(frozen=True)
class Made:
    """One variation as it arrived: where it lies, its pixels and its mask."""

    rect: Rect
    pixels: Samples
    mask: NDArray[np.uint8]

    def over(self, canvas: Picture) -> Samples:
        """The opaque canvas with the layer over it, as an editor shows it."""
        area = np.s_[self.rect.y : self.rect.bottom, self.rect.x : self.rect.right]
        share = self.mask[..., None] / 255
        shown = canvas.astype(np.float64)
        shown[area] = shown[area] * (1 - share) + self.pixels * share
        return np.rint(shown).astype(canvas.dtype)

    def hidden(self, canvas: Picture) -> NDArray[np.bool_]:
        """Where the canvas shows nothing of the layer."""
        hidden = np.ones(canvas.shape[:2], bool)
        area = np.s_[self.rect.y : self.rect.bottom, self.rect.x : self.rect.right]
        hidden[area] = self.mask == 0
        return hidden


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Painter]:
    state = tmp_path_factory.mktemp("state")
    make_folder(state / "models" / TINY)
    with running_server(state, "--device", "cpu"), painter(state) as connected:
        yield connected


@pytest.fixture(params=[TINY, STARTER])
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def canvas_of(depth: type[np.uint8 | np.uint16]) -> Picture:
    return opaque(photo()[40 : 40 + CANVAS.height, 160 : 160 + CANVAS.width], depth)


def ask(
    here: Painter, canvas: Picture, context: Rect, selection: NDArray[np.uint8], **changes: Any
) -> list[Made]:
    """Have a part of a canvas regenerated; the layers that come back."""
    sent = canvas[context.y : context.bottom, context.x : context.right].tobytes()
    mask = selection.tobytes()
    kind = PixelFormat.RGBA16 if canvas.dtype == np.uint16 else PixelFormat.RGBA8
    request = Regenerate(
        model=TINY,
        prompt="a red apple",
        negative="",
        strength=0.7,
        sampler=Sampler.DDIM,
        steps=6,
        cfg=1.0,
        seed=42,
        count=1,
        grow=0,
        feather=0,
        match_color=False,
        canvas=Size(canvas.shape[1], canvas.shape[0]),
        context=context,
        image=ImageRef(blob_id(sent), context.size, kind),
        mask=ImageRef(blob_id(mask), context.size, PixelFormat.GRAY8),
    )
    job = here.submit(replace(request, **changes), {blob_id(sent): sent, blob_id(mask): mask})
    return layers(here.result(job), canvas.dtype)


def layers(result: Result, sample: np.dtype[Any]) -> list[Made]:
    def array(image: ImageRef, sample: np.dtype[Any], channels: int) -> Samples:
        flat = np.frombuffer(result.blobs[image.blob], sample)
        return flat.reshape(image.size.height, image.size.width, channels)

    return [
        Made(
            layer.rect,
            array(layer.image, sample, 4),
            array(layer.mask, np.dtype(np.uint8), 1)[..., 0],
        )
        for layer in result.finished.layers
    ]


def all_of(context: Rect) -> NDArray[np.uint8]:
    return np.full((context.height, context.width), 255, np.uint8)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("context", PLACES.values(), ids=PLACES)
def test_strength_zero_gives_the_input_back(
    here: Painter, context: Rect, depth: type[np.uint8 | np.uint16]
) -> None:
    canvas = canvas_of(depth)
    (made,) = ask(here, canvas, context, ellipse(context.size), strength=0.0, feather=8)
    np.testing.assert_array_equal(made.over(canvas), canvas)
    assert made.mask.max() == 255


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("context", PLACES.values(), ids=PLACES)
def test_nothing_outside_the_mask_changes(
    here: Painter, context: Rect, depth: type[np.uint8 | np.uint16]
) -> None:
    canvas = canvas_of(depth)
    selection = ellipse(context.size, 0.6)
    (made,) = ask(
        here, canvas, context, selection, strength=1.0, grow=3, feather=6, match_color=True
    )
    shown, hidden = made.over(canvas), made.hidden(canvas)
    np.testing.assert_array_equal(shown[hidden], canvas[hidden])
    assert (shown[~hidden] != canvas[~hidden]).any(axis=-1).mean() > 0.9
    # The hidden part is what lies beyond grow and feather, and no less.
    rows, columns = np.nonzero(selection)
    selected = Rect.edges(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert selected.moved(context.x, context.y).grow(9).contains(made.rect)


def change(made: Made, untouched: Made, where: NDArray[np.bool_] | None = None) -> float:
    """How far two layers of the same place differ in the mean, in parts of the full range."""
    full = np.iinfo(made.pixels.dtype).max
    off = np.abs(made.pixels.astype(float) - untouched.pixels) / full
    return float(off[..., :3][where if where is not None else ...].mean())


def test_change_grows_with_strength(here: Painter, model: str) -> None:
    canvas, context = canvas_of(np.uint8), Rect(0, 0, 128, 128)
    white = all_of(context)

    def made(strength: float) -> Made:
        return ask(here, canvas, context, white, model=model, strength=strength, steps=10)[0]

    # The least that is ever run, the last step alone: hardly more than what the VAE makes of it.
    untouched = made(0.01)
    changes = [change(made(strength), untouched) for strength in (0.3, 0.6, 1.0)]
    assert changes[0] > 0
    assert changes == sorted(changes)
    assert changes[2] > 1.2 * changes[0]


def test_grey_is_changed_less_than_white(here: Painter, model: str) -> None:
    canvas, context = canvas_of(np.uint8), Rect(0, 0, 128, 128)
    white = all_of(context)
    half = white.copy()
    half[:, 64:] = 80
    (untouched,) = ask(here, canvas, context, white, model=model, strength=0.01)
    (made,) = ask(here, canvas, context, half, model=model, strength=0.9)
    # Away from the border, across which the VAE and the network look.
    left = np.zeros((128, 128), bool)
    left[:, :48] = True
    right = left[:, ::-1]
    (full,) = ask(here, canvas, context, white, model=model, strength=0.9)
    assert change(made, untouched, right) < 0.8 * change(full, untouched, right)
    assert change(made, untouched, left) > change(made, untouched, right)


def test_the_same_request_gives_the_same_bytes(here: Painter, model: str) -> None:
    canvas, context = canvas_of(np.uint16), PLACES["in the middle"]
    selection = ellipse(context.size)
    once, again = (
        ask(here, canvas, context, selection, model=model, feather=6, match_color=True)[0]
        for _ in range(2)
    )
    assert once.rect == again.rect
    assert once.pixels.tobytes() == again.pixels.tobytes()
    assert once.mask.tobytes() == again.mask.tobytes()


def test_other_seeds_give_other_pictures(here: Painter, model: str) -> None:
    canvas, context = canvas_of(np.uint8), PLACES["in the middle"]
    made = ask(here, canvas, context, ellipse(context.size), model=model, count=3)
    (second,) = ask(here, canvas, context, ellipse(context.size), model=model, seed=43)
    assert len({variation.pixels.tobytes() for variation in made}) == 3
    # A variation is what its seed alone makes.
    np.testing.assert_array_equal(made[1].pixels, second.pixels)
