"""Layers in fewer bits give nearly what they gave before, and look like those they replace."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

from scumble_server.models.fast_layers import FP8, HalvedLayer, QuantisedLinear, quantise

UNLIKE = {torch.int8: 0.02, FP8: 0.06}
"""How unlike a product in full one of normally distributed numbers may be, as a share of it."""

HALVED = 0.01
"""The same in bf16."""

KINDS = pytest.mark.parametrize("kind", [torch.int8, FP8])


def linear(*, bias: bool = True, dtype: torch.dtype = torch.float32) -> torch.nn.Linear:
    drawn = torch.Generator().manual_seed(1)
    layer = torch.nn.Linear(64, 48, bias=bias).requires_grad_(requires_grad=False)
    for part in layer.parameters():
        part.copy_(torch.randn(part.shape, generator=drawn))
    return layer.to(dtype)


def unlike(made: torch.Tensor, wanted: torch.Tensor) -> float:
    assert (made.shape, made.dtype) == (wanted.shape, wanted.dtype)
    return float((made.double() - wanted.double()).norm() / wanted.double().norm())


@KINDS
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", [(64,), (2, 64), (3, 40, 64)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_quantised_layer_gives_nearly_the_same(
    kind: torch.dtype, dtype: torch.dtype, shape: tuple[int, ...], bias: bool
) -> None:
    layer = linear(bias=bias, dtype=dtype)
    read = torch.randn(shape, generator=torch.Generator().manual_seed(2)).to(dtype)
    assert 0 < unlike(QuantisedLinear(layer, kind)(read), layer(read)) < UNLIKE[kind]


@KINDS
def test_what_is_read_may_lie_in_memory_as_it_likes(kind: torch.dtype) -> None:
    brief = QuantisedLinear(linear(), kind)
    read = torch.randn(2, 64, 5).transpose(1, 2)
    assert torch.equal(brief(read), brief(read.contiguous()))


@KINDS
def test_a_row_is_not_blurred_by_a_larger_one_beside_it(kind: torch.dtype) -> None:
    layer = linear()
    small, large = torch.randn(1, 64), 10_000 * torch.randn(1, 64)
    both = QuantisedLinear(layer, kind)(torch.cat([small, large]))
    assert unlike(both[:1], layer(small)) < UNLIKE[kind]


@KINDS
def test_rows_of_zeros_give_the_bias(kind: torch.dtype) -> None:
    layer = linear()
    assert torch.equal(QuantisedLinear(layer, kind)(torch.zeros(1, 64)), layer.bias[None])


@KINDS
def test_the_largest_number_of_a_row_is_kept(kind: torch.dtype) -> None:
    rows = torch.tensor([[1.0, -3.0, 0.5], [0.0, 1e-3, 2e-3]])
    values, scales = quantise(rows, kind)
    kept = values.float() * scales
    assert torch.allclose(kept.abs().amax(1), rows.abs().amax(1), rtol=1e-5)
    assert values.dtype == kind


@KINDS
def test_a_quantised_layer_takes_less_memory_and_tells_its_weights(kind: torch.dtype) -> None:
    layer = linear(dtype=torch.float16)
    brief = QuantisedLinear(layer, kind)
    assert brief.values.nbytes == layer.weight.nbytes / 2
    assert unlike(brief.weight, layer.weight) < UNLIKE[kind]
    assert (brief.in_features, brief.out_features) == (64, 48)


@KINDS
def test_what_a_device_refuses_is_multiplied_in_full(
    kind: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief, read = QuantisedLinear(linear(), kind), torch.randn(5, 64)
    refuse(monkeypatch, "CUBLAS_STATUS_NOT_SUPPORTED")
    wanted = torch.nn.functional.linear(read, brief.weight, brief.bias)
    assert torch.equal(brief(read), wanted)


def test_memory_that_runs_out_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    brief = QuantisedLinear(linear(), torch.int8)
    refuse(monkeypatch, "CUDA out of memory. Tried to allocate 2 GiB")
    with pytest.raises(RuntimeError, match="out of memory"):
        brief(torch.randn(5, 64))


def refuse(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    def refused(*_given: Any, **_named: Any) -> torch.Tensor:
        raise RuntimeError(why)

    for name in ("_int_mm", "_scaled_mm"):
        monkeypatch.setattr(torch, name, refused)


@KINDS
def test_a_quantised_layer_can_be_exported(kind: torch.dtype) -> None:
    brief, read = QuantisedLinear(linear(), kind).eval(), torch.randn(40, 64)
    exported = torch.export.export(brief, (read,), strict=False)
    assert torch.equal(exported.module()(read), brief(read))
    assert "values" in dict(exported.named_buffers())


def convolution() -> torch.nn.Conv2d:
    made = torch.nn.Conv2d(8, 12, 3, stride=2, padding=1)
    return made.requires_grad_(requires_grad=False).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


HALVES = pytest.mark.parametrize(
    ("make", "shapes"),
    [(linear, [(2, 64), (3, 7, 64)]), (convolution, [(1, 8, 16, 16), (2, 8, 24, 8)])],
)


@HALVES
@pytest.mark.parametrize("packed", [True, False])
def test_a_halved_layer_gives_nearly_the_same_for_every_shape(
    make: Callable[[], Any], shapes: list[tuple[int, ...]], packed: bool
) -> None:
    layer = make()
    brief = HalvedLayer(layer)
    if packed:
        brief.pack()
    with torch.inference_mode():
        for shape in (*shapes, shapes[0]):
            read = torch.randn(shape)
            assert 0 < unlike(brief(read), layer(read)) < HALVED


@HALVES
def test_a_halved_layer_takes_half_the_memory_and_tells_its_weights_and_geometry(
    make: Callable[[], Any], shapes: list[tuple[int, ...]]
) -> None:
    layer, brief = make(), HalvedLayer(make())
    assert sum(part.nbytes for part in brief.buffers()) * 2 == sum(
        part.nbytes for part in layer.parameters()
    )
    assert (brief.weight.shape, brief.weight.dtype) == (layer.weight.shape, torch.float32)
    for name in ("in_features", "out_features", "stride", "padding", "dilation", "groups"):
        assert getattr(brief, name, None) == getattr(layer, name, None)


def test_a_copy_of_a_halved_layer_has_its_own_weights() -> None:
    brief = HalvedLayer(linear())
    copied = copy.deepcopy(brief)
    copied.values.zero_()
    assert torch.equal(copied(torch.ones(1, 64))[0], brief.bias.float())  # type: ignore[union-attr]
    assert not torch.equal(brief(torch.ones(1, 64))[0], brief.bias.float())  # type: ignore[union-attr]
