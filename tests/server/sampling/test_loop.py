"""What a painter may rely on: the truths of strength, masks, seeds, progress and cancel."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from scumble_protocol.choices import Sampler
from scumble_protocol.messages import Phase
from scumble_server.models import asking
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.sampling.samplers import RECIPES
from scumble_server.work.report import Cancelled, PreviewReport, ProgressReport, Report, silent
from tests.server.sampling.jobs import SIDE, half_mask, make_crop, make_request, sample_one

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from scumble_server.pixels.crop import Crop

SEEDS = range(4)


def change(model: DiffusionModel, crop: Crop, **settings: object) -> NDArray[np.float32]:
    """Mean change of the latents (8, 8) over a few seeds.

    Random VAEs mix the whole picture into each pixel, so only latents tell where something changed.
    """
    request = make_request(**settings)
    changes: list[NDArray[np.float32]] = []
    with pytest.MonkeyPatch.context() as patch, torch.inference_mode():
        original = model.encode(crop.image)
        patch.setattr(
            model, "decode", lambda finished: changes.append((finished - original).abs().numpy())
        )
        for seed in SEEDS:
            sample_one(crop, model, request, seed, silent)
    mean: NDArray[np.float32] = np.mean(changes, axis=(0, 1, 2))
    return mean


@pytest.mark.parametrize("sampler", list(RECIPES))
def test_the_same_request_gives_the_same_bytes_and_another_seed_another_picture(
    sampler: Sampler, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    model, request = tiny_model("sd1"), make_request(sampler=sampler)
    first = sample_one(make_crop(), model, request, 5, silent)
    again = sample_one(make_crop(), model, request, 5, silent)
    other = sample_one(make_crop(), model, request, 6, silent)
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - other).mean() > 1 / 255
    assert first.shape == (SIDE, SIDE, 3)
    assert first.dtype == np.float32
    assert 0 <= first.min() < first.max() <= 1


@pytest.mark.parametrize("sampler", list(RECIPES))
@pytest.mark.parametrize("strength", [0.01, 0.5, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 60])
def test_every_sampler_runs_at_every_strength_and_number_of_steps(
    sampler: Sampler, strength: float, steps: int, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    if steps == 60 and strength > 0.1:
        strength /= 10
    request = make_request(sampler=sampler, strength=strength, steps=steps)
    image = sample_one(make_crop(half_mask()), tiny_model("sd1"), request, 1, silent)
    assert np.isfinite(image).all()


def test_the_change_grows_with_the_strength(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model, crop = tiny_model("sd1"), make_crop()
    changes = [
        float(change(model, crop, strength=strength, steps=10).mean())
        for strength in (0.1, 0.3, 0.5, 0.7, 0.9)
    ]
    assert changes == sorted(changes)
    assert changes[-1] > 2 * changes[0]


@pytest.mark.parametrize("name", ["sd1", "sdxl-inpaint"])
@pytest.mark.parametrize("strength", [0.7, 1.0])
@pytest.mark.parametrize("sampler", list(RECIPES))
def test_grey_areas_change_less_than_white_ones_and_black_ones_not_at_all(
    sampler: Sampler, strength: float, name: str, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    mask = np.ones((SIDE, SIDE), np.float32)
    mask[:, :16] = 0
    mask[:, 16:40] = 0.4
    settings = {"sampler": sampler, "strength": strength, "steps": 10}
    changes = change(tiny_model(name), make_crop(mask), **settings)
    black, grey, white = changes[:, :2], changes[:, 2:5], changes[:, 5:]
    assert black.max() == 0
    assert grey.min() > 0
    assert grey.mean() < white.mean()


def test_thin_lines_of_a_selection_reach_the_latents(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[:, 21] = 1
    changed = change(tiny_model("sd1"), make_crop(mask)) > 0
    assert changed.tolist() == [[column == 2 for column in range(8)]] * 8


def test_a_grey_below_one_step_changes_nothing(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    faint = make_crop(np.full((SIDE, SIDE), 0.1, np.float32))
    # Three steps are run, and a tenth of them is none.
    assert change(tiny_model("sd1"), faint, steps=5).max() == 0


def test_strength_one_keeps_nothing_of_the_picture(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model, request = tiny_model("sd1"), make_request(strength=1.0)
    crop = make_crop()
    other = replace(crop, image=1 - crop.image)
    ours, theirs = (sample_one(c, model, request, 3, silent) for c in (crop, other))
    assert ours.tobytes() == theirs.tobytes()
    weaker = make_request(strength=0.9)
    ours, theirs = (sample_one(c, model, weaker, 3, silent) for c in (crop, other))
    assert ours.tobytes() != theirs.tobytes()


def test_the_prompt_the_negative_and_the_guidance_count(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    for name in ("sd1", "sdxl"):
        model = tiny_model(name)
        pictures = {
            sample_one(make_crop(), model, make_request(**changes), 3, silent).tobytes()
            for changes in ({}, {"prompt": "x"}, {"negative": "x"}, {"negative": ""}, {"cfg": 2.0})
        }
        assert len(pictures) == 5


def test_without_guidance_the_negative_prompt_does_not_count(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model = tiny_model("sdxl")
    ours, theirs = (
        sample_one(make_crop(), model, make_request(cfg=1.0, negative=negative), 3, silent)
        for negative in ("blurry", "")
    )
    assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize(
    ("sampler", "evaluations"),
    [
        (Sampler.EULER, 6),
        (Sampler.HEUN, 11),
        (Sampler.DPMPP_SDE, 11),
        (Sampler.DPM2, 11),
        (Sampler.DPMPP_2S, 6),
    ],
)
def test_every_evaluation_is_reported_and_the_steps_are_the_painters(
    sampler: Sampler,
    evaluations: int,
    tiny_model: Callable[[str], DiffusionModel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "SECONDS", math.inf)  # else a slow machine repeats some
    reports: list[Report] = []
    request = make_request(sampler=sampler, steps=10)
    sample_one(make_crop(), tiny_model("sd1"), request, 3, reports.append)
    progress = [report for report in reports if isinstance(report, ProgressReport)]
    phases = [report.phase for report in progress]
    assert phases == [Phase.ENCODING, *[Phase.SAMPLING] * (evaluations + 1), Phase.DECODING]
    sampling = [report for report in progress if report.phase is Phase.SAMPLING]
    assert {report.of for report in sampling} == {6}
    steps = [report.step for report in sampling]
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, 6)
    assert set(steps) == set(range(7))
    assert all(report.seconds_left < 0 for report in sampling[:2])
    assert all(report.seconds_left >= 0 for report in sampling[2:])


@pytest.mark.parametrize("at", [1, 3])
def test_a_cancel_stops_within_the_step(
    at: int, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    model = tiny_model("sd1")
    evaluations = []
    hook = model.unet.register_forward_hook(lambda *_: evaluations.append(1))

    def report(told: Report) -> None:
        if isinstance(told, ProgressReport) and told.phase is Phase.SAMPLING and told.step == at:
            raise Cancelled

    with pytest.raises(Cancelled):
        sample_one(make_crop(), model, make_request(), 3, report)
    hook.remove()
    assert len(evaluations) == at


@pytest.mark.parametrize("phase", [Phase.ENCODING, Phase.DECODING])
def test_a_cancel_stops_in_the_midst_of_the_vae(
    phase: Phase, tiny_model: Callable[[str], DiffusionModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, told_of, done = tiny_model("sd1"), [], []
    model.forget()
    monkeypatch.setattr(asking, "SECONDS", 0.0)
    part = model.vae.encoder if phase is Phase.ENCODING else model.vae.decoder
    hook = part.conv_out.register_forward_hook(lambda *_: done.append(1))

    def report(told: Report) -> None:
        if isinstance(told, ProgressReport) and told.phase is phase:
            told_of.append(told)
            if len(told_of) == 3:
                raise Cancelled

    with pytest.raises(Cancelled):
        sample_one(make_crop(), model, make_request(), 3, report)
    hook.remove()
    assert not done


def test_a_cancel_stops_in_the_midst_of_an_evaluation(
    tiny_model: Callable[[str], DiffusionModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, told_of, begun, done = tiny_model("sd1"), [], [], []
    monkeypatch.setattr(asking, "SECONDS", 0.0)
    hooks = [
        model.unet.conv_in.register_forward_hook(lambda *_: begun.append(1)),
        model.unet.conv_out.register_forward_hook(lambda *_: done.append(1)),
    ]

    def report(told: Report) -> None:
        if isinstance(told, ProgressReport) and told.phase is Phase.SAMPLING and told.step == 1:
            told_of.append(told)
            if len(told_of) == 3:
                raise Cancelled

    with pytest.raises(Cancelled):
        sample_one(make_crop(), model, make_request(), 3, report)
    for hook in hooks:
        hook.remove()
    assert (len(begun), len(done)) == (2, 1)
    assert told_of[0] == told_of[2]
    sample_one(make_crop(), model, make_request(), 3, silent)
    parts = model.unet.modules()
    assert not any(part._forward_pre_hooks for part in parts)  # noqa: SLF001 (nothing else tells)


def test_the_unet_runs_on_a_batch_of_two_when_guided_and_of_one_when_not(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model = tiny_model("sd1")
    batches: list[int] = []
    hook = model.unet.register_forward_pre_hook(lambda _, inputs: batches.append(len(inputs[0])))
    for cfg in (5.0, 1.0):
        sample_one(make_crop(), model, make_request(cfg=cfg, steps=2, strength=0.5), 3, silent)
    hook.remove()
    assert batches == [2, 1]


def test_an_unchanged_prompt_and_picture_are_not_encoded_again(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model = tiny_model("sdxl")

    def misses(**changes: object) -> tuple[int, int]:
        texts, pictures = model.texts.misses, model.pictures.misses
        sample_one(make_crop(), model, make_request(prompt="cached", **changes), 3, silent)
        return model.texts.misses - texts, model.pictures.misses - pictures

    misses()
    assert misses() == (0, 0)
    assert misses(steps=2, sampler=Sampler.DDIM, strength=0.5) == (0, 0)
    assert misses(negative="other") == (1, 0)


def test_an_inpainting_model_is_not_shown_what_is_hidden(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model, request = tiny_model("sd1-inpaint"), make_request(strength=1.0)
    crop = make_crop(half_mask())
    repainted = crop.image.copy()
    repainted[half_mask() > 0] = 0.9
    ours, theirs = (
        sample_one(c, model, request, 3, silent) for c in (crop, replace(crop, image=repainted))
    )
    # The latents around the selection see a few of its pixels, so not all is the same.
    assert np.abs(ours - theirs)[20:44, 12:36].mean() < 0.5 / 255


def test_previews_show_the_picture_from_the_first_step_on(
    tiny_model: Callable[[str], DiffusionModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scumble_server.sampling.pace.PREVIEW_SECONDS", 0.0)
    reports: list[Report] = []
    sample_one(make_crop(), tiny_model("sd1"), make_request(), 3, reports.append)
    previews = [report.pixels for report in reports if isinstance(report, PreviewReport)]
    assert len(previews) == 2
    assert all(pixels.shape == (8, 8, 4) and pixels.dtype == np.uint8 for pixels in previews)
    assert all((pixels[..., 3] == 255).all() for pixels in previews)
