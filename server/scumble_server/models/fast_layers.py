"""Layers that calculate in fewer bits than the model around them, and look like those they replace.

What they read and make has the type of the model, so that hooks on them, and whatever lies between
them, need not know.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import SimpleNamespace

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

    values: torch.Tensor
    bias: torch.Tensor | None

    def __init__(self, layer: torch.nn.Linear | torch.nn.Conv2d) -> None:
        super().__init__()
        self.register_buffer("values", layer.weight.detach().bfloat16())
        bias = None if layer.bias is None else layer.bias.detach().bfloat16()
        self.register_buffer("bias", bias)
        self._type = layer.weight.dtype
        # Who adds to a layer, or compares it with others, asks it for these.
        self._geometry = {name: getattr(layer, name) for name in _GEOMETRY if hasattr(layer, name)}
        for name, value in self._geometry.items():
            setattr(self, name, value)
        self._calculate: Callable[[torch.Tensor], torch.Tensor] = self._by_torch

    @property
    def weight(self) -> torch.Tensor:
        """The weights as they are now, in the type of the model."""
        return self.values.to(self._type)

    def forward(self, read: torch.Tensor) -> torch.Tensor:
        """What the layer makes of what it reads."""
        return self._calculate(read.bfloat16()).to(read.dtype)

    def pack(self) -> None:
        """Have it calculated by oneDNN, with the weights of a convolution as that reads them."""
        mkldnn = torch.backends.mkldnn.is_available()
        if mkldnn and torch.ops.mkldnn._is_mkldnn_bf16_supported():  # noqa: SLF001
            brief = SimpleNamespace(weight=self.values, bias=self.bias, **self._geometry)
            self._calculate = (OneDnnForward if self._is_linear else PackedForward)(brief)

    @property
    def _is_linear(self) -> bool:
        return self.values.ndim == 2

    def _by_torch(self, brief: torch.Tensor) -> torch.Tensor:
        if self._is_linear:
            return functional.linear(brief, self.values, self.bias)
        window = {name: self._geometry[name] for name in _WINDOW}
        return functional.conv2d(brief, self.values, self.bias, **window)


_WINDOW = ("stride", "padding", "dilation", "groups")
_GEOMETRY = ("in_features", "out_features", "in_channels", "out_channels", *_WINDOW)
