"""References and controls count beside a UNet in fewer bits as beside one in full."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scumble_protocol.guides import ControlKind, ReferenceKind
from scumble_server.control.adapter import IPAdapter
from scumble_server.control.guides import ControlGuide, Guides, Influence, ReferenceGuide
from scumble_server.control.networks import ControlNet
from scumble_server.control.places import Role
from scumble_server.models import fast
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.fast import Way, replace_layers
from scumble_server.models.shelf import Shelf
from scumble_server.pixels.opencv import Floats
from scumble_server.work.report import silent
from tests.server.control.conftest import Added, Get
from tests.server.photos import photo
from tests.server.sampling.jobs import make_crop, make_request, sample_one

WHOLE = Influence()


@pytest.fixture(params=list(Way))
def quick(
    request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> DiffusionModel:
    """The model `sd1`, fast in one of the ways."""
    monkeypatch.setattr(fast, "offered", lambda _device: (Way.BF16,))
    is_half = request.param is Way.BF16
    shelf = Shelf(Catalog([folder], folder / "no-starter"), torch.device("cpu"), fast=is_half)
    model = shelf.get("sd1", silent)
    assert isinstance(model, DiffusionModel)
    if not is_half:
        assert replace_layers(model.unet, request.param)
    return model


def guides_of(added: Added) -> dict[str, Guides]:
    picture = (photo()[:64, :64] / 255).astype(np.float32)
    encoder = added(Role.IMAGE_ENCODER, "tiny")
    adapter, net = added(Role.REFERENCE, "sd1"), added(Role.CONTROL, "sd1-canny")
    assert isinstance(adapter, IPAdapter)
    assert isinstance(net, ControlNet)
    reference = ReferenceGuide(ReferenceKind.ALL, picture, adapter, encoder, WHOLE)
    control = ControlGuide(ControlKind.CANNY, picture, net, WHOLE)
    return {"reference": Guides(references=(reference,)), "control": Guides((control,))}


@pytest.mark.parametrize("kind", ["reference", "control"])
def test_a_guide_changes_the_picture_as_much(
    kind: str, quick: DiffusionModel, model: Get, added: Added
) -> None:
    guides = guides_of(added)[kind]

    def change(model: DiffusionModel) -> Floats:
        crop, request = make_crop(), make_request(steps=2)
        plain = sample_one(crop, model, request, 7, silent)
        guided = sample_one(replace(crop, guides=guides), model, request, 7, silent)
        return np.asarray(guided - plain, np.float32)

    wanted, made = change(model("sd1")), change(quick)
    assert np.abs(wanted).mean() > 1 / 255
    assert np.abs(made - wanted).mean() < 0.4 * np.abs(wanted).mean()
