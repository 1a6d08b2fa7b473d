"""Blocks of a transformer run by one code, each on its own weights, and pictures stay the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from scumble_server.compiling import blocks, unet
from scumble_server.compiling.blocks import CompiledBlocks, Form
from scumble_server.compiling.calls import put_together, taken_apart
from scumble_server.compiling.compiler import Compiler
from scumble_server.compiling.unet import attach, attach_blocks
from scumble_server.families.adapter import FamilyModel
from scumble_server.families.known import FAMILIES
from scumble_server.models.sources import FolderSource
from scumble_server.pixels.opencv import Floats
from scumble_server.work.report import silent
from tests.server.compiling.exporting import REFUSING, Exporting
from tests.server.compiling.test_unet import needs_compiler
from tests.server.families.test_adapter import job, load

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

COMPILED = [family.id for family in FAMILIES if family.compiles]


@pytest.fixture(scope="module", autouse=True)
def enough_memory() -> Iterator[None]:
    """However much others take of it while this runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unet, "COMPILER_BYTES", 0)
        yield


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("families")


@pytest.fixture(scope="module")
def twice(folder: Path) -> Path:
    """The folder of a FLUX.1 with two single blocks, called `flux1` like the one with one."""
    inner = folder / "twice"
    inner.mkdir()
    load(inner, "flux1")
    part = inner / "flux1" / "transformer"
    config = diffusers.FluxTransformer2DModel.load_config(str(part))
    torch.manual_seed(3)
    made = diffusers.FluxTransformer2DModel.from_config({**config, "num_single_layers": 2})
    made.save_pretrained(part)
    return inner


def made_by(model: FamilyModel, **changes: Any) -> Floats:
    crop, request = job(model, strength=1.0)
    (picture,) = model.sample(crop, replace(request, **changes), (1,), silent)
    return picture


@pytest.mark.timeout(1200)
def test_blocks_run_by_one_code_make_the_same_picture(
    twice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_compiler()
    kind = diffusers.FluxTransformer2DModel
    monkeypatch.setattr(kind, "_repeated_blocks", ["FluxSingleTransformerBlock"])
    model, compiler = load(twice, "flux1"), Compiler(tmp_path)
    expected, weights = made_by(model), model.bytes
    attach_blocks(model, "model", compiler)
    assert np.array_equal(made_by(model), expected)
    compiler.wait()
    (file,) = tmp_path.iterdir()
    compiled = made_by(model)
    assert np.abs(compiled - expected).max() < 1e-3
    assert model.bytes == weights + file.stat().st_size
    block = type(model.pipeline.transformer.single_transformer_blocks[0])
    with monkeypatch.context() as patch:
        patch.delattr(block, "forward")
        assert np.array_equal(made_by(model), compiled)
    # What the cache of blocks needs is around each of them.
    model.spec = replace(model.spec, reuse=1e-9)
    assert np.array_equal(made_by(model), expected)
    model.spec = replace(model.spec, reuse=0.0)
    hook = model.pipeline.transformer.register_forward_hook(lambda _part, _read, given: given)
    assert np.array_equal(made_by(model), expected)
    hook.remove()
    assert np.array_equal(made_by(model), compiled)
    assert model.forget()
    assert np.array_equal(made_by(model), expected)
    assert model.bytes == weights


@pytest.mark.parametrize("name", COMPILED)
def test_what_is_exported_makes_what_the_blocks_make_whatever_the_prompt(
    folder: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, compiler = load(folder, name), Exporting(tmp_path)
    monkeypatch.setattr(blocks, "ApartCode", compiler.code)
    expected = made_by(model)
    attach_blocks(model, "model", compiler)
    assert np.abs(made_by(model) - expected).max() < 1e-3
    kinds = {order.module.block for order in compiler.orders.values()}  # type: ignore[union-attr]
    assert kinds == set(model.pipeline.transformer._repeated_blocks)  # noqa: SLF001
    ordered = len(compiler.orders)
    made_by(model, prompt="a much longer prompt that says the same of another cup, which is green")
    assert len(compiler.orders) == ordered


def test_on_a_processor_and_where_calls_differ_blocks_are_left_alone(
    folder: Path, tmp_path: Path
) -> None:
    compiler = Compiler(tmp_path, REFUSING)
    model = load(folder, "flux1")
    attach(model, FolderSource("flux1", folder, model.spec), compiler)
    assert model.compiled is None
    model.family = replace(model.family, compiles=False)
    attach_blocks(model, "flux1", compiler)
    assert model.compiled is None


def test_without_a_compiler_blocks_calculate_as_ever(folder: Path, tmp_path: Path) -> None:
    model, compiler = load(folder, "flux1"), Compiler(tmp_path, REFUSING)
    expected = made_by(model)
    model.compiled = CompiledBlocks(model.pipeline.transformer, compiler)
    for _ in range(2):
        assert np.array_equal(made_by(model), expected)
        compiler.wait()
    assert not model.compiled.forget()
    assert "forward" not in vars(model.pipeline.transformer.transformer_blocks[0])


def test_a_call_is_the_same_after_it_was_taken_apart() -> None:
    one, two = torch.ones(2), torch.zeros(3, 2).t()
    given = (one, None, [1, "word", (two, 0.5)])
    named = {"told": {"inner": one, "flag": True}, "pair": (one, two)}
    taken = taken_apart(given, named)
    assert taken is not None
    call, row = taken
    assert all(tensor.is_contiguous() for tensor in row.values())
    again_given, again_named = put_together(call, row)
    assert again_given[1] is None
    assert again_given[2][:2] == [1, "word"]
    assert isinstance(again_given[2][2], tuple)
    assert torch.equal(again_given[2][2][0], two)
    assert again_given[2][2][1] == 0.5
    assert list(again_named) == ["told", "pair"]
    assert again_named["told"]["flag"] is True
    assert isinstance(again_named["pair"], tuple)


@pytest.mark.parametrize("value", [object(), torch.float32, {1, 2}, b"bytes"])
def test_a_call_with_anything_else_is_not_compiled(value: Any) -> None:
    assert taken_apart((torch.ones(1), value), {}) is None


def test_what_a_block_gives_has_its_form_again() -> None:
    one, two = torch.ones(1), torch.zeros(1)
    assert Form(one).filled([two]) is two
    assert Form((None, one)).filled([two]) == (None, two)
    assert Form((one, one)).filled([one, two]) == (one, two)
