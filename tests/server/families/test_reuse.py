"""Blocks of a transformer that are left out where little changed, for those who ask for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scumble_protocol.errors import RequestError
from scumble_server.families.adapter import FamilyModel
from scumble_server.families.known import FAMILIES
from scumble_server.models.configs import read_spec
from scumble_server.models.folders import check_folder
from scumble_server.pixels.opencv import Floats
from scumble_server.spec import Weights
from scumble_server.work.report import Reporter, silent
from tests.server.families.test_adapter import job, load
from tests.server.families.tiny import make_family

REUSING = tuple(family.id for family in FAMILIES if family.reuses)

TRIED = ("flux1", "flux1-fill", "flux1-kontext", "qwen-image")
"""Those of Qwen-Image that edit differ from it in what they read, and take 15 seconds each."""

ALWAYS = 0.99
"""Nearly: the first block of these models changes by less from any step to the next."""

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


class Counting:
    """The runs of a model's last block, and what it was told to do meanwhile."""

    def __init__(self, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.model = load(folder, name)
        self.transformer: Any = self.model.pipeline.transformer
        blocks = getattr(self.transformer, "single_transformer_blocks", None)
        self.last = (blocks or self.transformer.transformer_blocks)[-1]
        self.runs = 0
        forward = self.last.forward

        def counting(*given: Any, **named: Any) -> Any:
            self.runs += 1
            return forward(*given, **named)

        monkeypatch.setattr(self.last, "forward", counting)
        self._forward = counting

    @property
    def is_as_before(self) -> bool:
        return self.last.forward is self._forward and not self.transformer.is_cache_enabled

    def asked_for(self, reuse: float) -> FamilyModel:
        self.model.spec = replace(self.model.spec, reuse=reuse)
        return self.model

    def made(self, reuse: float, seeds: tuple[int, ...] = (1,)) -> tuple[Floats, ...]:
        model = self.asked_for(reuse)
        self.runs = 0
        crop, request = job(model, strength=1.0)
        return model.sample(crop, request, seeds, silent)


def test_every_family_that_is_tried_says_that_it_can() -> None:
    assert set(TRIED) <= set(REUSING)


@pytest.mark.parametrize("name", TRIED)
def test_blocks_are_left_out_only_where_it_is_asked_for(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counting(folder, name, monkeypatch)
    (plain,) = counted.made(0.0)
    whole = counted.runs
    # So little that every step counts as changed: the same arithmetic by another way.
    (every,) = counted.made(1e-12)
    assert counted.runs == whole
    assert np.abs(every - plain).max() < 1e-5
    (fewer,) = counted.made(ALWAYS)
    assert 0 < counted.runs < whole
    assert np.isfinite(fewer).all()
    assert counted.is_as_before
    (again,) = counted.made(0.0)
    assert np.array_equal(again, plain)


def test_what_a_job_kept_is_nothing_to_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counting(folder, "flux1", monkeypatch)
    (first,) = counted.made(ALWAYS)
    assert counted.runs > 0
    (second,) = counted.made(ALWAYS)
    assert counted.runs > 0
    assert np.array_equal(first, second)


def test_a_cancel_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counting(folder, "flux1", monkeypatch)
    (expected,) = counted.made(ALWAYS)
    model = counted.asked_for(ALWAYS)
    crop, request = job(model, strength=1.0)
    with pytest.raises(InterruptedError):
        model.sample(crop, request, (2,), _after(6))
    assert counted.is_as_before
    (after,) = counted.made(ALWAYS)
    assert np.array_equal(after, expected)


def test_a_picture_does_not_depend_on_those_made_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counting(folder, "flux1", monkeypatch)
    (alone,) = counted.made(0.05, (7,))
    _, together = counted.made(0.05, (6, 7))
    assert np.array_equal(alone, together)


def test_a_models_own_file_asks_for_it(tmp_path: Path) -> None:
    made = make_family(tmp_path / "flux1", "flux1")
    recommended = made / "scumble.json"
    weights = check_folder(made)
    assert read_spec(made, weights=weights).reuse == 0
    recommended.write_text(json.dumps({"reuse": 0.08}), "utf-8")
    assert read_spec(made, weights=weights).reuse == 0.08


@pytest.mark.parametrize("value", [-0.1, 1, "NaN", "much", None])
def test_an_impossible_share_is_refused(tmp_path: Path, value: object) -> None:
    made = make_family(tmp_path / "flux1", "flux1")
    (made / "scumble.json").write_text(json.dumps({"reuse": value}), "utf-8")
    with pytest.raises(RequestError, match=r"scumble\.json has an impossible value"):
        read_spec(made, weights=Weights())


def _after(reports: int) -> Reporter:
    """Raises at a report in the midst of a run."""
    left = [reports]

    def stop(_report: object) -> None:
        left[0] -= 1
        if not left[0]:
            raise InterruptedError

    return stop
