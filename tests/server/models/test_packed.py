"""Convolutions with packed weights give what they gave before."""

from __future__ import annotations

import pytest
import torch

from scumble_server.models.packed import (
    PackedForward,
    pack_convolutions,
    packed_bytes,
    unpack_convolutions,
)
from tests.server.models.checkpoints import make_unet


@pytest.mark.parametrize("side", [8, 16, 24])
@pytest.mark.parametrize("batch", [1, 2])
def test_a_packed_unet_predicts_the_same_at_every_shape(side: int, batch: int) -> None:
    unet = make_unet("sd1", channels=4).to(memory_format=torch.channels_last)
    read = torch.randn(batch, 4, side, side).contiguous(memory_format=torch.channels_last)
    text = torch.randn(batch, 77, 32)
    names = list(unet.state_dict())
    with torch.inference_mode():
        plain = unet(read, 500, text).sample
        pack_convolutions(unet)
        unet(torch.randn(1, 4, 8, 8), 500, text[:1])
        packed = unet(read, 500, text).sample
        assert isinstance(vars(unet.conv_in)["forward"], PackedForward)
        assert list(unet.state_dict()) == names
        unpack_convolutions(unet)
        assert "forward" not in vars(unet.conv_in)
        assert torch.equal(unet(read, 500, text).sample, plain)
    assert torch.allclose(packed, plain, atol=1e-4)


def test_packed_weights_count_once_they_are_there() -> None:
    layers = torch.nn.Sequential(torch.nn.Conv2d(4, 6, 3), torch.nn.Linear(4, 4))
    pack_convolutions(layers)
    assert packed_bytes(layers) == 0
    with torch.inference_mode():
        layers[0](torch.zeros(1, 4, 8, 8))
        layers[0](torch.zeros(1, 4, 12, 12))
    assert packed_bytes(layers) == 4 * 6 * 4 * 9
    unpack_convolutions(layers)
    assert packed_bytes(layers) == 0


def test_convolutions_that_can_not_be_packed_are_left_alone() -> None:
    others = torch.nn.Sequential(
        torch.nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"),
        torch.nn.Conv2d(4, 4, 3, padding="same"),
        torch.nn.Conv2d(4, 4, 3, dtype=torch.float16),
    )
    pack_convolutions(others)
    assert not any("forward" in vars(part) for part in others)
