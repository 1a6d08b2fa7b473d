"""What calculates in fewer bits is compiled as it is, not as it was before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from scumble_server.compiling.architecture import architecture_of, built
from scumble_server.compiling.check import difference, is_like
from scumble_server.compiling.compiler import Compiler
from scumble_server.compiling.order import Order, read_order, unet_file
from scumble_server.compiling.unet import attach_apart
from scumble_server.models import fast
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.fast import Way, replace_layers
from scumble_server.models.fast_layers import QuantisedLinear
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent
from tests.server.compiling.test_unet import load, make_model, needs_compiler, predict

LIKE = 0.02
"""Between predictions in the same few bits, rounded in another order."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models"))


@pytest.fixture(autouse=True)
def half(monkeypatch: pytest.MonkeyPatch) -> None:
    """This processor counts as one that is quicker in bf16."""
    monkeypatch.setattr(fast, "offered", lambda _device: (Way.BF16,))


def quick(made: Path, compiler: Compiler | None = None) -> DiffusionModel:
    """The model in bf16."""
    torch.set_num_threads(1)
    shelf = Shelf(Catalog([made], made / "none"), torch.device("cpu"), None, compiler, fast=True)
    model = shelf.get("model", silent)
    assert isinstance(model, DiffusionModel)
    return model


def quantised(made: Path, way: Way) -> DiffusionModel:
    """The model as a GPU would have it."""
    model = load(made, None)
    assert replace_layers(model.unet, way)
    model.spec = replace(model.spec, fast=way.value)
    return model


def assert_compiled(model: DiffusionModel, compiler: Compiler, ending: str, folder: Path) -> None:
    expected = predict(model)
    compiler.wait()
    assert [file.suffix for file in folder.iterdir()] == [ending]
    predict(model)  # which is compared with what the UNet predicts
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(type(model.unet), "forward")
        assert difference(predict(model), expected) < LIKE


@pytest.mark.timeout(1200)
def test_a_halved_unet_is_compiled_with_its_weights(made: Path, tmp_path: Path) -> None:
    needs_compiler()
    compiler = Compiler(tmp_path)
    model = quick(made, compiler)
    assert model.spec.fast == "bf16"
    assert_compiled(model, compiler, ".so", tmp_path)


@pytest.mark.timeout(1200)
def test_a_quantised_unet_is_compiled_to_be_given_its_weights(made: Path, tmp_path: Path) -> None:
    needs_compiler()
    compiler = Compiler(tmp_path)
    model = quantised(made, Way.FP8)
    attach_apart(model, "model", compiler)
    assert_compiled(model, compiler, ".pt2", tmp_path)


def test_the_same_unet_in_other_numbers_is_another_order(made: Path) -> None:
    files = [unet_file(made / "model", None, 4, way) for way in ("", "bf16")]
    orders = [Order(file, (), 1) for file in files]
    assert all(read_order(order.written()) == order for order in orders)
    assert all(file.is_unchanged for file in files)
    assert len({order.name for order in orders}) == 2


@pytest.mark.parametrize("way", [Way.INT8, Way.FP8])
def test_what_is_built_of_a_quantised_unet_is_quantised(made: Path, way: Way) -> None:
    model = quantised(made, way)
    architecture = architecture_of(model.unet, fast=way.value)
    assert architecture is not None
    assert any(isinstance(part, QuantisedLinear) for part in built(architecture).modules())


def test_in_fewer_bits_predictions_may_differ_more() -> None:
    expected = torch.linspace(-1, 1, 100)
    made = [expected * 1.01]
    assert is_like(made, [expected], fast=True)
    assert not is_like(made, [expected])
    assert not is_like([expected * 1.1], [expected], fast=True)
