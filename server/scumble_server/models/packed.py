"""Convolutions on a CPU with weights that lie as oneDNN reads them.

torch lays a convolution's weights out anew in each call. A UNet is called with the same shapes step
after step, so here that is done once a shape: measured, a fifth of a step of the starter's UNet.
"""

from __future__ import annotations

from typing import Any

import torch


def pack_convolutions(module: torch.nn.Module) -> None:
    """Let every plain float32 convolution in a module on the CPU keep its weights packed.

    Weights and names stay, results too but for rounding; `unpack_convolutions` undoes it.
    """
    if not torch.backends.mkldnn.is_available():
        return
    for part in module.modules():
        if _can_be_packed(part):
            vars(part)["forward"] = PackedForward(part)


def unpack_convolutions(module: torch.nn.Module) -> None:
    """Undo `pack_convolutions`."""
    for part in module.modules():
        vars(part).pop("forward", None)


def packed_bytes(module: torch.nn.Module) -> int:
    """The memory that packed weights take beside the plain ones: nothing before the first call."""
    forwards = (vars(part).get("forward") for part in module.modules())
    return sum(forward.bytes for forward in forwards if isinstance(forward, PackedForward))


class PackedForward:
    """The forward pass of one convolution, with its weights packed for the last shape that it saw.

    Args:
        convolution: A float32 convolution on the CPU that pads with zeros.
    """

    def __init__(self, convolution: Any) -> None:
        self._convolution = convolution
        self._geometry: list[Any] = [
            list(convolution.padding),
            list(convolution.stride),
            list(convolution.dilation),
            convolution.groups,
        ]
        self._shape: torch.Size | None = None
        self._weight = convolution.weight.detach()

    @property
    def bytes(self) -> int:
        """The memory that the packed weights take."""
        plain = self._convolution.weight
        return 0 if self._shape is None else int(plain.numel() * plain.element_size())

    def __call__(self, read: torch.Tensor) -> torch.Tensor:
        """The convolution of (batch, channels, height, width)."""
        if read.shape != self._shape:
            # torch's own compiler packs with these two; there is no public name for them.
            plain = self._convolution.weight.detach().to_mkldnn()
            pack: Any = torch._C._nn.mkldnn_reorder_conv2d_weight  # noqa: SLF001
            self._weight = pack(plain, *self._geometry, list(read.shape))
            self._shape = read.shape
        convolved = torch.ops.mkldnn._convolution_pointwise(  # noqa: SLF001
            read, self._weight, self._convolution.bias, *self._geometry, "none", [], ""
        )
        return torch.as_tensor(convolved)


def _can_be_packed(part: torch.nn.Module) -> bool:
    return (
        type(part) is torch.nn.Conv2d
        and part.padding_mode == "zeros"
        and not isinstance(part.padding, str)
        and part.weight.dtype == torch.float32
        and part.weight.device.type == "cpu"
    )
