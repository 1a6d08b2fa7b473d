"""UNets that are compiled beside the jobs predict the same, and nobody who paints waits for it."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from scumble_protocol.errors import RequestError
from scumble_server.compiling import codes, unet
from scumble_server.compiling import compiler as compiler_module
from scumble_server.compiling.compiler import Compiler
from scumble_server.compiling.order import Order, UnetFile, read_order, unet_file
from scumble_server.compiling.program import Evaluation
from scumble_server.compiling.rows import as_row, as_told, example, shapes_of
from scumble_server.config import ServerConfig
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.packed import packed_bytes
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent
from tests.server.compiling.exporting import REFUSING
from tests.server.models.checkpoints import make_folder
from tests.server.sampling.jobs import make_crop, make_request, sample_one

READ, TIMESTEP = torch.zeros(2, 4, 8, 8), torch.tensor(500.0)
TOLERANCE = 1e-5
"""Between predictions of the same UNet, whose values are about 1."""


def make_model(folder: Path, seed: int = 0) -> Path:
    """A model whose UNet is as small as one can be that attends to text."""
    make_folder(folder / "model", seed=seed)
    unet = diffusers.UNet2DConditionModel(
        block_out_channels=(16,),
        down_block_types=("CrossAttnDownBlock2D",),
        up_block_types=("CrossAttnUpBlock2D",),
        mid_block_type=None,
        layers_per_block=1,
        cross_attention_dim=32,
        attention_head_dim=4,
        norm_num_groups=8,
        sample_size=8,
    )
    unet.save_pretrained(folder / "model" / "unet")
    return folder


def load(folder: Path, compiler: Compiler | None) -> DiffusionModel:
    torch.set_num_threads(1)
    shelf = Shelf(Catalog([folder], folder / "none"), torch.device("cpu"), compiler=compiler)
    model = shelf.get("model", silent)
    assert isinstance(model, DiffusionModel)
    return model


def text(count: int = 2) -> dict[str, Any]:
    return {"encoder_hidden_states": torch.ones(count, 77, 32)}


def predict(model: DiffusionModel, count: int = 2) -> torch.Tensor:
    read = torch.linspace(-1, 1, count * 4 * 64).reshape(count, 4, 8, 8)
    with torch.inference_mode(), model.evaluating():
        return model.predict(read, TIMESTEP, text(count))


def needs_compiler() -> None:
    """Skip where nothing can be compiled."""
    if not any(map(shutil.which, (os.environ.get("CXX", "g++"), "clang++"))):
        pytest.skip("there is no C++ compiler: install g++")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def code(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the code for `predict` of two samples, made by the real program."""
    needs_compiler()
    folder = tmp_path_factory.mktemp("code")
    compiler = Compiler(folder)
    predict(load(made, compiler))
    compiler.wait()
    assert [file.suffix for file in folder.iterdir()] == [".so"]
    return folder


