"""The UNet's prediction, guided towards the prompt and away from the negative one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from scumble_server.control.regions import blended

if TYPE_CHECKING:
    from scumble_server.control.references import References
    from scumble_server.control.residuals import Controls
    from scumble_server.models.diffusion import DiffusionModel
    from scumble_server.prompts.encoding import Text
    from scumble_server.sampling.rescale import Rescale


@dataclass(frozen=True)
class Told:
    """What the UNet is told of one prompt, or of the negative one and it.

    Args:
        prompts: 2 where the first half of the batch is for the negative prompt, else 1.
        conditions: What it gets by name.
    """

    prompts: int
    conditions: Mapping[str, Any]


@dataclass(frozen=True)
class Region:
    """A prompt that holds in a part of the picture.

    Args:
        told: What the UNet is told of it.
        mask: Where it holds, (1, 1, height, width) of the latents, 0 to 1.
    """

    told: Told
    mask: torch.Tensor


class Guided:
    """Predicts for one run: everything that stays the same between steps is prepared once.

    With a guidance scale of 1 the negative prompt has no influence, so the UNet reads each sample
    once; otherwise twice in one batch (classifier-free guidance, Ho & Salimans 2022), all of them
    with the negative prompt first, then all with the prompt. Each region has it read once more.

    Args:
        model: The model.
        told: What it is told of the prompts.
        count: How many samples are denoised at once.
        cfg: The guidance scale, 1 or more.
        rescale: Gives predictions back the contrast of unguided ones.
        extra: Channels (1, n, height, width) that an inpainting UNet reads beside the sample.
        controls: What ControlNets add.
        references: Which references are in place.
        regions: Prompts for parts of the picture, from bottom to top.
    """

    def __init__(
        self,
        model: DiffusionModel,
        told: Told,
        *,
        count: int,
        cfg: float,
        rescale: Rescale,
        extra: torch.Tensor | None,
        controls: Controls,
        references: References,
        regions: tuple[Region, ...],
    ) -> None:
        self._model = model
        self._told = told
        self._cfg = cfg
        self._rescale = rescale
        # diffusers' own `dtype` goes through the whole tree of modules.
        self._type = next(model.unet.parameters()).dtype
        self._extra = None if extra is None else extra.expand(count, -1, -1, -1)
        self._controls = controls
        self._references = references
        self._regions = regions

    def __call__(
        self, scaled: torch.Tensor, timestep: torch.Tensor, evaluation: int, evaluations: int
    ) -> torch.Tensor:
        """The prediction (count, channels, height, width), float32, for scaled samples.

        Args:
            scaled: The samples, as the UNet reads them at this timestep.
            timestep: The timestep.
            evaluation: The number of this evaluation, from 0 on.
            evaluations: How many there are in the run.
        """
        self._references.set(evaluation, evaluations)
        at = (evaluation, evaluations)
        predicted = self._predict(scaled, timestep, self._told, at)
        unwanted = wanted = predicted
        if self._told.prompts == 2:
            unwanted, wanted = predicted.chunk(2)
        wanted = blended(
            wanted,
            [self._predict(scaled, timestep, region.told, at) for region in self._regions],
            [region.mask for region in self._regions],
        )
        if self._told.prompts == 1:
            return wanted
        guided = torch.as_tensor(unwanted + self._cfg * (wanted - unwanted))
        return self._rescale(guided, wanted, scaled, evaluation)

    def _predict(
        self, scaled: torch.Tensor, timestep: torch.Tensor, told: Told, at: tuple[int, int]
    ) -> torch.Tensor:
        read = self._input(scaled, told.prompts)
        conditions = dict(told.conditions)
        added = self._controls(read, timestep, conditions, evaluation=at[0], evaluations=at[1])
        conditions["encoder_hidden_states"] = self._references.said(
            conditions["encoder_hidden_states"], prompts=told.prompts
        )
        if self._extra is not None:
            read = torch.cat([read, self._input(self._extra, told.prompts)], dim=1)
        return self._model.predict(read, timestep, conditions | added).float()

    def _input(self, tensor: torch.Tensor, prompts: int) -> torch.Tensor:
        batch = tensor.to(self._type).repeat(prompts, 1, 1, 1)
        return batch.contiguous(memory_format=torch.channels_last)


def is_guided(model: DiffusionModel, cfg: float) -> bool:
    """Whether the negative prompt counts: not at a scale of 1, nor if the UNet reads the scale."""
    return cfg > 1 and model.unet.config.time_cond_proj_dim is None


def tell(
    model: DiffusionModel, text: Text, *, count: int, cfg: float, size: tuple[int, int]
) -> Told:
    """What the UNet is told of encoded prompts.

    Args:
        model: The model.
        text: The encoded prompts; a batch of two when guided.
        count: How many samples are denoised at once.
        cfg: The guidance scale, 1 or more.
        size: Height and width of the working picture in pixels, which SDXL is told.
    """
    prompts = text.hidden.shape[0]
    return Told(prompts, _conditions(model, text.repeated(count), cfg=cfg, size=size))


def _conditions(
    model: DiffusionModel, text: Text, *, cfg: float, size: tuple[int, int]
) -> dict[str, Any]:
    config = model.unet.config
    conditions: dict[str, Any] = {"encoder_hidden_states": text.hidden}
    if config.time_cond_proj_dim is not None:
        # A distilled model (LCM) reads the guidance scale itself; w = scale - 1 in its paper.
        scale = torch.tensor([cfg - 1])
        embedded = model.pipeline.get_guidance_scale_embedding(scale, config.time_cond_proj_dim)
        conditions["timestep_cond"] = embedded.to(model.device, model.unet.dtype)
    if text.pooled is not None:
        # SDXL's size conditioning: the picture's own size, not cropped, and the size to make.
        time_ids = torch.tensor([[*size, 0, 0, *size]], dtype=text.pooled.dtype)
        conditions["added_cond_kwargs"] = {
            "text_embeds": text.pooled,
            "time_ids": time_ids.expand(text.pooled.shape[0], -1).to(model.device),
        }
    return conditions
