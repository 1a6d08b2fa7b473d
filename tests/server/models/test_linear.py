"""Linear layers that oneDNN multiplies give what they gave before."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from scumble_server.models.configs import read_spec
from scumble_server.models.folders import check_folder
from scumble_server.models.linear import (
    OneDnnForward,
    multiply_as_before,
    multiply_by_onednn,
)
from scumble_server.models.placing import put_on
from tests.server.models.checkpoints import make_folder, make_unet


@pytest.mark.parametrize("shape", [(6,), (3, 6), (2, 5, 6), (0, 6)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_gives_the_same_for_every_shape(shape: tuple[int, ...], bias: bool) -> None:
    layer = torch.nn.Linear(6, 4, bias=bias).requires_grad_(requires_grad=False)
    read = torch.randn(shape)
    plain = layer(read)
    multiply_by_onednn(layer)
    assert isinstance(vars(layer)["forward"], OneDnnForward)
    assert layer(read).shape == plain.shape
    assert torch.allclose(layer(read), plain, atol=1e-6)


def test_a_layer_reads_its_input_however_it_lies() -> None:
    layer = torch.nn.Linear(6, 4).requires_grad_(requires_grad=False)
    read = torch.randn(2, 6, 5).transpose(1, 2)
    plain = layer(read)
    multiply_by_onednn(layer)
    assert torch.allclose(layer(read), plain, atol=1e-6)


def test_a_unet_predicts_the_same_and_is_as_before_when_it_is_undone() -> None:
    unet = make_unet("sd1", channels=4).requires_grad_(requires_grad=False)
    read, text = torch.randn(2, 4, 8, 8), torch.randn(2, 77, 32)
    names = list(unet.state_dict())
    plain = unet(read, 500, text).sample
    multiply_by_onednn(unet)
    changed = unet(read, 500, text).sample
    assert torch.equal(unet(read, 500, text).sample, changed)
    assert list(unet.state_dict()) == names
    multiply_as_before(unet)
    assert torch.equal(unet(read, 500, text).sample, plain)
    assert torch.allclose(changed, plain, atol=1e-4)


def test_a_copy_reads_its_own_weights() -> None:
    layer = torch.nn.Linear(6, 4).requires_grad_(requires_grad=False)
    multiply_by_onednn(layer)
    copied = copy.deepcopy(layer)
    copied.weight.zero_()
    copied.bias.zero_()
    assert not copied(torch.ones(6)).any()
    assert layer(torch.ones(6)).any()


def test_layers_that_are_none_of_torchs_own_in_float32_are_left_alone() -> None:
    others = torch.nn.ModuleList(
        [
            torch.nn.Linear(4, 4, dtype=torch.float16),
            torch.nn.modules.linear.NonDynamicallyQuantizableLinear(4, 4),
            torch.nn.Linear(4, 4, device="meta"),
        ]
    )
    multiply_by_onednn(others)
    assert not any("forward" in vars(part) for part in others)


def test_parts_that_take_turns_on_a_gpu_are_left_as_they_are(tmp_path: Path) -> None:
    class Offloading:
        def __init__(self) -> None:
            self.components = {"vae": torch.nn.Linear(4, 4)}  # float32, and in the machine's memory

        def enable_model_cpu_offload(self, device: torch.device) -> None:
            assert device.type == "cuda"

        def to(self, device: torch.device) -> None:
            assert device.type == "cpu"

    folder = make_folder(tmp_path / "tiny")
    spec = read_spec(folder, weights=check_folder(folder))
    there, here = Offloading(), Offloading()
    put_on(there, spec, torch.device("cuda"), in_turns=True)
    put_on(here, spec, torch.device("cpu"))
    assert "forward" not in vars(there.components["vae"])
    assert isinstance(vars(here.components["vae"])["forward"], OneDnnForward)