@pytest.mark.timeout(1200)
def test_compiled_code_predicts_what_the_unet_predicts(
    made: Path, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, plain = load(made, Compiler(code, REFUSING)), load(made, None)
    weights = model.bytes
    expected = predict(plain)
    first = predict(model)  # which is compared with what the UNet predicts
    monkeypatch.delattr(type(model.unet), "forward")
    assert torch.equal(predict(model), first)
    assert torch.allclose(first, expected, atol=TOLERANCE)
    assert model.bytes > weights


@pytest.mark.timeout(1200)
def test_a_job_with_compiled_code_makes_the_same_picture(made: Path, code: Path) -> None:
    request = make_request(prompt="a fox", steps=3)
    model, plain = load(made, Compiler(code, REFUSING)), load(made, None)
    pictures = [sample_one(make_crop(), each, request, 1, silent) for each in (model, plain)]
    assert model.compiled is not None
    assert model.compiled.bytes
    assert np.abs(pictures[0] - pictures[1]).max() < 1e-3


@pytest.mark.timeout(1200)
def test_what_alters_the_unet_alters_the_prediction(made: Path, code: Path) -> None:
    model = load(made, Compiler(code, REFUSING))
    before = predict(model)
    hook = model.unet.conv_out.register_forward_hook(lambda _module, _read, given: given + 1)
    altered = predict(model)
    hook.remove()
    assert torch.allclose(altered, before + 1, atol=TOLERANCE)
    assert torch.equal(predict(model), before)


@pytest.mark.timeout(1200)
def test_what_is_dropped_for_want_of_memory_stays_away(made: Path, code: Path) -> None:
    model = load(made, Compiler(code, REFUSING))
    weights = model.bytes
    before = predict(model)
    assert model.forget()
    assert model.bytes == weights + packed_bytes(model.unet)
    assert torch.allclose(predict(model), before, atol=TOLERANCE)
    assert model.bytes == weights + packed_bytes(model.unet)
    assert not model.forget()


def test_without_a_compiler_jobs_are_done_as_ever_and_the_log_says_so_once(
    made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    compiler = Compiler(tmp_path, REFUSING)
    model, plain = load(made, compiler), load(made, None)
    for count in (2, 1, 2):
        assert torch.equal(predict(model, count), predict(plain, count))
        compiler.wait()
    (said,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "there is no compiler here" in said.getMessage()
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_can_not_be_run_is_said_once(
    made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    compiler = Compiler(tmp_path, (str(tmp_path / "none"),))
    model = load(made, compiler)
    for _ in range(2):
        predict(model)
    assert len([record for record in caplog.records if record.name.endswith("compiler")]) == 1


def test_damaged_code_is_deleted_and_the_job_done_as_ever(made: Path, tmp_path: Path) -> None:
    model, plain = load(made, Compiler(tmp_path, REFUSING)), load(made, None)
    order = order_for(unet_file(made / "model", None, 4), rows(2))
    (tmp_path / order.name).write_bytes(b"no machine code")
    assert torch.equal(predict(model), predict(plain))
    assert not (tmp_path / order.name).exists()


def test_sizes_alternate_with_the_code_of_each_loaded_once(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    class Code:
        bytes = 10

        def __init__(self, file: Path) -> None:
            loaded.append(file.name)

        def __call__(self, row: list[torch.Tensor]) -> list[torch.Tensor]:
            return [row[0] * len(row[0])]

    monkeypatch.setattr(unet, "WholeCode", Code)
    monkeypatch.setattr(codes, "is_like", lambda *_compared, fast: True)
    file = unet_file(made / "model", None, 4)
    orders = {count: order_for(file, rows(count)) for count in (1, 2)}
    for order in orders.values():
        (tmp_path / order.name).touch()
    model = load(made, Compiler(tmp_path, REFUSING))
    factors = [predict(model, count).abs().max().round() for count in (1, 2, 1, 2)]
    assert factors == [1, 2, 1, 2]
    assert loaded == [orders[1].name, orders[2].name]
    monkeypatch.setattr(codes, "CODE_KEPT", 1)
    model = load(made, Compiler(tmp_path, REFUSING))
    for count in (1, 2, 1):
        predict(model, count)
    assert loaded[2:] == [orders[1].name, orders[2].name, orders[1].name]


def test_the_file_of_an_order_is_another_after_any_change(tmp_path: Path) -> None:
    weights = tmp_path / "unet" / "model.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"weights")
    file = unet_file(tmp_path, None, 4)
    order = order_for(file, rows(2))
    os.utime(weights, (1, 1))
    assert not file.is_unchanged
    others = [
        order_for(unet_file(tmp_path, None, 4), rows(2)),
        order_for(file, rows(1)),
        order_for(file, rows(2) | {"timestep": TIMESTEP.double()}),
        replace(order, threads=order.threads + 1),
    ]
    assert len({each.name for each in (order, *others)}) == 5


def test_an_order_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    (tmp_path / "configs" / "unet").mkdir(parents=True)
    (tmp_path / "configs" / "unet" / "config.json").touch()
    for file in (
        unet_file(tmp_path / "model.safetensors", tmp_path / "configs", 9),
        unet_file(tmp_path / "configs", None, 4),
    ):
        order = order_for(file, rows(2))
        assert read_order(order.written()) == order
        row = example(order.tensors, order.device)
        assert order_for(file, row) == order
        assert row["read"].is_contiguous(memory_format=torch.channels_last)


def test_conditions_are_the_same_after_a_row() -> None:
    given = text() | {"added_cond_kwargs": {"text_embeds": torch.ones(2, 4), "time_ids": READ}}
    row = as_row(READ, TIMESTEP, given)
    assert row is not None
    told = as_told(row)
    assert list(told) == ["encoder_hidden_states", "added_cond_kwargs"]
    assert torch.equal(told["added_cond_kwargs"]["text_embeds"], torch.ones(2, 4))
    assert list(told["added_cond_kwargs"]) == ["text_embeds", "time_ids"]


@pytest.mark.parametrize(
    "told",
    [
        {"down_block_additional_residuals": [READ]},
        {"encoder_hidden_states": (READ, [READ])},
        {"added_cond_kwargs": {"image_embeds": [READ]}},
        {"timestep_cond": None},
    ],
)
def test_what_controls_and_references_add_is_not_compiled(told: dict[str, Any]) -> None:
    assert as_row(READ, TIMESTEP, told) is None


def test_what_is_exported_reads_the_row_by_its_names() -> None:
    class Unet(torch.nn.Module):
        def forward(self, read: Any, timestep: Any, *, return_dict: bool, **told: Any) -> Any:
            assert not return_dict
            return (read + timestep + told["added_cond_kwargs"]["time_ids"],)

    row = as_row(READ, TIMESTEP, {"added_cond_kwargs": {"time_ids": READ + 1}})
    assert row is not None
    assert torch.equal(Evaluation(Unet(), tuple(row))(*row.values()), READ + 501)


def test_the_oldest_code_goes_when_there_is_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = "import sys, pathlib as p; sys.stdin.readline();"
    writing += "p.Path(sys.stdin.readline().strip()).write_bytes(bytes(60))"
    monkeypatch.setattr(compiler_module, "KEPT_BYTES", 130)
    (tmp_path / "unet.safetensors").touch()
    file = unet_file(tmp_path / "unet.safetensors", None, 4)
    folder = tmp_path / "code"
    compiler = Compiler(folder, (sys.executable, "-c", writing))
    orders = [order_for(file, rows(count)) for count in (1, 2, 3)]
    for age, order in enumerate(orders[:2]):
        assert compiler.find(order) is None
        compiler.wait()
        os.utime(folder / order.name, (age, age))
    assert compiler.find(orders[0]) is not None  # so that it was used last
    compiler.find(orders[2])
    compiler.wait()
    assert {kept.name for kept in folder.iterdir()} == {orders[0].name, orders[2].name}
    monkeypatch.setattr(compiler_module, "KEPT_BYTES", 50)
    compiler.find(orders[1])
    compiler.wait()
    assert [kept.name for kept in folder.iterdir()] == [orders[1].name]


def test_a_unet_that_the_machine_has_too_little_memory_to_compile_is_left_alone(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unet, "MEMORY_TIMES", 10**9)
    assert load(made, Compiler(tmp_path, REFUSING)).compiled is None


@pytest.mark.parametrize("said", ["yes", "", "ON"])
def test_a_config_says_on_or_off(tmp_path: Path, said: str) -> None:
    with pytest.raises(RequestError, match="whether to compile"):
        ServerConfig(state=tmp_path, compile=said)


def order_for(file: UnetFile, row: dict[str, torch.Tensor]) -> Order:
    return Order(file, shapes_of(row), torch.get_num_threads())


def rows(count: int) -> dict[str, torch.Tensor]:
    """What one evaluation of so many samples reads."""
    row = as_row(torch.zeros(count, 4, 8, 8), TIMESTEP, text(count))
    assert row is not None
    return row
