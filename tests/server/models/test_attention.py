"""The kernel for attention is measured once, kept, and never another picture than torch's own."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.utils._python_dispatch import TorchDispatchMode

from scumble_server.models import attention, attention_kernels
from scumble_server.models.attention import choose_attention
from scumble_server.models.attention_kernels import (
    CUDNN,
    EFFICIENT,
    FLASH,
    MATH,
    TORCHS_OWN,
    Call,
    CallsSeen,
    preferring,
    seconds_by_kernel,
)
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent
from tests.server.models.checkpoints import make_folder
from tests.server.sampling.jobs import make_crop, make_request, sample_one

CPU = torch.device("cpu")
ON_A_CPU = (FLASH, MATH)
"""The kernels that a processor has."""

CALL = Call((2, 4, 16, 8), (2, 4, 7, 8), torch.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    make_folder(folder / "sd1")
    make_folder(folder / "sdxl", family="sdxl")
    return folder


@pytest.fixture
def model(folder: Path) -> DiffusionModel:
    return load(folder, "sd1")


def load(folder: Path, name: str) -> DiffusionModel:
    model = Shelf(Catalog([folder], folder / "none"), CPU).get(name, silent)
    assert isinstance(model, DiffusionModel)
    return model


class Operators(TorchDispatchMode):
    """Notes what torch calculates."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's own
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def order_now() -> list[int]:
    """In which order torch tries kernels."""
    return list(torch._C._get_sdp_priority_order())  # noqa: SLF001  (there is no public name for it)


def used(q: torch.Tensor) -> str:
    """The kernel that attention is calculated by at the moment."""
    with Operators() as seen:
        scaled_dot_product_attention(q, q, q)
    return FLASH if any("flash" in name for name in seen.names) else MATH


