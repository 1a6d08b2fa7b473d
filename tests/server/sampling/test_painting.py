"""Several passes in one request: each goes over what the one before it made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pytest

from scumble_protocol.choices import MaskedContent
from scumble_protocol.messages import Phase
from scumble_protocol.requests import Regenerate
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.model import Model
from scumble_server.pixels.crop import Crop
from scumble_server.pixels.opencv import Floats
from scumble_server.sampling.steps import steps_run
from scumble_server.work.painting import paint
from scumble_server.work.report import Cancelled, ProgressReport, Report, Reporter, silent
from tests.server.sampling.jobs import half_mask, make_crop, make_request


@dataclass
class Brightening:
    """A model that makes everything a tenth brighter for each run, and keeps what it was asked."""

    asked: list[tuple[Crop, Regenerate, tuple[int, ...]]] = field(default_factory=list)

    def sample(
        self, crop: Crop, request: Regenerate, seeds: tuple[int, ...], report: Reporter
    ) -> tuple[Floats, ...]:
        self.asked.append((crop, request, seeds))
        steps = steps_run(request.steps, request.strength, full=request.full_steps)
        report(ProgressReport(Phase.ENCODING, 0, 1))
        for step in range(steps + 1):
            left = float(steps - step) if step > 1 else -1.0
            report(ProgressReport(Phase.SAMPLING, step, steps, left))
        report(ProgressReport(Phase.DECODING, 0, 1))
        return tuple(crop.image + np.float32(0.1) for _ in seeds)


def painted(
    seeds: tuple[int, ...] = (5,), **changes: object
) -> tuple[Brightening, Any, list[ProgressReport]]:
    model = Brightening()
    told: list[Report] = []
    request = make_request(**({"steps": 10, "strength": 0.7} | changes))
    made = paint(make_crop(half_mask()), cast("Model", model), request, seeds, told.append)
    return model, made, [report for report in told if isinstance(report, ProgressReport)]


def sampling(told: list[ProgressReport]) -> list[ProgressReport]:
    return [report for report in told if report.phase is Phase.SAMPLING]


def test_each_pass_goes_over_the_result_of_the_one_before_it_inside_the_mask() -> None:
    model, ((image, _),), _ = painted(passes=(0.4, 0.2))
    crop, mask = make_crop(half_mask()), half_mask() > 0
    for number, (given, _, _) in enumerate(model.asked):
        changed = given.image - crop.image
        np.testing.assert_allclose(changed[mask], 0.1 * number, atol=1e-6)
        assert not changed[~mask].any()
        assert given.denoise is model.asked[0][0].denoise
    np.testing.assert_allclose((image - crop.image)[mask], 0.3, atol=1e-6)


def test_every_pass_is_told_with_its_strength_and_the_steps_that_were_run() -> None:
    _, ((_, passes),), _ = painted(passes=(0.4, 0.2))
    assert [ran.name for ran in passes] == ["pass 1", "pass 2", "pass 3"]
    assert [ran.strength for ran in passes] == [0.7, 0.4, 0.2]
    assert [ran.steps for ran in passes] == [7, 4, 2]
    _, ((_, passes),), _ = painted(passes=(0.4,), full_steps=True)
    assert [ran.steps for ran in passes] == [10, 10]


def test_a_pass_has_noise_of_its_own_and_begins_with_the_picture() -> None:
    model, _, _ = painted(passes=(0.4, 0.2), content=MaskedContent.NOISE)
    seeds = [seeds for _, _, seeds in model.asked]
    assert seeds[0] == (5,)
    assert len(set(seeds)) == 3
    contents = [request.content for _, request, _ in model.asked]
    assert contents == [MaskedContent.NOISE, MaskedContent.ORIGINAL, MaskedContent.ORIGINAL]


def test_the_first_pass_makes_all_variations_at_once_and_the_others_each_for_itself() -> None:
    model, made, _ = painted(seeds=(1, 2, 3), passes=(0.4,))
    assert [len(seeds) for _, _, seeds in model.asked] == [3, 1, 1, 1]
    assert len(made) == 3
    _, alone, _ = painted(seeds=(2,), passes=(0.4,))
    np.testing.assert_array_equal(made[1][0], alone[0][0])


@pytest.mark.parametrize(("seeds", "steps"), [((5,), 13), ((5, 6, 7), 39)])
def test_progress_counts_on_over_all_passes_and_variations(
    seeds: tuple[int, ...], steps: int
) -> None:
    _, _, told = painted(seeds=seeds, passes=(0.4, 0.2))
    of = {report.of for report in sampling(told)}
    assert of == {steps}
    counted = [report.step for report in sampling(told)]
    assert counted == sorted(counted)
    assert (counted[0], counted[-1]) == (0, steps)


def test_the_time_left_includes_the_passes_to_come() -> None:
    _, _, told = painted(passes=(0.4,))
    first, second = told[:10], told[10:]
    # A step takes a second, and four are to come in the second pass.
    assert [report.seconds_left for report in sampling(first)] == [-1, -1, 9, 8, 7, 6, 5, -1]
    assert [report.seconds_left for report in sampling(second)] == [-1, -1, 2, 1, 0]


def test_a_real_model_does_its_passes_the_same_way_each_time(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model, crop = tiny_model("sd1"), make_crop(half_mask())
    request = make_request(passes=(0.5, 0.3))
    first, again = (paint(crop, model, request, (5,), silent)[0][0] for _ in range(2))
    assert first.tobytes() == again.tobytes()
    one = paint(crop, model, replace(request, passes=()), (5,), silent)[0][0]
    assert np.abs(first - one)[half_mask() > 0].mean() > 1 / 255


def test_a_cancel_in_a_later_pass_stops_within_the_step(
    tiny_model: Callable[[str], DiffusionModel],
) -> None:
    model = tiny_model("sd1")
    evaluations: list[int] = []
    hook = model.unet.register_forward_hook(lambda *_: evaluations.append(1))

    def report(told: Report) -> None:
        if isinstance(told, ProgressReport) and told.phase is Phase.SAMPLING and told.step == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        paint(make_crop(), model, make_request(passes=(0.5,)), (5,), report)
    hook.remove()
    assert len(evaluations) == 5
