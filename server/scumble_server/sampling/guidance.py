"""The UNet's prediction, guided towards the prompt and away from the negative one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from scumble_server.models.diffusion import DiffusionModel
    from scumble_server.prompts.encoding import Text


class Guided:
    """Predicts for one run: everything that stays the same between steps is prepared once.

    With a guidance scale of 1 the negative prompt has no influence, so the UNet runs on one sample;
    otherwise on two in one batch (classifier-free guidance, Ho & Salimans 2022).

    Args:
        model: The model.
        text: The encoded prompts; a batch of two when guided.
        cfg: The guidance scale, 1 or more.
        size: Height and width of the working picture in pixels, which SDXL is told.
        extra: Channels (1, n, height, width) that an inpainting UNet reads beside the sample.
    """

    def __init__(
        self,
        model: DiffusionModel,
        text: Text,
        *,
        cfg: float,
        size: tuple[int, int],
        extra: torch.Tensor | None,
    ) -> None:
        self._unet = model.unet
        self._cfg = cfg
        self._batch = text.hidden.shape[0]
        self._type = model.unet.dtype
        self._extra = None if extra is None else self._input(extra)
        self._conditions = _conditions(model, text, cfg=cfg, size=size)

    def __call__(self, scaled: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """The prediction (1, channels, height, width), float32, for a scaled sample."""
        read = self._input(scaled)
        if self._extra is not None:
            read = torch.cat([read, self._extra], dim=1)
        predicted = self._unet(read, timestep, return_dict=False, **self._conditions)[0].float()
        if self._batch == 1:
            return torch.as_tensor(predicted)
        unwanted, wanted = predicted.chunk(2)
        return torch.as_tensor(unwanted + self._cfg * (wanted - unwanted))

    def _input(self, tensor: torch.Tensor) -> torch.Tensor:
        batch = tensor.to(self._type).expand(self._batch, -1, -1, -1)
        return batch.contiguous(memory_format=torch.channels_last)


def is_guided(model: DiffusionModel, cfg: float) -> bool:
    """Whether the negative prompt counts: not at a scale of 1, nor if the UNet reads the scale."""
    return cfg > 1 and model.unet.config.time_cond_proj_dim is None


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