def measured_as(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> list[object]:
    """Let measuring give these; gets something whenever it is done."""
    done: list[object] = []

    def measure(*asked: object) -> dict[str, float]:
        done.append(asked)
        return seconds

    monkeypatch.setattr(attention, "seconds_by_kernel", measure)
    return done


def test_every_call_of_attention_is_seen(folder: Path) -> None:
    calls = attention.calls_of(load(folder, "sdxl"))
    assert {call.dtype for call in calls} == {torch.float32}
    assert {call.query[0] for call in calls} == {2}
    cross = sum(count for call, count in calls.items() if call.key[2] == 77)
    assert cross == sum(calls.values()) / 2 > 0


def test_what_has_a_mask_is_not_measured() -> None:
    rows = torch.zeros(1, 1, 4, 8)
    with CallsSeen() as seen:
        scaled_dot_product_attention(rows, rows, rows, attn_mask=torch.zeros(4, 4))
        scaled_dot_product_attention(rows, rows, rows, torch.zeros(4, 4))
    assert not seen.calls


def test_a_call_is_seen_whether_its_parts_are_named_or_not() -> None:
    query, rows = torch.zeros(2, 1, 3, 8), torch.zeros(2, 1, 4, 8)
    with CallsSeen() as seen:
        scaled_dot_product_attention(query, rows, rows)
        scaled_dot_product_attention(query=query, key=rows, value=rows)
    assert seen.calls == {Call((2, 1, 3, 8), (2, 1, 4, 8), torch.float32): 2}


def test_kernels_that_work_are_timed_and_those_that_refuse_are_left_out() -> None:
    spent = seconds_by_kernel({CALL: 3}, (CUDNN, FLASH, EFFICIENT, MATH), CPU)
    assert set(spent) == {TORCHS_OWN, FLASH, MATH}
    assert all(seconds > 0 for seconds in spent.values())


@pytest.mark.parametrize("wrong", [1.1, float("nan")])
def test_a_kernel_that_gives_something_else_is_left_out(
    wrong: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        flash = torch.backends.cuda.flash_sdp_enabled()
        return scaled_dot_product_attention(query, key, value) * (1.0 if flash else wrong)

    monkeypatch.setattr(attention_kernels, "scaled_dot_product_attention", broken)
    assert set(seconds_by_kernel({CALL: 1}, ON_A_CPU, CPU)) == {TORCHS_OWN, FLASH}


def test_memory_that_is_short_is_no_reason_to_leave_a_kernel_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def short(*_heads: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(attention_kernels, "scaled_dot_product_attention", short)
    with pytest.raises(torch.OutOfMemoryError):
        seconds_by_kernel({CALL: 1}, ON_A_CPU, CPU)


def test_a_preferred_kernel_is_used_where_it_can_be_and_no_longer() -> None:
    q = torch.rand(1, 2, 8, 8)
    before = order_now()
    assert used(q) == FLASH
    with preferring(FLASH):
        assert used(q) == FLASH
    with preferring(CUDNN):  # no processor has it
        assert used(q) == FLASH
    assert order_now() == before
    assert torch.backends.cuda.cudnn_sdp_enabled()


def test_a_clear_winner_is_preferred_and_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "attention.json"
    done = measured_as(monkeypatch, torch=1.0, math=0.9)
    for _ in range(2):
        model = load(folder, "sd1")
        choose_attention(model, file, ON_A_CPU)
        assert model.attention == MATH
    assert len(done) == 1
    choose_attention(load(folder, "sdxl"), file, ON_A_CPU)
    assert len(done) == 2  # another make of UNet


def test_a_small_gain_is_left_to_torch(
    model: DiffusionModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured_as(monkeypatch, torch=1.0, math=0.97)
    choose_attention(model, tmp_path / "attention.json", ON_A_CPU)
    assert model.attention is None


def test_a_process_that_measuring_ended_is_followed_by_one_that_does_not_measure(
    model: DiffusionModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "attention.json"

    def die(*_: object) -> dict[str, float]:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "seconds_by_kernel", die)
        with pytest.raises(KeyboardInterrupt):
            choose_attention(model, file, ON_A_CPU)
    done = measured_as(monkeypatch, torch=1.0, math=0.5)
    choose_attention(model, file, ON_A_CPU)
    assert not done
    assert model.attention is None


@pytest.mark.parametrize("error", [RuntimeError("no such kernel"), torch.OutOfMemoryError("CUDA")])
def test_what_can_not_be_measured_is_left_to_torch_and_said(
    error: Exception,
    model: DiffusionModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> dict[str, float]:
        raise error

    monkeypatch.setattr(attention, "seconds_by_kernel", fail)
    with caplog.at_level(logging.WARNING):
        choose_attention(model, tmp_path / "attention.json", ON_A_CPU)
    assert model.attention is None
    assert "left to torch" in caplog.text


def test_a_choice_that_can_not_be_kept_is_not_made(
    model: DiffusionModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured_as(monkeypatch, torch=1.0, math=0.5)
    choose_attention(model, tmp_path / "missing" / "attention.json", ON_A_CPU)
    assert model.attention is None


@pytest.mark.parametrize("kept", ["", "[1]", '{"other": "math"}', "{"])
def test_a_damaged_file_is_made_anew(
    kept: str, model: DiffusionModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "attention.json"
    file.write_text(kept)
    measured_as(monkeypatch, torch=1.0, math=0.5)
    choose_attention(model, file, ON_A_CPU)
    assert model.attention == MATH
    assert list(tmp_path.iterdir()) == [file]


def test_the_whole_way_is_gone_with_a_real_model(model: DiffusionModel, tmp_path: Path) -> None:
    file = tmp_path / "attention.json"
    choose_attention(model, file, ON_A_CPU)
    assert model.attention in {None, FLASH, MATH}
    first = model.attention
    choose_attention(model, file, ON_A_CPU)
    assert model.attention == first


def test_a_job_with_a_preferred_kernel_gives_the_picture_and_leaves_torch_as_it_was(
    model: DiffusionModel,
) -> None:
    before = order_now()
    plain = sample_one(make_crop(), model, make_request(steps=2), 1, silent)
    model.attention = EFFICIENT
    preferred = sample_one(make_crop(), model, make_request(steps=2), 1, silent)
    assert np.allclose(preferred, plain, atol=1e-4)
    assert order_now() == before
    assert torch.backends.cuda.cudnn_sdp_enabled()


def test_on_a_cpu_the_choice_stays_torchs(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "attention.json"
    shelf = Shelf(Catalog([folder], folder / "none"), CPU, attention=file)
    model = shelf.get("sd1", silent)
    assert isinstance(model, DiffusionModel)
    assert model.attention is None
    assert not file.exists()
