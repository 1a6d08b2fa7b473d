"""Reference pictures: IP-Adapters beside a UNet's attention to text, for one run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

import torch
from diffusers.models.attention_processor import IPAdapterAttnProcessor2_0

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.control.adapter import IPAdapter
from scumble_server.control.reference_kinds import BLOCKS, check_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scumble_server.control.adapter import ImageEncoder
    from scumble_server.control.guides import ReferenceGuide


class References:
    """The references of one run, while they are in place.

    Args:
        guides: The references.
        processors: What does the UNet's attention to text, by its names.
        tokens: For each reference what it tells, unwanted and wanted: (2, tokens, width).
    """

    def __init__(
        self,
        guides: tuple[ReferenceGuide, ...],
        processors: dict[str, IPAdapterAttnProcessor2_0],
        tokens: list[torch.Tensor],
    ) -> None:
        self._guides = guides
        self._processors = processors
        self._tokens = tokens

    def said(self, hidden: torch.Tensor, *, prompts: int) -> Any:
        """What the UNet attends to: the text alone or, with references, both.

        Args:
            hidden: The encoded text, (n, tokens, width).
            prompts: 2 where the first half of the batch is unwanted, else 1.
        """
        if not self._guides:
            return hidden
        each = hidden.shape[0] // prompts
        return hidden, [
            tokens[2 - prompts :].repeat_interleave(each, dim=0) for tokens in self._tokens
        ]

    def set(self, evaluation: int, evaluations: int) -> None:
        """Let each count as it shall in this evaluation of so many."""
        for name, processor in self._processors.items():
            processor.scale = [
                guide.influence.weight
                if guide.influence.holds(evaluation, evaluations)
                and name.startswith(BLOCKS.get(guide.kind, ""))
                else 0.0
                for guide in self._guides
            ]


@contextlib.contextmanager
def in_place(guides: tuple[ReferenceGuide, ...], unet: Any) -> Iterator[References]:
    """The UNet with these references; afterwards it is as it was.

    Raises:
        RequestError: An adapter is made for another UNet, or the UNet has no block for the kind.
    """
    if not guides:
        yield References((), {}, [])
        return
    adapters = [_fitting(guide, unet) for guide in guides]
    tokens = [
        adapter.tokens(guide.picture, cast("ImageEncoder", guide.encoder))
        for adapter, guide in zip(adapters, guides, strict=True)
    ]
    attention = _attention(unet)
    made = {
        f"{name}.processor": _processor(adapters, number, tokens)
        for number, name in enumerate(attention)
    }
    before = {name: layer.processor for name, layer in attention.items()}
    try:
        for name, layer in attention.items():
            layer.set_processor(made[f"{name}.processor"])
        yield References(guides, made, tokens)
    finally:
        for name, layer in attention.items():
            layer.set_processor(before[name])


def _attention(unet: Any) -> dict[str, Any]:
    """The layers that attend to text, in the order by which adapters number them."""
    names = [name.removesuffix(".processor") for name in unet.attn_processors]
    return {name: unet.get_submodule(name) for name in names if name.endswith("attn2")}


def _processor(
    adapters: list[IPAdapter], number: int, tokens: list[torch.Tensor]
) -> IPAdapterAttnProcessor2_0:
    """Attention to the text and, beside it, to what each reference tells."""
    layers = [adapter.layers[number] for adapter in adapters]
    with torch.device("meta"):  # the weights are those of the adapters
        processor = IPAdapterAttnProcessor2_0(
            hidden_size=layers[0].key.out_features,
            cross_attention_dim=layers[0].key.in_features,
            num_tokens=tuple(told.shape[1] for told in tokens),
        )
    processor.to_k_ip = torch.nn.ModuleList([layer.key for layer in layers])
    processor.to_v_ip = torch.nn.ModuleList([layer.value for layer in layers])
    return processor


def _fitting(guide: ReferenceGuide, unet: Any) -> IPAdapter:
    adapter = guide.network
    attention = _attention(unet)
    shapes = [(layer.to_k.out_features, layer.to_k.in_features) for layer in attention.values()]
    if not isinstance(adapter, IPAdapter) or shapes != adapter.shapes:
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            "The IP-Adapter of a reference is made for another model.",
            "Choose one that fits the model, or leave the choice to Scumble.",
        )
    if not all(any(name.startswith(block) for name in attention) for block in BLOCKS.values()):
        check_kind(guide.kind, has_blocks=False)
    return adapter
