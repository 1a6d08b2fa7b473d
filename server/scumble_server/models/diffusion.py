"""A diffusion model in memory: text, pictures and latents into each other, and the UNet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from scumble_server.models.preview import draw_preview, fit_preview
from scumble_server.models.remembered import Remembered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scumble_server.spec import ModelSpec

PROMPTS_KEPT = 32
PICTURES_KEPT = 8


@dataclass(frozen=True)
class Text:
    """An encoded prompt, and before it along the batch the negative one when guidance is on.

    Args:
        hidden: (1 or 2, tokens, width).
        pooled: (1 or 2, width) for models that are also conditioned on the whole text, else None.
    """

    hidden: torch.Tensor
    pooled: torch.Tensor | None


class DiffusionModel:
    """The parts of a pipeline, on their device, with what they were last asked kept by content.

    Args:
        spec: What the model needs.
        pipeline: A diffusers pipeline of the Stable Diffusion or SDXL family.
        device: Where its parts are.
    """

    def __init__(self, spec: ModelSpec, pipeline: Any, device: torch.device) -> None:
        self.spec = spec
        self.pipeline = pipeline
        self.device = device
        self.unet = pipeline.unet
        self.vae = pipeline.vae
        self.texts: Remembered[Text] = Remembered(PROMPTS_KEPT)
        self.pictures: Remembered[torch.Tensor] = Remembered(PICTURES_KEPT)

    @property
    def bytes(self) -> int:
        """The memory that the weights take."""
        parts = [
            part for part in self.pipeline.components.values() if isinstance(part, torch.nn.Module)
        ]
        return sum(
            tensor.numel() * tensor.element_size()
            for part in parts
            for tensor in (*part.parameters(), *part.buffers())
        )

    def encode_text(self, prompt: str, negative: str, *, guided: bool) -> Text:
        """The prompt and, when `guided`, the negative prompt for the UNet's cross-attention."""
        key = (prompt, negative if guided else None)
        return self.texts.get(key, lambda: self._encode_text(prompt, negative, guided=guided))

    def encode(self, image: NDArray[np.float32]) -> torch.Tensor:
        """Latents (1, channels, h / scale, w / scale), float32, of an image (h, w, 3) in 0..1.

        The mode of the VAE's distribution is taken, not a sample, so that latents depend on the
        picture alone and can be kept.
        """
        key = (image.shape, blake2b(image.tobytes(), digest_size=16).digest())
        return self.pictures.get(key, lambda: self._encode(image))

    def decode(self, latents: torch.Tensor) -> NDArray[np.float32]:
        """The image (h, w, 3) in 0..1 of latents (1, channels, h / scale, w / scale)."""
        latents = latents / self.vae.config.scaling_factor
        decoded = self.vae.decode(self._for_vae(latents), return_dict=False)[0]
        image = (decoded[0].float() / 2 + 0.5).clamp(0, 1).permute(1, 2, 0)
        return np.ascontiguousarray(image.cpu().numpy())

    def preview(self, latents: torch.Tensor) -> NDArray[np.uint8]:
        """What latents look like, one pixel each, straight-alpha RGBA (h / scale, w / scale, 4)."""
        return draw_preview(latents, self._preview_map)

    @cached_property
    def _preview_map(self) -> torch.Tensor:
        return fit_preview(self._encode, self.spec.latent_scale)

    def _encode_text(self, prompt: str, negative: str, *, guided: bool) -> Text:
        encoded = self.pipeline.encode_prompt(
            prompt=prompt,
            device=self.device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=guided,
            # None lets SDXL put zeros where nothing was asked for, as it was trained.
            negative_prompt=negative or None,
        )
        positive, unwanted, *pooled = encoded
        if not guided:
            return Text(positive, pooled[0] if pooled else None)
        return Text(
            torch.cat([unwanted, positive]),
            torch.cat([pooled[1], pooled[0]]) if pooled else None,
        )

    def _encode(self, image: NDArray[np.float32]) -> torch.Tensor:
        pixels = torch.from_numpy(image).permute(2, 0, 1)[None] * 2 - 1
        encoded = self.vae.encode(self._for_vae(pixels))
        latents = encoded.latent_dist.mode() if hasattr(encoded, "latent_dist") else encoded.latents
        latents = latents.float() * self.vae.config.scaling_factor
        return torch.as_tensor(latents)

    def _for_vae(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.device, self.vae.dtype, memory_format=torch.channels_last)
