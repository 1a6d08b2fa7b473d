"""Which samplers a model has, which schedules a sampler has, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scumble_protocol.choices import Sampler, Schedule, schedules_for
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.requests import LoadModel, Upscale
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.sampling.samplers import (
    RECIPES,
    check_request,
    check_sampler,
    samplers_for,
)
from scumble_server.work.report import silent
from tests.protocol.samples import REFINE
from tests.server.sampling.jobs import make_crop, make_request

if TYPE_CHECKING:
    from collections.abc import Callable


def test_every_sampler_but_that_of_flows_has_a_recipe() -> None:
    assert set(RECIPES) == set(Sampler) - {Sampler.FLOW_EULER}
    assert samplers_for("epsilon") == tuple(RECIPES)
    assert samplers_for("flow") == (Sampler.FLOW_EULER,)


def test_every_sampler_has_the_automatic_schedule() -> None:
    for sampler in Sampler:
        assert Schedule.AUTOMATIC in schedules_for(sampler)


@pytest.mark.parametrize(
    ("sampler", "schedule"),
    [
        (Sampler.LCM, Schedule.KARRAS),
        (Sampler.TCD, Schedule.BETA),
        (Sampler.DDIM, Schedule.NORMAL),
        (Sampler.DPMPP_3M_SDE, Schedule.NORMAL),
        (Sampler.FLOW_EULER, Schedule.NORMAL),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_with_those_that_do(
    sampler: Sampler, schedule: Schedule
) -> None:
    with pytest.raises(RequestError) as refused:
        check_request(make_request(sampler=sampler, schedule=schedule))
    assert refused.value.code is ErrorCode.INVALID_VALUE
    assert sampler.value in refused.value.message
    assert schedule.value in refused.value.message
    for having in schedules_for(sampler):
        assert having.value in refused.value.hint


def test_the_sampler_of_a_refinement_is_checked_too() -> None:
    assert isinstance(REFINE, Upscale)
    assert REFINE.refinement is not None
    check_request(REFINE)
    check_request(LoadModel("tiny"))
    wrong = replace(REFINE.refinement, sampler=Sampler.LCM, schedule=Schedule.KARRAS)
    with pytest.raises(RequestError, match="lcm has no karras"):
        check_request(replace(REFINE, refinement=wrong))


def test_a_sampler_for_flows_is_refused_before_anything_runs(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model = tiny_model("sd1")
    evaluations: list[int] = []
    hook = model.unet.register_forward_hook(lambda *_: evaluations.append(1))
    with pytest.raises(RequestError) as refused:
        model.sample(make_crop(), make_request(sampler=Sampler.FLOW_EULER), (1,), silent)
    hook.remove()
    assert refused.value.hint.startswith("Choose euler, euler_a")
    assert not evaluations


def test_a_model_that_predicts_pictures_has_not_the_samplers_that_can_not_read_them() -> None:
    check_sampler(Sampler.DPMPP_2M, "sample")
    with pytest.raises(RequestError):
        check_sampler(Sampler.DPM2, "sample")
