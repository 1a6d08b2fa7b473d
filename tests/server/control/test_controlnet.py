"""ControlNets in the loop give what diffusers' own pipelines give, from the same noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scumble_protocol.choices import Sampler
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import ControlKind
from scumble_protocol.requests import Regenerate
from scumble_server.control.guides import ControlGuide, Guides, Influence
from scumble_server.control.kinds import UNION
from scumble_server.control.networks import ControlNet
from scumble_server.control.places import Role
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.pixels.crop import Crop
from scumble_server.work.report import Cancelled, ProgressReport, Report, silent
from tests.server.control.conftest import Added, Get
from tests.server.sampling.jobs import SIDE, half_mask, make_crop, make_request, sample_one
from tests.server.sampling.test_against_diffusers import assert_same_picture, encode_mode

SEED = 7


def picture(seed: int = 0) -> NDArray[np.float32]:
    """A control picture: a few lines."""
    random = np.random.default_rng(seed)
    made = np.zeros((SIDE, SIDE, 3), np.float32)
    made[random.integers(0, SIDE, 6)] = 1
    made[:, random.integers(0, SIDE, 6)] = 1
    return made


def guide(
    network: object,
    kind: ControlKind = ControlKind.CANNY,
    influence: Influence = Influence(),  # noqa: B008 (frozen)
    seed: int = 0,
) -> ControlGuide:
    assert isinstance(network, ControlNet)
    return ControlGuide(kind, picture(seed), network, influence)


def crop_with(*controls: ControlGuide, mask: NDArray[np.float32] | None = None) -> Crop:
    return replace(make_crop(mask), guides=Guides(controls))


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
@pytest.mark.parametrize("cfg", [1.0, 5.0])
@pytest.mark.parametrize("sampler", [Sampler.EULER, Sampler.HEUN])
def test_img2img_with_a_control_equals_diffusers(
    family: str, cfg: float, sampler: Sampler, model: Get, added: Added
) -> None:
    control = guide(added(Role.CONTROL, f"{family}-canny"), influence=Influence(0.8))
    request = make_request(cfg=cfg, sampler=sampler)
    ours = sample_one(crop_with(control), model(family), request, SEED, silent)
    assert_same_picture(ours, theirs(model(family), "Img2Img", crop_with(control), request))
    assert differs(ours, sample_one(make_crop(), model(family), request, SEED, silent))


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_several_controls_in_parts_of_the_steps_equal_diffusers(
    family: str, model: Get, added: Added
) -> None:
    first = guide(added(Role.CONTROL, f"{family}-canny"), influence=Influence(0.9, 0.0, 0.5))
    second = guide(
        added(Role.CONTROL, f"{family}-depth"), ControlKind.DEPTH, Influence(0.5, 0.3, 1.0), 1
    )
    crop, request = crop_with(first, second), make_request(steps=8)
    ours = sample_one(crop, model(family), request, SEED, silent)
    assert_same_picture(ours, theirs(model(family), "Img2Img", crop, request))


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
@pytest.mark.parametrize("strength", [0.6, 1.0])
@pytest.mark.parametrize("kind", ["", "-inpaint"])
def test_inpainting_with_a_control_equals_diffusers(
    family: str, strength: float, kind: str, model: Get, added: Added
) -> None:
    control = guide(added(Role.CONTROL, f"{family}-canny"))
    # An inpainting UNet repaints everything in diffusers; ours puts the surroundings back.
    crop = crop_with(control, mask=None if kind else half_mask())
    request = make_request(strength=strength)
    ours = sample_one(crop, model(family + kind), request, SEED, silent)
    assert_same_picture(ours, theirs(model(family + kind), "Inpaint", crop, request))


@pytest.mark.parametrize("kind", [ControlKind.CANNY, ControlKind.POSE, ControlKind.TILE])
def test_a_union_network_equals_diffusers(kind: ControlKind, model: Get, added: Added) -> None:
    control = guide(added(Role.CONTROL, "sdxl-union"), kind, Influence(0.7))
    request = make_request()
    ours = sample_one(crop_with(control), model("sdxl"), request, SEED, silent)
    assert_same_picture(ours, theirs(model("sdxl"), "Img2Img", crop_with(control), request))


def test_a_union_network_sees_black_where_an_inpaint_control_is_hidden(added: Added) -> None:
    hidden = np.full((8, 8, 3), -1, np.float32)
    union, plain = added(Role.CONTROL, "sdxl-union"), added(Role.CONTROL, "sdxl-canny")
    assert isinstance(union, ControlNet)
    assert isinstance(plain, ControlNet)
    assert float(union.condition(ControlKind.INPAINT, hidden).min()) == 0
    assert float(plain.condition(ControlKind.INPAINT, hidden).min()) == -1


def test_a_control_of_weight_0_changes_nothing(model: Get, added: Added) -> None:
    control = guide(added(Role.CONTROL, "sd1-canny"), influence=Influence(0.0))
    ours = sample_one(crop_with(control), model("sd1"), make_request(), SEED, silent)
    assert (ours == sample_one(make_crop(), model("sd1"), make_request(), SEED, silent)).all()


def test_the_original_layout_is_the_same_network(model: Get, added: Added) -> None:
    crops = [
        crop_with(guide(added(Role.CONTROL, name))) for name in ("sd1-canny", "original-lineart")
    ]
    made = [sample_one(crop, model("sd1"), make_request(), SEED, silent) for crop in crops]
    assert (made[0] == made[1]).all()


def test_a_network_for_another_model_is_refused(model: Get, added: Added) -> None:
    crop = crop_with(guide(added(Role.CONTROL, "sdxl-canny")))
    with pytest.raises(RequestError) as caught:
        sample_one(crop, model("sd1"), make_request(), SEED, silent)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MODEL


def test_cancel_takes_effect_at_the_next_step(model: Get, added: Added) -> None:
    steps = []

    def report(told: Report) -> None:
        if isinstance(told, ProgressReport) and told.step:
            steps.append(told.step)
            raise Cancelled

    with pytest.raises(Cancelled):
        sample_one(
            crop_with(guide(added(Role.CONTROL, "sd1-canny"))),
            model("sd1"),
            make_request(),
            SEED,
            report,
        )
    assert len(steps) == 1


def test_each_of_a_batch_gets_the_control(model: Get, added: Added) -> None:
    crop = crop_with(guide(added(Role.CONTROL, "sd1-canny")))
    both = model("sd1").sample(crop, make_request(), (SEED, 8), silent)
    for made, seed in zip(both, (SEED, 8), strict=True):
        alone = sample_one(crop, model("sd1"), make_request(), seed, silent)
        assert float(np.abs(made - alone).max()) < 1e-3


def differs(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    return float(np.abs(one - other).max()) > 8 / 255


def theirs(
    model: DiffusionModel, task: str, crop: Crop, request: Regenerate
) -> NDArray[np.float32]:
    """What diffusers' pipeline with ControlNets makes of it, with our way to encode: the mode."""
    controls = crop.guides.controls
    networks = [control.network.module for control in controls]  # type: ignore[attr-defined]
    is_union = isinstance(networks[0], diffusers.ControlNetUnionModel)
    name = (
        "StableDiffusionXLControlNet"
        if "XL" in type(model.pipeline).__name__
        else ("StableDiffusionControlNet")
    )
    kind = getattr(diffusers, f"{name}{'Union' if is_union else ''}{task}Pipeline")
    names = set(kind._get_signature_keys(kind)[0])  # noqa: SLF001 - there is no public way to ask
    parts = {key: part for key, part in model.pipeline.components.items() if key in names}
    samplers = {
        Sampler.EULER: diffusers.EulerDiscreteScheduler,
        Sampler.HEUN: diffusers.HeunDiscreteScheduler,
    }
    parts["scheduler"] = samplers[request.sampler].from_config(model.pipeline.scheduler.config)
    parts["controlnet"] = networks if len(networks) > 1 else networks[0]
    options = {} if "XL" in name else {"requires_safety_checker": False}
    pipeline = kind(**parts, **options)
    pipeline.set_progress_bar_config(disable=True)
    return run(pipeline, crop, request, is_union=is_union)


