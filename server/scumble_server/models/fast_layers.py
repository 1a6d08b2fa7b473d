"""Layers that calculate in fewer bits than the model around them, and look like those they replace.

What they read and make has the type of the model, so that hooks on them, and whatever lies between
them, need not know.
"""

from __future__ import annotations

import copy
import logging
from typing import Any

import torch
from torch.nn import functional

from scumble_server.models.linear import OneDnnForward
from scumble_server.models.packed import PackedForward
from scumble_server.models.shortage import is_out_of_memory

FP8 = torch.float8_e4m3fn
"""Four bits of exponent and three of mantissa: the type for weights and activations."""

LARGEST = {torch.int8: 127.0, FP8: 448.0}
"""The largest number of each type that is used."""

MULTIPLE = 16
"""What the sides of a weight matrix have to be divisible by: CUDA multiplies no others."""

FEWEST_ROWS = 32
"""CUDA multiplies whole numbers from 17 rows on."""

_TINY = 1e-12
"""The scale of a row is at least this: one of zeros has none of its own."""

_log = logging.getLogger(__name__)


class QuantisedLinear(torch.nn.Module):
    """A linear layer in int8 or fp8.

    Each row of the weights has a scale, and each row of what is read gets its own when it comes.

    Args:
        layer: The layer, whose weights are left as they are.
        kind: `torch.int8` or `FP8`.
    """

    values: torch.Tensor
    scales: torch.Tensor

    def __init__(self, layer: torch.nn.Linear, kind: torch.dtype) -> None:
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        values, scales = quantise(layer.weight, kind)
        self.register_buffer("values", values)
        self.register_buffer("scales", scales)
        self.bias = layer.bias
        self._type = layer.weight.dtype

    @property
    def weight(self) -> torch.Tensor:
        """The weights (outputs, inputs) as they are now, in the type of the model."""
        return (self.values.float() * self.scales).to(self._type)

    def forward(self, read: torch.Tensor) -> torch.Tensor:
        """The layer's (..., outputs) of (..., inputs)."""
        try:
            made = self.multiplied(read.reshape(-1, self.in_features))
        except RuntimeError as error:
            # Not only at the first time: whatever a shape met with, it shall meet with again.
            if is_out_of_memory(error):
                raise
            _log.debug("A layer was multiplied in full: %s", error)
            return functional.linear(read, self.weight, self.bias)
        if self.bias is not None:
            made = made + self.bias
        return made.to(read.dtype).reshape(*read.shape[:-1], self.out_features)

    def multiplied(self, rows: torch.Tensor) -> torch.Tensor:
        """The product of rows (rows, inputs) and the weights, in float32 or bf16.

        Raises:
            RuntimeError: The device refuses it.
        """
        values, scales = quantise(rows, self.values.dtype)
        if self.values.dtype == torch.int8:
            missing = max(0, FEWEST_ROWS - len(rows))
            padded = functional.pad(values, (0, 0, 0, missing))
            summed = torch._int_mm(padded, self.values.t())[: len(rows)]  # noqa: SLF001
            return summed.float() * scales * self.scales.t()
        # The rows' own scales are for bf16 alone on some cards.
        return torch._scaled_mm(  # noqa: SLF001
            values,
            self.values.t(),
            scale_a=scales,
            scale_b=self.scales.t(),
            out_dtype=torch.bfloat16,
        )


def quantise(rows: torch.Tensor, kind: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows in fewer bits, and each row's scale (rows, 1) in float32: what they are to be times."""
    full = rows.float()
    scales = full.abs().amax(dim=1, keepdim=True).clamp(min=_TINY) / LARGEST[kind]
    scaled = full / scales
    values = (scaled.round() if kind == torch.int8 else scaled).to(kind)
    return values.contiguous(), scales


class HalvedLayer(torch.nn.Module):
    """A linear layer or a convolution in bf16, on a CPU.

    Args:
        layer: The layer in float32, whose weights are left as they are.
    """

    def __init__(self, layer: torch.nn.Linear | torch.nn.Conv2d) -> None:
        super().__init__()
        self.inner = _in_bfloat16(layer)
        self._type = layer.weight.dtype
        # Who adds to a layer, or compares it with others, asks for its shape.
        for name in ("in_features", "out_features", "stride", "padding", "dilation"):
            if hasattr(layer, name):
                setattr(self, name, getattr(layer, name))

    @property
    def weight(self) -> torch.Tensor:
        """The weights as they are now, in the type of the model."""
        return torch.as_tensor(self.inner.weight.to(self._type))

    def forward(self, read: torch.Tensor) -> torch.Tensor:
        """What the layer makes of what it reads."""
        return torch.as_tensor(self.inner(read.bfloat16()).to(read.dtype))

    def pack(self) -> None:
        """Have it calculated by oneDNN, with the weights of a convolution as that reads them."""
        if torch.backends.mkldnn.is_available():
            is_linear = isinstance(self.inner, torch.nn.Linear)
            kind = OneDnnForward if is_linear else PackedForward
            vars(self.inner)["forward"] = kind(self.inner)


def _in_bfloat16(layer: torch.nn.Module) -> Any:
    made = copy.deepcopy(layer)
    vars(made).pop("forward", None)  # another way to calculate the layer that this replaces
    return made.bfloat16()
