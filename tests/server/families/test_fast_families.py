"""Transformers of other families in fewer bits: nearly the same pictures, and it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scumble_server.families.adapter import FamilyModel
from scumble_server.models import fast
from scumble_server.models.configs import read_spec
from scumble_server.models.fast import Way, replace_layers
from scumble_server.models.fast_layers import HalvedLayer, QuantisedLinear
from scumble_server.models.folders import check_folder
from scumble_server.models.loading import load_folder
from scumble_server.work.report import silent
from tests.server.families.test_adapter import job
from tests.server.families.tiny import make_family

TRIED = ("flux1", "sd3", "qwen-image", "z-image")

MODULATING = ("norm", "mod.", "adaLN", "embed")
"""What stands in the names of layers that stay in full."""

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


def load(folder: Path, name: str, *, quick: bool = False) -> FamilyModel:
    if not (folder / name).exists():
        make_family(folder / name, name)
    spec = read_spec(folder / name, weights=check_folder(folder / name))
    model = load_folder(folder / name, spec, torch.device("cpu"), fast=quick)
    assert isinstance(model, FamilyModel)
    return model


@pytest.mark.parametrize("name", TRIED)
def test_a_fast_model_makes_nearly_the_same_picture(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "offered", lambda _device: (Way.BF16,))
    quick, full = load(folder, name, quick=True), load(folder, name)
    assert (quick.spec.fast, full.spec.fast) == ("bf16", "")
    crop, request = job(full, strength=0.7)
    request = replace(request, steps=2)
    (made,), (wanted,) = (model.sample(crop, request, (1,), silent) for model in (quick, full))
    assert 0 < np.abs(made - wanted).mean() < 2 / 255


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("name", TRIED)
def test_layers_that_scale_by_the_timestep_stay_in_full(folder: Path, name: str, way: Way) -> None:
    transformer = load(folder, name).pipeline.transformer
    assert replace_layers(transformer, way)
    for place, part in transformer.named_modules():
        if isinstance(part, (HalvedLayer, QuantisedLinear)):
            assert not any(word in place for word in MODULATING)
        elif isinstance(part, torch.nn.Linear) and way is Way.BF16:
            is_outside = not isinstance(
                getattr(transformer, place.partition(".")[0]), torch.nn.ModuleList
            )
            assert is_outside or any(word in place for word in MODULATING)
