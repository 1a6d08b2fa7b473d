"""Tiny upscaling networks with random weights, in the files that people really have."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from spandrel.architectures.Compact import Compact
from spandrel.architectures.ESRGAN import ESRGAN

from scumble_server.upscale.loading import load_network
from scumble_server.upscale.network import Network


def esrgan(scale: int = 4) -> dict[str, torch.Tensor]:
    """The weights of an ESRGAN with one block."""
    torch.manual_seed(1)
    network = ESRGAN(num_filters=8, num_blocks=1, scale=scale)
    return {name: tensor.contiguous() for name, tensor in network.state_dict().items()}


def compact(scale: int = 2) -> dict[str, torch.Tensor]:
    """The weights of a Real-ESRGAN Compact (SRVGG) with two convolutions."""
    torch.manual_seed(2)
    network = Compact(num_feat=8, num_conv=2, upscale=scale)
    return {name: tensor.contiguous() for name, tensor in network.state_dict().items()}


def write(path: Path, weights: dict[str, torch.Tensor]) -> Path:
    """Write weights as the file's ending says."""
    if path.suffix == ".safetensors":
        save_file(weights, path)
    else:
        torch.save({"params_ema": weights}, path)
    return path


def load(path: Path) -> Network:
    """The network of a file, which is none for faces."""
    network = load_network(path, torch.device("cpu"))
    assert isinstance(network, Network)
    return network
