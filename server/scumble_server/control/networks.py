"""Networks that are added to a UNet, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import ControlKind
from scumble_server.control.kinds import UNION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scumble_server.pixels.opencv import Floats

Residuals = tuple[list[torch.Tensor], torch.Tensor]
"""What is added to each of a UNet's down blocks, and to its middle."""


def weights_bytes(*modules: torch.nn.Module) -> int:
    """The memory that the weights of modules take."""
    return sum(
        tensor.numel() * tensor.element_size()
        for module in modules
        for tensor in (*module.parameters(), *module.buffers())
    )


def unknown_kind(kind: ControlKind) -> RequestError:
    """The error for a network that was not made for a kind."""
    return RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"This ControlNet was not made for {kind.value.replace('_', ' ')} controls.",
        "Choose another ControlNet, or leave the choice to Scumble.",
    )


class ControlNet:
    """A ControlNet for one kind of control, or a union network for many.

    Args:
        module: diffusers' `ControlNetModel` or `ControlNetUnionModel`, on its device.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self._types = int(getattr(module.config, "num_control_type", 0))

    @property
    def bytes(self) -> int:
        """The memory that the weights take."""
        return weights_bytes(self.module)

    def condition(self, kind: ControlKind, picture: Floats) -> torch.Tensor:
        """A control picture (h, w, 3) as the network reads it, (1, 3, h, w).

        Raises:
            RequestError: It is a union network that was not made for the kind.
        """
        if self._types and UNION[kind] >= self._types:
            raise unknown_kind(kind)
        if self._types and kind is ControlKind.INPAINT:
            # The union networks were shown black where something is to be made, others -1.
            picture = np.clip(picture, 0, 1)
        pixels = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
        return pixels.to(self.module.device, self.module.dtype)

    def residuals(
        self,
        read: torch.Tensor,
        timestep: torch.Tensor,
        *,
        kind: ControlKind,
        condition: torch.Tensor,
        weight: float,
        told: Mapping[str, Any],
    ) -> Residuals:
        """What it adds in one evaluation of the UNet.

        Args:
            read: The samples that the UNet reads, (n, channels, h, w).
            timestep: Their timestep.
            kind: What the control picture shows.
            condition: As `condition` gives it.
            weight: How strongly it counts.
            told: `encoder_hidden_states` and, for SDXL, `added_cond_kwargs`, as for the UNet.
        """
        pictures = condition.expand(read.shape[0], -1, -1, -1)
        if not self._types:
            down, middle = self.module(
                read,
                timestep,
                controlnet_cond=pictures,
                conditioning_scale=weight,
                return_dict=False,
                **told,
            )
            return list(down), middle
        number = UNION[kind]
        types = torch.zeros(read.shape[0], self._types, device=read.device, dtype=read.dtype)
        types[:, number] = 1
        down, middle = self.module(
            read,
            timestep,
            controlnet_cond=[pictures],
            control_type=types,
            control_type_idx=[number],
            conditioning_scale=[weight],
            return_dict=False,
            **told,
        )
        return list(down), middle


class Vae:
    """A VAE by itself.

    Args:
        module: diffusers' `AutoencoderKL` or `AutoencoderTiny`, on its device.
        id: Tells it from others.
    """

    def __init__(self, module: Any, id: str) -> None:  # noqa: A002 (as everywhere)
        self.module = module
        self.id = id

    @property
    def bytes(self) -> int:
        """The memory that the weights take."""
        return weights_bytes(self.module)

    @property
    def scaling(self) -> float:
        """The factor to latents that goes with it; 0 where that is the diffusion model's affair.

        Tiny VAEs make latents as the model reads them, others need what the model was trained with.
        """
        config = self.module.config
        return float(config.scaling_factor) if "encoder_block_out_channels" in config else 0.0

    def check(self, *, channels: int, scale: int) -> None:
        """Refuse it for a model whose latents have other channels, or other pixels each.

        Raises:
            RequestError: `UNSUPPORTED_MODEL`.
        """
        config = self.module.config
        levels = config.get("encoder_block_out_channels") or config.block_out_channels
        own = (int(config.latent_channels), int(2 ** (len(levels) - 1)))
        if own != (channels, scale):
            raise RequestError(
                ErrorCode.UNSUPPORTED_MODEL,
                f"The VAE {self.id} makes latents of {own[0]} channels for {own[1]} pixels each, "
                f"and the model reads {channels} for {scale}.",
                "Choose a VAE that was made for the model.",
            )
