"""What requests choose from, under the names that the field gives them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any


class Sampler(str, enum.Enum):
    """How a picture is denoised from step to step; `ModelInfo` says which a model has."""

    EULER = "euler"
    EULER_A = "euler_a"
    HEUN = "heun"
    DPM2 = "dpm2"
    DPM2_A = "dpm2_a"
    LMS = "lms"
    DPMPP_2S = "dpmpp_2s"
    DPMPP_2M = "dpmpp_2m"
    DPMPP_2M_SDE = "dpmpp_2m_sde"
    DPMPP_3M_SDE = "dpmpp_3m_sde"
    DPMPP_SDE = "dpmpp_sde"
    DDIM = "ddim"
    UNIPC = "unipc"
    LCM = "lcm"
    TCD = "tcd"
    FLOW_EULER = "flow_euler"
    """Euler's method for models that were trained on flows."""


class Schedule(str, enum.Enum):
    """At which noise levels a sampler stops; ComfyUI says scheduler, A1111 schedule type."""

    AUTOMATIC = "automatic"
    """Those that the model's files ask for."""
    NORMAL = "normal"
    """Evenly spaced timesteps, the first and the last among them."""
    KARRAS = "karras"
    EXPONENTIAL = "exponential"
    SGM_UNIFORM = "sgm_uniform"
    """Evenly spaced timesteps from the last one on, the end left out."""
    SIMPLE = "simple"
    """Evenly spaced entries of the model's own table."""
    BETA = "beta"


_TIMESTEPS = (Schedule.AUTOMATIC, Schedule.SGM_UNIFORM, Schedule.SIMPLE)
_NOT_NORMAL = tuple(item for item in Schedule if item is not Schedule.NORMAL)
_SOME = {
    # DDIM's formula takes for granted that steps are equally long up to the end.
    Sampler.DDIM: (Schedule.AUTOMATIC, Schedule.SGM_UNIFORM),
    # Consistency models know whole timesteps alone, and timestep 0 gives back what they read.
    Sampler.LCM: _TIMESTEPS,
    Sampler.TCD: _TIMESTEPS,
    # A third order falls over the leap down to the lowest level.
    Sampler.DPMPP_3M_SDE: _NOT_NORMAL,
    # A flow ends in the picture itself, where nothing is left to be done.
    Sampler.FLOW_EULER: _NOT_NORMAL,
}


def schedules_for(sampler: Sampler) -> tuple[Schedule, ...]:
    """The schedules that make sense with a sampler."""
    return _SOME.get(sampler, tuple(Schedule))


def schedule_with(sampler: Sampler, usual: Schedule) -> Schedule:
    """The usual schedule where the sampler has it, else `AUTOMATIC`, which all have."""
    return usual if usual in schedules_for(sampler) else Schedule.AUTOMATIC


class MaskedContent(str, enum.Enum):
    """What a model finds under the mask at first."""

    ORIGINAL = "original"
    """What the picture has there; at strength 1 nothing of it is kept all the same."""
    FILL = "fill"
    """A smooth continuation of the surroundings, at every strength."""
    NOISE = "noise"
    """Random latents: nothing of the picture, but all of its liveliness."""
    NOTHING = "nothing"
    """Latents of zero: a middle tone without any detail."""
    REMOVE = "remove"
    """What the surroundings have, structure and texture too, as if the thing had not been there."""


class ResizeMode(str, enum.Enum):
    """How a picture is brought to the size of a result that has another one."""

    STRETCH = "stretch"
    """Just resize: both sides by their own factor."""
    CROP = "crop"
    """Crop and resize: one factor, and what is too much is cut off on both sides alike."""
    FILL = "fill"
    """Resize and fill: one factor, and what is missing is made from the surroundings."""
    LATENT = "latent"
    """As `stretch`, but of the latents, which leaves a model more to invent."""


_OLD_SAMPLERS = {
    "dpmpp_2m_karras": {"sampler": Sampler.DPMPP_2M.value, "schedule": Schedule.KARRAS.value},
    "dpmpp_sde_karras": {"sampler": Sampler.DPMPP_SDE.value, "schedule": Schedule.KARRAS.value},
}


def modern(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a record, perhaps an old one, as they are called now.

    Samplers and schedules were one choice at first; layers and journals of then are still read.
    """
    sampler = fields.get("sampler")
    old = _OLD_SAMPLERS.get(sampler) if isinstance(sampler, str) else None
    return {**fields, **old} if old else fields
