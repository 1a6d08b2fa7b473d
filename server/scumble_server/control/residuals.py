"""What ControlNets add inside a UNet, over one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.control.networks import ControlNet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scumble_server.control.guides import ControlGuide

_ALIKE = ("block_out_channels", "layers_per_block", "cross_attention_dim")
"""What a ControlNet's config must have in common with that of the UNet."""


class Controls:
    """The controls of one run, each with its picture as its network reads it.

    Args:
        guides: The controls.
        unet: The UNet that they are added to.

    Raises:
        RequestError: A network is made for another UNet.
    """

    def __init__(self, guides: tuple[ControlGuide, ...], unet: Any) -> None:
        self._guides = guides
        self._networks = [_fitting(guide, unet) for guide in guides]
        self._conditions = [
            network.condition(guide.kind, guide.picture)
            for guide, network in zip(guides, self._networks, strict=True)
        ]

    def __call__(
        self,
        read: torch.Tensor,
        timestep: torch.Tensor,
        told: Mapping[str, Any],
        *,
        evaluation: int,
        evaluations: int,
    ) -> dict[str, Any]:
        """What the UNet gets beside its other conditions in one evaluation; nothing without any.

        Args:
            read: The samples that it reads, without the channels of an inpainting UNet.
            timestep: Their timestep.
            told: Its conditions.
            evaluation: The number of this evaluation, from 0 on.
            evaluations: How many there are.
        """
        known = {name: told[name] for name in _KNOWN if name in told}
        added = [
            network.residuals(
                read,
                timestep,
                kind=guide.kind,
                condition=condition,
                weight=guide.influence.weight,
                told=known,
            )
            for guide, network, condition in zip(
                self._guides, self._networks, self._conditions, strict=True
            )
            if guide.influence.holds(evaluation, evaluations)
        ]
        if not added:
            return {}
        downs, middles = zip(*added, strict=True)
        return {
            "down_block_additional_residuals": [sum(level) for level in zip(*downs, strict=True)],
            "mid_block_additional_residual": sum(middles),
        }


_KNOWN = ("encoder_hidden_states", "added_cond_kwargs")
"""The conditions that ControlNets read too."""


def _fitting(guide: ControlGuide, unet: Any) -> ControlNet:
    network = guide.network
    if isinstance(network, ControlNet):
        own = network.module.config
        if all(_levels(own, name) == _levels(unet.config, name) for name in _ALIKE):
            return network
    raise RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The ControlNet for {guide.kind.value} is made for another model.",
        "Choose one that fits the model, or leave the choice to Scumble.",
    )


def _levels(config: Any, name: str) -> Any:
    value = getattr(config, name)
    return list(value) if isinstance(value, (list, tuple)) else value