def run(pipeline: Any, crop: Crop, request: Regenerate, *, is_union: bool) -> NDArray[np.float32]:
    controls = crop.guides.controls
    many = len(controls) > 1 or is_union

    def one_or_many(values: list[Any]) -> Any:
        return values if many else values[0]

    def tensor(values: NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy(values).permute(2, 0, 1)[None]

    pictures = one_or_many([tensor(control.picture) for control in controls])
    options: dict[str, Any] = {"control_image": pictures}
    if is_union:
        options["control_mode"] = [UNION[controls[0].kind]]
    if "Inpaint" in type(pipeline).__name__:
        options |= {"image": crop.image[None], "mask_image": crop.denoise[None, ..., None]}
        options |= {"height": SIDE, "width": SIDE}
    else:
        with torch.inference_mode():
            options["image"] = encode_mode(pipeline, 2 * tensor(crop.image) - 1)
    pipeline._encode_vae_image = lambda image, generator: encode_mode(pipeline, image)  # noqa: SLF001
    single = len(controls) == 1
    made = pipeline(
        request.prompt,
        negative_prompt=request.negative,
        strength=request.strength,
        num_inference_steps=request.steps,
        guidance_scale=request.cfg,
        generator=torch.Generator().manual_seed(SEED),
        controlnet_conditioning_scale=(
            controls[0].influence.weight
            if single
            else [control.influence.weight for control in controls]
        ),
        control_guidance_start=[control.influence.start for control in controls],
        control_guidance_end=[control.influence.end for control in controls],
        output_type="np",
        **options,
    )
    picture: NDArray[np.float32] = made.images[0]
    return picture
