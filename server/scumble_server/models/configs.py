"""From the configs of a diffusers folder to a `ModelSpec`; needs neither weights nor torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scumble_protocol.choices import Sampler, Schedule, modern
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import Ability
from scumble_server.control.bases import base_of
from scumble_server.families.known import FAMILIES, family_of
from scumble_server.families.reading import decoder_width, read_family_spec
from scumble_server.models.headers import damaged
from scumble_server.models.json_files import read_json
from scumble_server.sampling.samplers import samplers_for
from scumble_server.spec import ModelSpec, Weights

if TYPE_CHECKING:
    from pathlib import Path

RECOMMENDATIONS = "scumble.json"
"""A file in a model's folder with any of `FIELDS` (and `title`), which beat those of the family."""

MOST_OF_TITLE = 200


def _share(value: Any) -> float:
    """A number from 0 up to 1."""
    number = float(value)
    if not 0 <= number < 1:
        raise ValueError(f"{value} is not from 0 to below 1")
    return number


FIELDS: dict[str, Callable[[Any], Any]] = {
    "native_side": int,
    "min_side": int,
    "max_side": int,
    "max_pixels": int,
    "steps": int,
    "cfg": float,
    "sampler": Sampler,
    "schedule": Schedule,
    "reuse": _share,
}


PIPELINES = frozenset(
    f"StableDiffusion{family}{task}Pipeline"
    for family in ("", "XL")
    for task in ("", "Img2Img", "Inpaint")
) | {"LatentConsistencyModelPipeline", "LatentConsistencyModelImg2ImgPipeline"}
"""The pipeline classes whose parts the sampling loop can drive."""


@dataclass(frozen=True)
class Habits:
    """What suits a family when its files don't say."""

    steps: int
    cfg: float
    sampler: Sampler
    schedule: Schedule


HABITS = {
    "sd1": Habits(20, 7.0, Sampler.DPMPP_2M, Schedule.KARRAS),
    "sd2": Habits(20, 7.0, Sampler.DPMPP_2M, Schedule.KARRAS),
    "sdxl": Habits(25, 6.0, Sampler.DPMPP_2M, Schedule.KARRAS),
}

UNET_ABILITIES = tuple(ability for ability in Ability if ability is not Ability.EDIT)

QUICK = Habits(6, 8.0, Sampler.LCM, Schedule.AUTOMATIC)
"""What suits a UNet that reads the guidance scale itself: it was distilled for few steps."""

SD2_TEXT_WIDTH = 1024
"""Cross-attention width of SD 2.x, whose text encoder is OpenCLIP ViT-H (SD 1.x has 768)."""


def read_spec(folder: Path, *, weights: Weights, unet_channels: int | None = None) -> ModelSpec:
    """The spec of the model whose configs lie in `folder`.

    Args:
        folder: Has `model_index.json`, `unet/config.json`, `vae/config.json` and
            `scheduler/scheduler_config.json`; for other families what `read_family_spec` reads.
        weights: What its files hold.
        unet_channels: Channels that the UNet reads, where its weights know better than its config.

    Raises:
        RequestError: `DAMAGED_MODEL` naming the file, or `UNSUPPORTED_MODEL`.
    """
    pipeline = str(read_json(folder / "model_index.json").get("_class_name", ""))
    check_pipeline(pipeline, folder)
    if own := family_of(pipeline):
        spec = read_family_spec(folder, own, weights=weights)
        return recommended(spec, folder / RECOMMENDATIONS)
    unet = read_json(folder / "unet" / "config.json")
    vae = read_json(folder / "vae" / "config.json")
    scheduler = read_json(folder / "scheduler" / "scheduler_config.json")
    try:
        family = _family(pipeline, unet)
        spec = _spec(family, unet, vae, str(scheduler.get("prediction_type", "epsilon")), weights)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise damaged(folder / "unet" / "config.json", f"lacks {error}") from error
    if unet_channels is not None:
        spec = replace(spec, unet_channels=unet_channels)
    return recommended(spec, folder / RECOMMENDATIONS)


def check_pipeline(name: str, where: Path) -> None:
    """Refuse a model that can't be run; `name` is diffusers' pipeline class."""
    if name not in PIPELINES and family_of(name) is None:
        titles = ", ".join(family.title.split(" ", 1)[1] for family in FAMILIES)
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"The model {where} is for {name or 'an unnamed pipeline'}, which Scumble can't run.",
            f"Choose a Stable Diffusion 1.x, 2.x or XL model, or one of: {titles}.",
        )


def recommended(spec: ModelSpec, path: Path) -> ModelSpec:
    """The spec with the values of a recommendation file, if it is there."""
    if not path.exists():
        return spec
    values = modern(read_json(path))
    if "sampler" in values:
        # Whoever names a sampler alone means it as the model's own files have it.
        values = {"schedule": Schedule.AUTOMATIC, **values}
    try:
        chosen = {name: kind(values[name]) for name, kind in FIELDS.items() if name in values}
    except (TypeError, ValueError) as error:
        raise damaged(path, f"has an impossible value ({error})") from error
    return replace(spec, **chosen)


def read_title(folder: Path, default: str) -> str:
    """The name to show for a model: from its recommendation file, else the default."""
    path = folder / RECOMMENDATIONS
    title = read_json(path).get("title", default) if path.exists() else default
    # JSON may have halves of characters, which can't be sent.
    return str(title).encode("utf-8", "replace").decode()[:MOST_OF_TITLE]


def _family(pipeline: str, unet: dict[str, Any]) -> str:
    if pipeline.startswith("StableDiffusionXL"):
        return "sdxl"
    return "sd2" if unet["cross_attention_dim"] == SD2_TEXT_WIDTH else "sd1"


def _spec(
    family: str, unet: dict[str, Any], vae: dict[str, Any], prediction: str, weights: Weights
) -> ModelSpec:
    # AutoencoderTiny names its two halves apart; each level but the first halves the sides.
    levels = vae.get("block_out_channels") or vae["encoder_block_out_channels"]
    latent_scale = 2 ** (len(levels) - 1)
    sample = unet["sample_size"]
    native = int(max(sample) if isinstance(sample, list) else sample) * latent_scale
    habits = QUICK if unet.get("time_cond_proj_dim") else HABITS[family]
    return ModelSpec(
        family=family,
        native_side=native,
        min_side=native // 2,
        # Beyond one and a half times the trained side, things begin to appear twice.
        max_side=native * 2,
        max_pixels=native * native * 9 // 4,
        multiple=latent_scale * 2 ** (len(unet["block_out_channels"]) - 1),
        latent_channels=int(unet["out_channels"]),
        latent_scale=latent_scale,
        unet_channels=int(unet["in_channels"]),
        prediction=prediction,
        bytes=weights.bytes,
        weights=weights,
        decoder_width=decoder_width(vae),
        steps=habits.steps,
        cfg=habits.cfg,
        sampler=habits.sampler,
        schedule=habits.schedule,
        base=base_of(int(unet["cross_attention_dim"])),
        abilities=UNET_ABILITIES,
        samplers=samplers_for(prediction),
    )
