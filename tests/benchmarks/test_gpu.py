"""What is measured on a GPU, tried with a few channels on the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from diffusers.models.attention_dispatch import dispatch_attention_fn

from scumble_cli.benchmarks import (
    gpu,
    gpu_attention,
    gpu_bridge,
    gpu_loading,
    gpu_memory,
    gpu_models,
    gpu_preview,
    gpu_scale,
    gpu_sizes,
)
from scumble_cli.benchmarks.figure import Figure, Times, Unmeasured
from scumble_cli.benchmarks.gpu_limits import Limit
from scumble_cli.benchmarks.gpu_pair import sharing_weights
from scumble_cli.benchmarks.gpu_scale import NO_GPU, Scale, full_scale
from scumble_cli.benchmarks.suites import MEASUREMENTS, SUITES

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Scale(torch.device("cpu"), is_small=True, most_steps=2, compiler="eager", mode=None)
"""With nothing generated: torch only traces what it would compile."""

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setenv("SCUMBLE_STATE", str(tmp_path))


@pytest.mark.parametrize(
    ("made", "millions"), [("sd1", 859.5), ("sdxl", 2567.5), ("flux", 11901.4)]
)
def test_denoisers_have_as_many_weights_as_published(made: str, millions: float) -> None:
    nowhere = Scale(torch.device("meta"))
    pipeline = (
        gpu_models.flux_pipeline(nowhere)
        if made == "flux"
        else gpu_models.unet_pipeline(made, nowhere)
    )
    denoiser = pipeline.unet if made != "flux" else pipeline.transformer
    weights = sum(parameter.numel() for parameter in denoiser.parameters())
    assert weights / 1e6 == pytest.approx(millions, abs=0.1)


def test_limits_are_those_of_the_arithmetic() -> None:
    # 40 evaluations of 6.761 teraflops and a decoder's 10.47, at 790 a second.
    assert Limit("sdxl", 1024, 40).seconds == pytest.approx(0.3556, abs=1e-4)
    limit, part = Limit("sdxl", 1024, 40).figures("a", Times((0.7112, 0.9)))
    assert (limit.unit, part.unit) == ("s", "x")
    assert part.value == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("measure", [gpu.sdxl_inpainting, gpu.flux])
def test_jobs_are_timed_beside_diffusers_eager_and_compiled(
    measure: gpu_scale.Measurement,
) -> None:
    found = measure(1, SMALL)
    figures = {it.name: it for it in found if isinstance(it, Figure)}
    assert not [it for it in found if isinstance(it, Unmeasured)]
    assert all("random weights" in name for name in figures)
    assert sum("diffusers" in name for name in figures) >= 4
    (best,) = (it for it in figures.values() if it.goal is not None)
    assert best.value == min(
        it.value
        for name, it in figures.items()
        if name in {f"{best.name}, eager", f"{best.name}, compiled"}
    )


def test_a_copy_shares_its_weights_and_nothing_else() -> None:
    unet = gpu_models.unet_pipeline("sd1", SMALL).unet
    other = sharing_weights(unet)
    assert [id(it) for it in other.parameters()] == [id(it) for it in unet.parameters()]
    unet.eval()
    other.train()
    assert not unet.training


@pytest.mark.parametrize(
    ("measure", "goal"), [(gpu.sd1, 0.04), (gpu.sdxl, 1.0), (gpu.sdxl_few, 0.15)]
)
def test_a_compiler_that_fails_leaves_the_eager_figures(
    measure: gpu_scale.Measurement, goal: float
) -> None:
    broken = Scale(
        torch.device("cpu"), is_small=True, most_steps=1, compiler="none such", mode=None
    )
    found = measure(1, broken)
    (missing,) = (it for it in found if isinstance(it, Unmeasured))
    assert "can't compile" in missing.why
    assert any(isinstance(it, Figure) and it.goal == goal for it in found)


def test_two_sizes_are_compiled_once_each() -> None:
    figures = {it.name: it.value for it in gpu_sizes.sizes(2, SMALL) if isinstance(it, Figure)}
    assert figures["graphs compiled while two sizes took turns"] == 0


def test_loading_is_compared_with_reading_the_files() -> None:
    ratio, loading, reading, size = gpu_loading.loading(1, SMALL)
    assert isinstance(ratio, Figure)
    assert isinstance(loading, Figure)
    assert isinstance(reading, Figure)
    assert isinstance(size, Figure)
    assert ratio.value == loading.value / reading.value
    assert 0 < size.value < 1


def test_every_way_to_save_memory_is_timed_or_said_to_need_a_gpu() -> None:
    found = gpu_memory.memory(1, SMALL)
    timed = {
        it.name.removesuffix(", memory").rpartition(", ")[2]
        for it in found
        if isinstance(it, Figure)
    }
    assert timed == {"all on the GPU", "VAE in tiles"}
    missing = {it.name.rpartition(", ")[2] for it in found if isinstance(it, Unmeasured)}
    assert len(timed) + len(missing) == len(gpu_memory.WAYS)
    assert all(it.why for it in found if isinstance(it, Unmeasured))


def test_both_kinds_of_previews_are_timed() -> None:
    mapped, decoded = gpu_preview.preview(2, SMALL)
    assert isinstance(mapped, Figure)
    assert isinstance(decoded, Figure)
    assert mapped.value > 0
    assert decoded.value > 0


def test_attention_that_needs_another_device_is_named_with_its_reason() -> None:
    found = gpu_attention.attention(1, SMALL)
    assert isinstance(found[0], Figure)
    missing = [it for it in found if isinstance(it, Unmeasured)]
    assert {it.name.split()[-2] for it in missing} >= {"_flash_3"}
    assert all(it.why for it in missing)


def test_each_of_torchs_kernels_is_timed_for_a_unet_or_named_with_a_reason() -> None:
    own, over, *alone = gpu_attention.unet_attention(2, SMALL)
    assert isinstance(own, Figure)
    assert isinstance(over, Figure)
    assert "flash attention over" in over.name  # the one that a processor has
    timed = [it for it in alone if isinstance(it, Figure)]
    assert [it.name.rpartition(" ")[2] for it in timed] == ["torch", "flash"]
    assert all(it.value > 0 for it in timed)
    assert len(alone) - len(timed) == 2


def test_a_choice_of_attention_does_not_outlast_its_measurement() -> None:
    gpu_attention.attention(1, SMALL)
    rows = torch.rand(1, 4, 2, 8)
    # Flash attention, which is tried last, takes no mask.
    dispatch_attention_fn(rows, rows, rows, attn_mask=torch.ones(4, 4, dtype=torch.bool))


def test_a_server_with_random_weights_is_compared_with_the_call_in_process() -> None:
    found = gpu_bridge.bridge(1, SMALL)
    ratio, bridged, direct = found[:3]
    assert isinstance(ratio, Figure)
    assert isinstance(bridged, Figure)
    assert isinstance(direct, Figure)
    assert ratio.value == bridged.value / direct.value
    assert ratio.goal == 1.02


@pytest.mark.skipif(full_scale() is not None, reason="there is a GPU: `scumble bench --suite gpu`")
@pytest.mark.parametrize("name", SUITES["gpu"])
def test_without_a_gpu_each_measurement_says_so_in_a_sentence(name: str) -> None:
    import importlib

    module, function = MEASUREMENTS[name].split(":")
    measure = getattr(importlib.import_module(f"scumble_cli.benchmarks.{module}"), function)
    (missing,) = measure(3)
    assert (type(missing), missing.why) == (Unmeasured, NO_GPU)
