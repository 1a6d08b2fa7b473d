"""The loop gives what diffusers' own pipelines give, from the same noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import diffusers
import numpy as np
import pytest
import torch

from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.requests import Regenerate
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.sampling.samplers import RECIPES
from scumble_server.work.report import silent
from tests.server.sampling.jobs import half_mask, make_crop, make_request, sample_one

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from scumble_server.pixels.crop import Crop

SEED = 7
LEVEL = 1 / 255

DETERMINISTIC = [
    Sampler.EULER,
    Sampler.HEUN,
    Sampler.DPM2,
    Sampler.DPMPP_2S,
    Sampler.DPMPP_2M,
    Sampler.DDIM,
    Sampler.UNIPC,
]
SEEDED = [
    Sampler.EULER_A,
    Sampler.DPM2_A,
    Sampler.DPMPP_2M_SDE,
    Sampler.LCM,
    Sampler.TCD,
]
"""These draw noise in each step, diffusers from the generator that it is given, like ours."""

INPAINTING = [each for each in (*DETERMINISTIC, *SEEDED) if each is not Sampler.DPM2]
"""Between two levels DPM2 stops at one that diffusers does not know of when it puts back what lies
outside the mask."""

FLAGS: dict[Schedule, dict[str, Any]] = {
    Schedule.AUTOMATIC: {},
    Schedule.NORMAL: {"timestep_spacing": "linspace"},
    # From the highest level on, as everybody's; the config of the models asks for a later start.
    Schedule.KARRAS: {"use_karras_sigmas": True, "timestep_spacing": "linspace"},
    Schedule.EXPONENTIAL: {"use_exponential_sigmas": True, "timestep_spacing": "linspace"},
    Schedule.SGM_UNIFORM: {"timestep_spacing": "trailing"},
}
"""How diffusers is asked for a schedule, where it has it at all."""

KARRAS_LIKE = [
    Sampler.EULER,
    Sampler.HEUN,
    Sampler.DPMPP_2S,
    Sampler.DPMPP_2M,
    Sampler.DPMPP_2M_SDE,
    Sampler.UNIPC,
]
SPACED = [
    (Schedule.NORMAL, [Sampler.EULER, Sampler.EULER_A, Sampler.HEUN, Sampler.DPM2, Sampler.DPM2_A]),
    (Schedule.KARRAS, KARRAS_LIKE),
    (Schedule.EXPONENTIAL, [Sampler.EULER, Sampler.HEUN, Sampler.DPM2]),
    (
        Schedule.SGM_UNIFORM,
        [
            Sampler.EULER,
            Sampler.EULER_A,
            Sampler.HEUN,
            Sampler.DPM2,
            Sampler.DPMPP_2M,
            Sampler.DPMPP_2M_SDE,
            Sampler.UNIPC,
            Sampler.DDIM,
        ],
    ),
]

FAMILIES = ["sd1", "sdxl"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("sampler", [*DETERMINISTIC, *SEEDED])
def test_img2img_equals_diffusers(
    family: str, sampler: Sampler, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    model = tiny_model(family)
    request = make_request(sampler=sampler)
    theirs = diffusers_image(model, "Img2Img", make_crop(), request)
    assert_same_picture(sample_one(make_crop(), model, request, SEED, silent), theirs)


@pytest.mark.parametrize(
    ("sampler", "schedule"),
    [(sampler, schedule) for schedule, samplers in SPACED for sampler in samplers],
)
@pytest.mark.parametrize("strength", [0.6, 0.9])
def test_every_schedule_that_diffusers_has_equals_its_own(
    sampler: Sampler,
    schedule: Schedule,
    strength: float,
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model = tiny_model("sd1")
    request = make_request(sampler=sampler, schedule=schedule, strength=strength)
    theirs = diffusers_image(model, "Img2Img", make_crop(), request)
    assert_same_picture(sample_one(make_crop(), model, request, SEED, silent), theirs)


def test_lms_equals_diffusers_where_it_starts_with_noise_alone(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    # In the middle of a schedule diffusers weighs predictions that there have not been.
    model = tiny_model("sd1")
    crop = make_crop(half_mask())
    request = make_request(sampler=Sampler.LMS, strength=1.0)
    theirs = diffusers_image(model, "Inpaint", crop, request)
    assert_same_picture(sample_one(crop, model, request, SEED, silent), theirs)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_cfg_rescale_equals_diffusers(
    share: float, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    model = tiny_model("sd1-v")  # with others it rescales noise, which is not what we do
    request = make_request(cfg_rescale=share, cfg=9.0)
    crop = make_crop()
    theirs = diffusers_image(model, "", crop, replace(request, strength=1.0))
    ours = sample_one(crop, model, replace(request, strength=1.0), SEED, silent)
    assert_same_picture(ours, theirs)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("strength", [0.6, 1.0])
@pytest.mark.parametrize("sampler", INPAINTING)
def test_inpainting_with_a_hard_mask_equals_diffusers(
    family: str, strength: float, sampler: Sampler, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    model = tiny_model(family)
    crop = make_crop(half_mask())
    request = make_request(sampler=sampler, strength=strength)
    theirs = diffusers_image(model, "Inpaint", crop, request)
    assert_same_picture(sample_one(crop, model, request, SEED, silent), theirs)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("strength", [0.6, 1.0])
@pytest.mark.parametrize("sampler", DETERMINISTIC)
def test_an_inpainting_unet_equals_diffusers(
    family: str, strength: float, sampler: Sampler, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    model = tiny_model(f"{family}-inpaint")
    crop = make_crop()
    request = make_request(sampler=sampler, strength=strength)
    theirs = diffusers_image(model, "Inpaint", crop, request)
    assert_same_picture(sample_one(crop, model, request, SEED, silent), theirs)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_an_inpainting_unet_equals_diffusers_where_the_surroundings_are_put_back(
    family: str, strength: float, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    # diffusers lets an inpainting UNet repaint everything; its step callback keeps the rest here.
    model = tiny_model(f"{family}-inpaint")
    crop = make_crop(half_mask())
    request = make_request(strength=strength)
    theirs = diffusers_image(model, "Inpaint", crop, request, puts_back=True)
    assert_same_picture(sample_one(crop, model, request, SEED, silent), theirs)


@pytest.mark.parametrize("prediction", ["v_prediction"])
@pytest.mark.parametrize("sampler", DETERMINISTIC)
def test_a_model_that_predicts_velocity_equals_diffusers(
    prediction: str, sampler: Sampler, tiny_model: Callable[[str], DiffusionModel]
) -> None:
    model = tiny_model("sd1-v")
    assert model.spec.prediction == prediction
    request = make_request(sampler=sampler)
    theirs = diffusers_image(model, "Img2Img", make_crop(), request)
    assert_same_picture(sample_one(make_crop(), model, request, SEED, silent), theirs)


def test_guidance_of_one_equals_diffusers_without_guidance(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model = tiny_model("sdxl")
    request = make_request(cfg=1.0)
    theirs = diffusers_image(model, "Img2Img", make_crop(), request)
    assert_same_picture(sample_one(make_crop(), model, request, SEED, silent), theirs)


def test_a_tiny_vae_equals_diffusers(tiny_model: Callable[[str], DiffusionModel]) -> None:
    model = tiny_model("sd1-tiny-vae")
    request = make_request()
    theirs = diffusers_image(model, "Img2Img", make_crop(), request)
    assert_same_picture(sample_one(make_crop(), model, request, SEED, silent), theirs)


def assert_same_picture(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> None:
    assert ours.shape == theirs.shape
    assert float(np.ptp(theirs)) > 8 * LEVEL, "a flat picture would prove nothing"
    assert float(np.abs(ours - theirs).max()) <= LEVEL


def diffusers_image(
    model: DiffusionModel, task: str, crop: Crop, request: Regenerate, *, puts_back: bool = False
) -> NDArray[np.float32]:
    """What diffusers' pipeline makes of a job, with our way to encode: the mode, no sample."""
    original = model.encode(crop.image)
    recipe = RECIPES[request.sampler]
    config = dict(model.pipeline.scheduler.config) | dict(recipe.changes)
    config |= FLAGS[request.schedule]
    scheduler = getattr(diffusers, recipe.scheduler).from_config(config)
    name = type(model.pipeline).__name__.replace("Inpaint", "").removesuffix("Pipeline")
    kind = getattr(diffusers, f"{name}{task}Pipeline")
    options = {} if "XL" in name else {"requires_safety_checker": False}
    names = set(kind._get_signature_keys(kind)[0])  # noqa: SLF001 - there is no public way to ask
    components = {key: part for key, part in model.pipeline.components.items() if key in names}
    pipeline = kind(**(components | {"scheduler": scheduler}), **options)
    pipeline.set_progress_bar_config(disable=True)
    if task:
        pipeline._encode_vae_image = lambda image, generator: encode_mode(pipeline, image)  # noqa: SLF001
    inputs: dict[str, Any] = {"image": original}
    if task == "Inpaint":
        size = dict(zip(("height", "width"), crop.image.shape[:2], strict=True))
        inputs = {"image": crop.image[None], "mask_image": crop.denoise[None, ..., None], **size}
    if not task:
        size = dict(zip(("height", "width"), crop.image.shape[:2], strict=True))
        inputs = {"guidance_rescale": request.cfg_rescale, **size}
    else:
        inputs["strength"] = request.strength
    if puts_back:
        inputs["callback_on_step_end"] = put_back(model, crop)
    made = pipeline(
        prompt=request.prompt,
        negative_prompt=request.negative,
        num_inference_steps=request.steps,
        guidance_scale=request.cfg,
        generator=torch.Generator().manual_seed(SEED),
        output_type="np",
        eta=0.3 if request.sampler is Sampler.TCD else 0.0,  # as its authors recommend
        **inputs,
    )
    picture: NDArray[np.float32] = made.images[0]
    return picture


def encode_mode(pipeline: Any, image: torch.Tensor) -> torch.Tensor:
    scaling: float = pipeline.vae.config.scaling_factor
    return torch.as_tensor(pipeline.vae.encode(image).latent_dist.mode() * scaling)


def put_back(model: DiffusionModel, crop: Crop) -> Callable[..., dict[str, torch.Tensor]]:
    original = model.encode(crop.image)
    noise = torch.randn(original.shape, generator=torch.Generator().manual_seed(SEED))
    mask = torch.from_numpy(crop.denoise)[None, None, ::8, ::8]

    def callback(
        pipeline: Any, step: int, _timestep: Any, values: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        sigma = pipeline.scheduler.sigmas[pipeline.scheduler.step_index]
        values["latents"] = torch.where(mask > 0, values["latents"], original + sigma * noise)
        return values

    return callback
