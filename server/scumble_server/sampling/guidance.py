"""The UNet's prediction, guided towards the prompt and away from the negative one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from scumble_server.models.diffusion import DiffusionModel
    from scumble_server.prompts.encoding import Text


class Guided:
    """Predicts for one run: everything that stays the same between steps is prepared once.

    With a guidance scale of 1 the negative prompt has no influence, so the UNet reads each sample
    once; otherwise twice in one batch (classifier-free guidance, Ho & Salimans 2022), all of them
    with the negative prompt first, then all with the prompt.

    Args:
        model: The model.
        text: The encoded prompts; a batch of two when guided.
        count: How many samples are denoised at once.
        cfg: The guidance scale, 1 or more.
        rescale: How far predictions get back the contrast of unguided ones, 0 to 1.
        size: Height and width of the working picture in pixels, which SDXL is told.
        extra: Channels (1, n, height, width) that an inpainting UNet reads beside the sample.
    """

    def __init__(
        self,
        model: DiffusionModel,
        text: Text,
        *,
        count: int,
        cfg: float,
        rescale: float,
        size: tuple[int, int],
        extra: torch.Tensor | None,
    ) -> None:
        self._unet = model.unet
        self._cfg = cfg
        self._rescale = rescale
        self._prompts = text.hidden.shape[0]
        self._type = model.unet.dtype
        self._extra = None if extra is None else self._input(extra.expand(count, -1, -1, -1))
        self._conditions = _conditions(model, text.repeated(count), cfg=cfg, size=size)

    def __call__(self, scaled: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """The prediction (count, channels, height, width), float32, for scaled samples."""
        read = self._input(scaled)
        if self._extra is not None:
            read = torch.cat([read, self._extra], dim=1)
        predicted = self._unet(read, timestep, return_dict=False, **self._conditions)[0].float()
        if self._prompts == 1:
            return torch.as_tensor(predicted)
        unwanted, wanted = predicted.chunk(2)
        guided = torch.as_tensor(unwanted + self._cfg * (wanted - unwanted))
        return rescaled(guided, wanted, self._rescale) if self._rescale else guided

    def _input(self, tensor: torch.Tensor) -> torch.Tensor:
        batch = tensor.to(self._type).repeat(self._prompts, 1, 1, 1)
        return batch.contiguous(memory_format=torch.channels_last)


def rescaled(guided: torch.Tensor, wanted: torch.Tensor, share: float) -> torch.Tensor:
    """Guided predictions, brought back towards the contrast that the prompt's own have.

    Guidance makes a prediction's values spread more the larger its scale, which overexposes; after
    *Common Diffusion Noise Schedules and Sample Steps are Flawed* (Lin et al. 2023, section 3.4).

    Args:
        guided: Predictions (count, channels, height, width) with guidance.
        wanted: Those for the prompt alone.
        share: How far, 0 (not at all) to 1 (to the same standard deviation, for each sample).
    """
    own, spread = (tensor.std(dim=(1, 2, 3), keepdim=True) for tensor in (wanted, guided))
    # A prediction of one single value has nothing to bring back.
    return guided * (1 + share * (own / spread.clamp(min=1e-12) - 1))


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
