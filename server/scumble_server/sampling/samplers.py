"""The samplers as painters know them: diffusers' class for each, and what may be asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scumble_protocol.choices import Sampler, Schedule, schedules_for
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.requests import Refinement, Regenerate, Request, Upscale

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FLOW = "flow"
"""What models predict that were trained on flows (SD 3, FLUX and later ones)."""

SAMPLE = "sample"


@dataclass(frozen=True)
class Recipe:
    """diffusers' class for a sampler.

    Args:
        scheduler: The name of the class; `ThirdOrderSde` is ours.
        normalized: Whether its samples keep a variance of 1 (signal² + noise² = 1); in the others
            the picture always has its full strength.
        changes: What the sampler changes in the model's own scheduler config.
        predicts_sample: Whether it can do with a model that predicts the picture itself.
    """

    scheduler: str
    normalized: bool
    changes: Mapping[str, Any] = field(default_factory=dict)
    predicts_sample: bool = False


def _solver(scheduler: str, algorithm: str, order: int) -> Recipe:
    # Lower orders at the end: the last step goes to no noise at all, where the others are unstable.
    changes = {"algorithm_type": algorithm, "solver_order": order, "lower_order_final": True}
    return Recipe(scheduler, True, changes, predicts_sample=True)


RECIPES = {
    Sampler.EULER: Recipe("EulerDiscreteScheduler", normalized=False, predicts_sample=True),
    Sampler.EULER_A: Recipe("EulerAncestralDiscreteScheduler", normalized=False),
    Sampler.HEUN: Recipe("HeunDiscreteScheduler", normalized=False, predicts_sample=True),
    Sampler.DPM2: Recipe("KDPM2DiscreteScheduler", normalized=False),
    Sampler.DPM2_A: Recipe("KDPM2AncestralDiscreteScheduler", normalized=False),
    Sampler.LMS: Recipe("LMSDiscreteScheduler", normalized=False, predicts_sample=True),
    Sampler.DPMPP_2S: _solver("DPMSolverSinglestepScheduler", "dpmsolver++", 2),
    Sampler.DPMPP_2M: _solver("DPMSolverMultistepScheduler", "dpmsolver++", 2),
    Sampler.DPMPP_2M_SDE: _solver("DPMSolverMultistepScheduler", "sde-dpmsolver++", 2),
    Sampler.DPMPP_3M_SDE: _solver("ThirdOrderSde", "sde-dpmsolver++", 3),
    Sampler.DPMPP_SDE: Recipe("DPMSolverSDEScheduler", normalized=False),
    Sampler.DDIM: Recipe("DDIMScheduler", normalized=True, predicts_sample=True),
    Sampler.UNIPC: Recipe("UniPCMultistepScheduler", normalized=True, predicts_sample=True),
    Sampler.LCM: Recipe("LCMScheduler", normalized=True, predicts_sample=True),
    Sampler.TCD: Recipe("TCDScheduler", normalized=True, predicts_sample=True),
}
"""For models whose noise is added to pictures. Those trained on flows have Euler's method alone."""


def samplers_for(prediction: str) -> tuple[Sampler, ...]:
    """The samplers that models have which predict this: as `ModelSpec.prediction`, or `flow`."""
    if prediction == FLOW:
        return (Sampler.FLOW_EULER,)
    return tuple(
        sampler
        for sampler, recipe in RECIPES.items()
        if prediction != SAMPLE or recipe.predicts_sample
    )


def check_sampler(sampler: Sampler, prediction: str) -> None:
    """Refuse a sampler that a model can't be sampled with.

    Raises:
        RequestError: It is not among those of models that predict this.
    """
    having = samplers_for(prediction)
    if sampler not in having:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The sampler {sampler.value} does not fit this model.",
            f"Choose {_either(choice.value for choice in having)}.",
        )


def check_request(request: Request) -> None:
    """Refuse a request whose sampler has not the schedule that it asks for.

    Raises:
        RequestError: As `check_schedule`.
    """
    asked = request.refinement if isinstance(request, Upscale) else request
    if isinstance(asked, (Regenerate, Refinement)):
        check_schedule(asked.sampler, asked.schedule)


def check_schedule(sampler: Sampler, schedule: Schedule) -> None:
    """Refuse a schedule that a sampler has not.

    Raises:
        RequestError: The two make no sense together.
    """
    having = schedules_for(sampler)
    if schedule not in having:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The sampler {sampler.value} has no {schedule.value} schedule.",
            f"Choose {_either(choice.value for choice in having)}, or another sampler.",
        )


def _either(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
