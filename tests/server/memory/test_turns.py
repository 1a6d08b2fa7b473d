"""Models whose parts take turns on the device make the same pictures.

No accelerator is needed: the processor itself plays the device that the parts are brought to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from scumble_protocol.choices import Sampler
from scumble_protocol.geometry import Rect
from scumble_protocol.messages import Device
from scumble_server.models import placing
from scumble_server.models.configs import read_spec
from scumble_server.models.folders import check_folder
from scumble_server.models.loading import load_folder
from scumble_server.models.saving import is_taking_turns
from scumble_server.pixels.opencv import Floats
from scumble_server.pixels.prepare import prepare
from scumble_server.work.report import silent
from tests.server.families.tiny import make_family
from tests.server.models.checkpoints import make_folder
from tests.server.photos import opaque, photo
from tests.server.pixels.requests import request_for

SIDE = 64
PROCESSOR = "cpu:0"

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

MAKERS: dict[str, Callable[[Path], Path]] = {
    "sdxl": lambda folder: make_folder(folder, family="sdxl"),
    "flux1": lambda folder: make_family(folder, "flux1"),
    "sd3": lambda folder: make_family(folder, "sd3"),
    "flux2-klein": lambda folder: make_family(folder, "flux2-klein"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_parts_that_take_turns_make_the_same_picture(tmp_path: Path, name: str) -> None:
    torch.set_num_threads(1)
    folder = MAKERS[name](tmp_path / name)
    pictures = [made(folder, in_turns=in_turns) for in_turns in (False, True)]
    assert np.abs(pictures[0] - pictures[1]).max() < 1e-4


def made(folder: Path, *, in_turns: bool) -> Floats:
    spec = read_spec(folder, weights=check_folder(folder))
    model: Any = load_folder(folder, spec, torch.device("cpu"))
    if in_turns:
        model.pipeline.enable_model_cpu_offload(device=PROCESSOR)
    assert is_taking_turns(model.pipeline) == in_turns
    sampler = spec.sampler if spec.prediction == "flow" else Sampler.DDIM
    request = replace(request_for(Rect(0, 0, SIDE, SIDE)), prompt="a cup", steps=3, sampler=sampler)
    white = np.full((SIDE, SIDE), 255, np.uint8)
    crop = prepare(request, opaque(photo()[:SIDE, :SIDE]), white, spec)
    (image,) = model.sample(crop, request, (1,), silent)
    return np.asarray(image)


def test_a_model_that_is_larger_than_the_device_is_not_brought_there_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(tmp_path / "sd1")
    spec = read_spec(folder, weights=check_folder(folder))
    cuda = torch.device("cuda")
    for memory, room in ((10**9, True), (10**5, False)):
        device = Device("cuda:0", "a small one", memory)
        monkeypatch.setattr(placing, "describe_device", lambda _device, it=device: it)
        assert placing.fits(spec, cuda) == room
    assert placing.fits(spec, torch.device("cpu"))
