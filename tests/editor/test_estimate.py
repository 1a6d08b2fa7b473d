"""How much memory a job will take."""

from __future__ import annotations

import dataclasses

import pytest

from scumble_protocol.editor.canvas import Margins
from scumble_protocol.editor.estimate import memory_text, working_size
from scumble_protocol.editor.language import Language
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.settings import Area, Settings
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Device
from tests.client.passing_server import MODELS

MODEL = dataclasses.replace(
    MODELS[0], native_side=512, max_side=1024, memory=2 * 2**30, memory_per_pixel=2**10
)
CANVAS = Size(4000, 3000)
SELECTION = Rect(100, 100, 600, 500)
PLAIN = Settings(grow=0, feather=0, padding=0)
GPU = Device("cuda:0", "", 8 * 2**30)


@pytest.mark.parametrize(
    ("order", "size"),
    [
        (Order(settings=PLAIN), Size(600, 512)),
        (Order(settings=dataclasses.replace(PLAIN, area=Area.WHOLE)), Size(1024, 768)),
        (Order(settings=dataclasses.replace(PLAIN, invert=True)), Size(1024, 768)),
        (Order(settings=dataclasses.replace(PLAIN, target=Size(900, 800))), Size(900, 800)),
        (Order(Mode.EXPAND, PLAIN, margins=Margins(right=96)), Size(1024, 750)),
        (Order(Mode.REMOVE, PLAIN), None),
        (Order(Mode.REMOVE, PLAIN, refine=0.5), Size(600, 512)),
        (Order(Mode.UPSCALE, PLAIN), None),
    ],
)
def test_a_model_works_at_about_this_size(order: Order, size: Size | None) -> None:
    assert working_size(order, CANVAS, SELECTION, MODEL) == size


def test_a_small_picture_is_worked_on_at_the_models_own_size() -> None:
    order = Order(settings=PLAIN)
    assert working_size(order, Size(100, 100), Rect(0, 0, 100, 100), MODEL) == Size(512, 512)
    endless = dataclasses.replace(MODEL, max_side=0)
    whole = Order(settings=dataclasses.replace(PLAIN, area=Area.WHOLE))
    assert working_size(whole, CANVAS, SELECTION, endless) == CANVAS


def test_memory_is_told_in_gigabytes_and_grows_with_the_batch() -> None:
    tr, size = Language({}).tr, Size(1024, 1024)
    assert memory_text(MODEL, GPU, size, PLAIN, tr) == "About 3.0 of 8.0 GiB"
    batch = dataclasses.replace(PLAIN, batch=4, count=3)
    assert memory_text(MODEL, GPU, size, batch, tr) == "About 5.0 of 8.0 GiB"


def test_what_is_not_known_is_not_told() -> None:
    tr, size = Language({}).tr, Size(1024, 1024)
    assert memory_text(dataclasses.replace(MODEL, memory=0), GPU, size, PLAIN, tr) == ""
    assert memory_text(MODEL, Device("cpu", "", 0), size, PLAIN, tr) == ""
