"""What the rungs for short memory cost and bring, tried with a few channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from scumble_cli.benchmarks import gpu_memory, ladder
from scumble_cli.benchmarks.device_peak import DevicePeak, can_tell, more_for
from scumble_cli.benchmarks.figure import Figure, Times, Unmeasured
from scumble_cli.benchmarks.gpu_models import unet_pipeline
from scumble_cli.benchmarks.gpu_scale import Scale
from scumble_cli.benchmarks.ladder import Cost

CPU = torch.device("cpu")
SMALL = Scale(CPU, is_small=True, most_steps=2)
MIB = 2**20

only_where_told = pytest.mark.skipif(
    not can_tell(CPU), reason="only Linux says how much memory a process took: run this there"
)


@pytest.fixture(autouse=True)
def one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setenv("SCUMBLE_STATE", str(tmp_path))


@only_where_told
def test_the_most_that_work_takes_is_counted_though_it_is_given_back() -> None:
    def work() -> int:
        return int(np.ones(64 * MIB, np.uint8).sum())

    work()
    assert more_for(CPU, work) == pytest.approx(64, abs=24)
    kept = np.ones(64 * MIB, np.uint8)
    counted = DevicePeak(CPU)
    assert counted.more < 24
    assert counted.most > 64
    assert kept.all()


@only_where_told
def test_each_rung_has_what_it_saves_and_what_it_costs() -> None:
    found = ladder.ladder(1, SMALL)
    figures = {it.name: it for it in found if isinstance(it, Figure)}
    assert not [it for it in found if isinstance(it, Unmeasured)]
    for model in ("starter", "SD 1.5 (random weights)"):
        for rung in (
            "tiles",
            "1 at once instead of 2",
            "2 at once instead of 4",
            "half the pixels",
        ):
            lost = [name for name in figures if model in name and name.endswith(f": {rung}, lost")]
            assert lost, (model, rung)
            assert all(figures[name.replace("lost", "saved")].unit == "MiB" for name in lost)
    assert {it.unit for it in figures.values()} == {"s", "MiB", "x"}


@only_where_told
def test_a_picture_that_would_take_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "MOST_SECONDS", 0.0)
    missing = [it for it in ladder.ladder(1, SMALL) if isinstance(it, Unmeasured)]
    assert [it.name.rpartition(" ")[2] for it in missing] == 2 * ["768²", "1024²", "2048²"]


def test_a_rung_that_saves_is_weighed_by_what_it_saves() -> None:
    before, taken = Cost(Times((2.0, 3.0)), 3072.0), Cost(Times((5.0, 9.0)), 1024.0)
    saved, lost, weighed = ladder._rung("tiles", taken, before)  # noqa: SLF001
    assert isinstance(saved, Figure)
    assert isinstance(lost, Figure)
    assert isinstance(weighed, Figure)
    assert (saved.value, lost.value, weighed.value) == (2048.0, 3.0, 1.5)
    assert len(ladder._rung("tiles", before, taken)) == 2  # noqa: SLF001  (it saves nothing)


def test_a_unet_whose_layers_take_turns_predicts_the_same() -> None:
    unet = unet_pipeline("sd1", SMALL).unet.eval()
    read, text = torch.randn(2, 4, 8, 8), torch.randn(2, 77, unet.config.cross_attention_dim)
    with torch.inference_mode():
        plain = unet(read, 500, text).sample
        gpu_memory.grouped(unet, CPU)
        assert torch.equal(unet(read, 500, text).sample, plain)
