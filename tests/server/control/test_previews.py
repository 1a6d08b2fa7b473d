"""Previews by a tiny VAE that lies among the VAEs, on devices that are quick enough."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch

from scumble_protocol.requests import Regenerate
from scumble_server.control import previews
from scumble_server.control.previews import with_previews
from scumble_server.control.vae import with_vae
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.models.tiny_decoder import MOST_SIDE, TinyDecoder
from scumble_server.prompts.library import Library
from scumble_server.work.means import Means
from scumble_server.work.report import PreviewReport, Report, silent
from scumble_server.work.stopwatch import Stopwatch
from tests.server.models.checkpoints import make_folder
from tests.server.sampling.jobs import make_crop, make_request, sample_one

SEED = 7


@pytest.fixture(autouse=True)
def quick_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the processor were a GPU."""
    monkeypatch.setattr(previews, "QUICK", ("cpu",))


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with the model `sd1` and a tiny VAE for it."""
    make_folder(tmp_path / "sd1")
    make_tiny(tmp_path / "vae/taesd")
    return tmp_path


def make_tiny(folder: Path) -> Path:
    torch.manual_seed(0)
    diffusers.AutoencoderTiny().save_pretrained(folder)
    return folder


def means_of(models: Path) -> Means:
    shelf = Shelf(Catalog([models], models / "no-starter"), torch.device("cpu"))
    none: dict[str, bytes] = {}
    return Means(none.__getitem__, shelf, Library(), silent, Stopwatch("preparing"))


def plain_model(means: Means) -> DiffusionModel:
    """The model as it lies on the shelf, taken for one of the usual making."""
    model = means.shelf.get("sd1", silent)
    assert isinstance(model, DiffusionModel)
    model.spec = replace(model.spec, base="sd1")
    return model


def made(means: Means) -> DiffusionModel:
    return with_previews(plain_model(means), means)


def shown(model: DiffusionModel) -> list[tuple[int, ...]]:
    """The sizes of the previews of a job."""
    sizes: list[tuple[int, ...]] = []

    def report(told: Report) -> None:
        if isinstance(told, PreviewReport):
            sizes.append(told.pixels.shape)

    sample_one(make_crop(), model, make_request(), SEED, report)
    return sizes


def test_previews_have_as_many_pixels_as_the_picture(models: Path) -> None:
    means = means_of(models)
    model = made(means)
    assert set(shown(model)) == {(64, 64, 4)}
    assert not means.notes


def test_results_are_the_same_with_it(models: Path) -> None:
    means = means_of(models)
    plain = plain_model(means)
    images = [
        sample_one(make_crop(), model, make_request(), SEED, silent)
        for model in (plain, with_previews(plain, means), plain)
    ]
    assert (images[0] == images[1]).all()
    assert (images[0] == images[2]).all()
    # The model on the shelf is not changed for the next job.
    assert set(shown(plain)) == {(8, 8, 4)}


def test_a_request_gets_them_with_its_own_vae_and_with_another(models: Path) -> None:
    means = means_of(models)
    model = plain_model(means)
    for vae in ("", "taesd"):
        changed = with_vae(model, request_with(vae), means)
        assert isinstance(changed, DiffusionModel)
        assert isinstance(changed.previewer, TinyDecoder)


def request_with(vae: str) -> Regenerate:
    return replace(make_request(), model="sd1", vae=vae)


def test_nothing_changes_on_a_processor(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "QUICK", ("cuda",))
    assert made(means_of(models)).previewer is None


def test_one_for_other_models_is_left_alone(models: Path) -> None:
    (models / "vae/taesd").rename(models / "vae/taesdxl")
    assert made(means_of(models)).previewer is None


@pytest.mark.parametrize("spoil", ["cut", "channels"])
def test_one_that_can_not_be_used_is_named_and_spoils_nothing(models: Path, spoil: str) -> None:
    folder = models / "vae/taesd"
    if spoil == "channels":
        diffusers.AutoencoderTiny(latent_channels=16).save_pretrained(folder)
    else:
        config = folder / "config.json"
        known = json.loads(config.read_text("utf-8")) | {"num_decoder_blocks": [2, 3, 3, 1]}
        config.write_text(json.dumps(known), "utf-8")
    means = means_of(models)
    assert made(means).previewer is None
    (note,) = means.notes
    assert "vae/taesd can't be used" in note


def test_latents_are_decoded_in_the_scale_of_the_tiny_vae() -> None:
    class Straight(torch.nn.Module):
        """Gives what it is asked to decode."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def decode(self, latents: torch.Tensor, **_: bool) -> tuple[torch.Tensor]:
            return (latents[:, :3],)

    draw = TinyDecoder(Straight(), 2.0)
    latents = torch.tensor([-2.0, 0.0, 2.0, 9.0])[None, :, None, None].expand(2, 4, 3, 5)
    pixels = draw(latents)
    assert pixels.shape == (3, 5, 4)
    assert (pixels == np.array([0, 128, 255, 255], np.uint8)).all()
    wide = draw(torch.zeros(1, 4, 100, 2 * MOST_SIDE))
    assert wide.shape == (50, MOST_SIDE, 4)
