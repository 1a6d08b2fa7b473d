"""What the adapter adds to a pipeline: any strength, masks that hold, and texts read once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from scumble_protocol.choices import Schedule
from scumble_protocol.errors import RequestError
from scumble_protocol.geometry import Rect
from scumble_protocol.requests import Regenerate
from scumble_server.families import loading
from scumble_server.families.adapter import FamilyModel
from scumble_server.models.configs import read_spec
from scumble_server.models.folders import check_folder
from scumble_server.models.loading import load_folder
from scumble_server.pixels.crop import Crop
from scumble_server.pixels.opencv import Mask
from scumble_server.pixels.prepare import prepare
from scumble_server.work.report import silent
from tests.server.families.tiny import make_family
from tests.server.photos import opaque, photo
from tests.server.pixels.requests import request_for

SIDE = 64
CPU = torch.device("cpu")

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


def load(folder: Path, name: str) -> FamilyModel:
    if not (folder / name).exists():
        make_family(folder / name, name)
    spec = read_spec(folder / name, weights=check_folder(folder / name))
    model = load_folder(folder / name, spec, CPU)
    assert isinstance(model, FamilyModel)
    return model


def job(model: FamilyModel, mask: Mask | None = None, **changes: Any) -> tuple[Crop, Regenerate]:
    if mask is None:
        mask = np.full((SIDE, SIDE), 255, np.uint8)
    request = replace(
        request_for(Rect(0, 0, SIDE, SIDE)),
        prompt="a red cup",
        steps=5,
        cfg=2.0,
        sampler=model.spec.sampler,
        **changes,
    )
    spec = replace(model.spec, min_side=SIDE, native_side=SIDE)
    return prepare(request, opaque(photo()[:SIDE, 200 : 200 + SIDE]), mask, spec), request


@pytest.mark.parametrize(
    ("name", "pipeline"),
    [
        ("flux1", "FluxImg2ImgPipeline"),
        ("chroma", "ChromaImg2ImgPipeline"),
        ("qwen-image", "QwenImageImg2ImgPipeline"),
    ],
)
def test_a_part_of_the_steps_is_what_diffusers_own_pipeline_for_pictures_runs(
    folder: Path, name: str, pipeline: str
) -> None:
    model = load(folder, name)
    crop, request = job(model, strength=0.6)
    started: list[torch.Tensor] = []
    inner = model.pipeline.__class__.__call__

    def listening(self: Any, **asked: Any) -> Any:
        started.append(asked["latents"])
        return inner(self, **asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model.pipeline.__class__, "__call__", listening)
        (made,) = model.sample(crop, request, (1,), silent)
    guidance = "true_cfg_scale" if name == "qwen-image" else "guidance_scale"
    negative = {"negative_prompt": " "} if name == "qwen-image" else {}
    theirs = getattr(diffusers, pipeline)(**model.pipeline.components)
    theirs.set_progress_bar_config(disable=True)
    expected = theirs(
        prompt=request.prompt,
        image=Image.fromarray(np.rint(crop.image * 255).astype(np.uint8)),
        strength=request.strength,
        num_inference_steps=request.steps,
        height=SIDE,
        width=SIDE,
        latents=started[-1],
        output_type="np",
        **{guidance: request.cfg},
        **negative,
    ).images[0]
    assert np.abs(made - expected).max() < 1e-4


@pytest.mark.parametrize("name", ["flux1", "sd3", "flux2-klein", "kandinsky3"])
def test_latents_outside_the_mask_are_those_of_the_picture_in_the_end(
    folder: Path, name: str
) -> None:
    model = load(folder, name)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:, SIDE // 2 :] = 255
    # An edit model holds the picture below full strength.
    crop, request = job(model, mask, strength=0.8)
    ended: list[torch.Tensor] = []
    with last_latents(ended):
        model.sample(crop, request, (1,), silent)
    finished = model.latents.unpack(ended[-1], SIDE, SIDE)
    original = model.latents.encode(crop.image)
    half = finished.shape[-1] // 2
    assert torch.equal(finished[..., :half], original[..., :half].to(finished.dtype))
    assert not torch.allclose(finished[..., half:], original[..., half:])


def test_grey_is_let_go_later_than_white(folder: Path) -> None:
    model = load(folder, "flux1")
    mask = np.full((SIDE, SIDE), 255, np.uint8)
    mask[:, : SIDE // 2] = 51
    crop, request = job(model, mask, strength=1.0)
    steps: list[torch.Tensor] = []
    with last_latents(steps):
        model.sample(crop, request, (1,), silent)
    noise = torch.randn((1, 16, 8, 8), generator=torch.Generator("cpu").manual_seed(1))
    original = model.latents.encode(crop.image)
    # A fifth of the strength: the last of five steps.
    held = [
        float((model.latents.unpack(step, SIDE, SIDE) - original)[..., :4].abs().mean())
        for step in steps
    ]
    assert len(steps) == 5
    assert held[3] < float((noise - original)[..., :4].abs().mean())
    assert held[4] > 0


def test_prompts_are_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(folder, "flux1")
    read: list[object] = []
    forward = type(model.pipeline.text_encoder_2).forward

    def counting(self: Any, *given: Any, **named: Any) -> Any:
        read.append(None)
        return forward(self, *given, **named)

    monkeypatch.setattr(type(model.pipeline.text_encoder_2), "forward", counting)
    crop, request = job(model, strength=0.5)
    for seed in (1, 2):
        model.sample(crop, request, (seed,), silent)
    assert len(read) == 1


@pytest.mark.parametrize("schedule", [Schedule.KARRAS, Schedule.EXPONENTIAL, Schedule.BETA])
def test_another_schedule_gives_another_picture(folder: Path, schedule: Schedule) -> None:
    model = load(folder, "sd3")
    crop, request = job(model, strength=1.0)
    (own,) = model.sample(crop, request, (1,), silent)
    (other,) = model.sample(crop, replace(request, schedule=schedule), (1,), silent)
    assert np.abs(own - other).mean() > 1e-3


def test_all_steps_are_run_at_every_strength_if_asked(folder: Path) -> None:
    model = load(folder, "sd3")
    crop, request = job(model, strength=0.5, full_steps=True)
    steps: list[torch.Tensor] = []
    with last_latents(steps):
        model.sample(crop, request, (1,), silent)
    assert len(steps) == request.steps


def test_a_scheduler_is_put_back_even_when_a_run_is_cut_short(folder: Path) -> None:
    model = load(folder, "sd3")
    own = model.pipeline.scheduler
    crop, request = job(model, strength=0.5)

    def stop(_report: object) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        model.sample(crop, request, (1,), stop)
    assert model.pipeline.scheduler is own


def test_a_sampler_that_it_has_not_is_refused_by_the_model_too(folder: Path) -> None:
    model = load(folder, "sd3")
    crop, request = job(model, schedule=Schedule.NORMAL)
    with pytest.raises(RequestError, match="schedule normal"):
        model.sample(crop, request, (1,), silent)


@pytest.mark.parametrize("name", ["flux1", "sd3", "z-image", "flux2-klein", "kandinsky3"])
def test_half_precision_runs_through(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # As on a GPU, but on the processor.
    monkeypatch.setattr(loading, "careful_type", lambda _device: torch.bfloat16)
    model = load(folder, name)
    assert model.pipeline.dtype == torch.bfloat16
    crop, request = job(model, strength=0.6)
    (image,) = model.sample(crop, request, (1,), silent)
    assert image.dtype == np.float32
    assert np.isfinite(image).all()


class last_latents:  # noqa: N801  a context, used like a function
    """Collects the latents that leave each step's callback."""

    def __init__(self, into: list[torch.Tensor]) -> None:
        self._into = into
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> None:
        from scumble_server.families.adapter import Run

        after, into = Run.after_step, self._into

        def listening(run: Run, *given: Any) -> dict[str, Any]:
            left = after(run, *given)
            into.append(left["latents"])
            return left

        self._patch.setattr(Run, "after_step", listening)

    def __exit__(self, *_error: object) -> None:
        self._patch.undo()
