"""ControlNets of transformers (SD 3, FLUX.1, Qwen-Image): a hook that brings in what they add.

Their pipelines call the transformer themselves. A ControlNet reads what the transformer reads, so
it runs just before it, on the same arguments, and hands it the residuals.
"""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING, Any

import torch

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import ControlKind
from scumble_server.control.kinds import FLUX_UNION
from scumble_server.control.networks import unknown_kind, weights_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scumble_server.control.guides import ControlGuide
    from scumble_server.pixels.opencv import Floats

    Encode = Callable[[Floats], torch.Tensor]

_ADDED = {
    "SD3ControlNetModel": ("block_controlnet_hidden_states",),
    "FluxControlNetModel": ("controlnet_block_samples", "controlnet_single_block_samples"),
    "QwenImageControlNetModel": ("controlnet_block_samples",),
}
"""By diffusers' class of a ControlNet: what its transformer calls what it adds."""


class TransformerNet:
    """A ControlNet for a transformer.

    Args:
        module: Of one of diffusers' classes above, on its device.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self.added = _ADDED[type(module).__name__]

    @property
    def bytes(self) -> int:
        """The memory that the weights take."""
        return weights_bytes(self.module)

    def condition(self, picture: Floats, encode: Encode, shift: float) -> torch.Tensor:
        """A control picture (h, w, 3), 0 to 1, as the network reads it.

        Args:
            picture: The picture.
            encode: Makes of it what the pipeline keeps of pictures.
            shift: What the VAE's latents are shifted by, in the denoiser's scale.
        """
        config = self.module.config
        if getattr(self.module, "input_hint_block", None) is not None:
            pixels = torch.from_numpy(picture).permute(2, 0, 1)[None] * 2 - 1
            return pixels.to(self.module.device, self.module.dtype)
        latents = encode(picture)
        if getattr(config, "force_zeros_for_pooled_projection", False):
            latents = latents + shift  # those that were trained so know unshifted latents
        return latents.to(self.module.device, self.module.dtype)

    def residuals(
        self, guide: ControlGuide, condition: torch.Tensor, told: dict[str, Any]
    ) -> tuple[list[torch.Tensor], ...]:
        """What it adds to each kind of block, for what the transformer is told."""
        known = inspect.signature(self.module.forward).parameters
        asked = {name: value for name, value in told.items() if name in known}
        count = told["hidden_states"].shape[0]
        asked |= self._changed(asked, guide.kind, count)
        made = self.module(
            controlnet_cond=condition.expand(count, *condition.shape[1:]),
            conditioning_scale=guide.influence.weight,
            **(asked | {"return_dict": False}),
        )
        # Some give a list of what they add, others a tuple of such lists.
        lists = made if isinstance(made, tuple) else (made,)
        return tuple([] if one is None else list(one) for one in lists)

    def _changed(self, asked: dict[str, Any], kind: ControlKind, count: int) -> dict[str, Any]:
        """What it is told otherwise than the transformer."""
        config = self.module.config
        changed: dict[str, Any] = {}
        if getattr(config, "force_zeros_for_pooled_projection", False):
            changed["pooled_projections"] = torch.zeros_like(asked["pooled_projections"])
        if "joint_attention_dim" in config and config.joint_attention_dim is None:
            changed["encoder_hidden_states"] = None
        if getattr(config, "num_mode", None) is not None:
            mode = torch.full((count, 1), FLUX_UNION.index(kind), device=self.module.device)
            changed["controlnet_mode"] = mode
        return changed


@contextlib.contextmanager
def controls_in_place(
    guides: tuple[ControlGuide, ...], transformer: Any, encode: Encode, *, shift: float, steps: int
) -> Iterator[None]:
    """The transformer with these controls; afterwards it is as it was.

    Args:
        guides: The controls.
        transformer: What a pipeline calls at each of its steps.
        encode: Makes of a picture what the pipeline keeps of pictures.
        shift: What the VAE's latents are shifted by, in the denoiser's scale.
        steps: How many steps there will be.

    Raises:
        RequestError: A network is made for another model.
    """
    if not guides:
        yield
        return
    networks = [_fitting(guide, transformer) for guide in guides]
    conditions = [
        network.condition(guide.picture, encode, shift)
        for guide, network in zip(guides, networks, strict=True)
    ]
    now = _Now()

    def add(_module: Any, arguments: tuple[Any, ...], told: dict[str, Any]) -> Any:
        step = now.step(told["timestep"])
        added: dict[str, list[torch.Tensor]] = {}
        for guide, network, condition in zip(guides, networks, conditions, strict=True):
            if guide.influence.holds(step, steps):
                made = network.residuals(guide, condition, told)
                for name, blocks in zip(network.added, made, strict=False):
                    added[name] = _summed(added.get(name, []), blocks)
        given = {name: blocks for name, blocks in added.items() if blocks}
        return arguments, told | given

    handle = transformer.register_forward_pre_hook(add, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


class _Now:
    """Counts steps by their timesteps: with guidance there are two calls in each."""

    def __init__(self) -> None:
        self._step = -1
        self._timestep = float("nan")

    def step(self, timestep: torch.Tensor) -> int:
        """The number of the step, from 0 on, that a call is part of."""
        at = float(timestep.flatten()[0])
        if at != self._timestep:
            self._step, self._timestep = self._step + 1, at
        return self._step


def _summed(before: list[torch.Tensor], blocks: list[torch.Tensor]) -> list[torch.Tensor]:
    if not before or not blocks:
        return before or blocks
    if len(before) != len(blocks):
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            "These ControlNets have different depths and can't be used together.",
            "Use one of them, or one that does both kinds.",
        )
    return [one + other for one, other in zip(before, blocks, strict=True)]


def _fitting(guide: ControlGuide, transformer: Any) -> TransformerNet:
    network = guide.network
    known = inspect.signature(transformer.forward).parameters
    if isinstance(network, TransformerNet) and network.added[0] in known:
        modes = getattr(network.module.config, "num_mode", None)
        if guide.kind is ControlKind.INPAINT or (modes and guide.kind not in FLUX_UNION):
            raise unknown_kind(guide.kind)
        config, own = transformer.config, network.module.config
        alike = ("num_attention_heads", "attention_head_dim", "in_channels")
        if all(config.get(name) == own.get(name) for name in alike):
            return network
    raise RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The ControlNet for {guide.kind.value} is made for another model.",
        "Choose one that fits the model, or leave the choice to Scumble.",
    )
