"""A diffusion model in memory: text, pictures and latents into each other, and the UNet."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from copy import copy
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from scumble_server.models.attention_kernels import preferring
from scumble_server.models.kept_text import keeping_text
from scumble_server.models.packed import packed_bytes
from scumble_server.models.preview import draw_preview, fit_preview
from scumble_server.models.remembered import Remembered
from scumble_server.prompts import attention
from scumble_server.prompts.additions import NOTHING, Adder
from scumble_server.prompts.encoding import Encoder, Text, encode, measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from scumble_protocol.requests import Regenerate
    from scumble_server.compiling.unet import CompiledUnet
    from scumble_server.control.networks import Vae
    from scumble_server.pixels.crop import Crop
    from scumble_server.prompts.tokens import Count
    from scumble_server.prompts.wording import Wording
    from scumble_server.spec import ModelSpec
    from scumble_server.work.report import Reporter

PROMPTS_KEPT = 32
PICTURES_KEPT = 8

Previewer = Callable[[torch.Tensor], "NDArray[np.uint8]"]
"""What `DiffusionModel.preview` does."""

TITLES = {
    "sd1": "a Stable Diffusion 1.x model",
    "sd2": "a Stable Diffusion 2.x model",
    "sdxl": "an SDXL model",
}
"""Families as people know them."""


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
        self.vae_scaling = float(pipeline.vae.config.scaling_factor)
        self._vae_id = ""
        self.texts: Remembered[Text] = Remembered(PROMPTS_KEPT)
        self.pictures: Remembered[torch.Tensor] = Remembered(PICTURES_KEPT)
        self.compiled: CompiledUnet | None = None
        self.previewer: Previewer | None = None
        self.attention: str | None = None
        self._adder = Adder(pipeline, TITLES.get(spec.family, "this model"))
        self._additions = NOTHING

    @property
    def bytes(self) -> int:
        """The memory that the weights take."""
        parts = [
            part for part in self.pipeline.components.values() if isinstance(part, torch.nn.Module)
        ]
        plain = sum(
            tensor.numel() * tensor.element_size()
            for part in parts
            for tensor in (*part.parameters(), *part.buffers())
        )
        return plain + packed_bytes(self.unet) + (self.compiled.bytes if self.compiled else 0)

    @contextmanager
    def using(self, wording: Wording) -> Iterator[None]:
        """While in it, the model has the LoRAs and knows the textual inversions of a wording.

        Raises:
            RequestError: One of them is damaged or made for other models.
        """
        models = tuple(encoder.model for encoder in self._encoders())
        with self._adder.added(wording.loras, wording.embeddings, models) as additions:
            self._additions = additions
            try:
                yield
            finally:
                self._additions = NOTHING

    def forget(self) -> bool:
        """See `Model.forget`."""
        kept = [self._adder.forget(), self.texts.clear(), self.pictures.clear()]
        if self.compiled:
            kept.append(self.compiled.forget())
        return any(kept)

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Around the evaluations of one run."""
        compiled = self.compiled.run() if self.compiled else nullcontext()
        attending = preferring(self.attention) if self.attention else nullcontext()
        with compiled, attending, keeping_text(self.unet):
            yield

    def predict(
        self, read: torch.Tensor, timestep: torch.Tensor, told: Mapping[str, Any]
    ) -> torch.Tensor:
        """What the UNet predicts for scaled samples, (n, channels, height, width).

        Args:
            read: The samples, with the channels of an inpainting UNet.
            timestep: The timestep.
            told: Its conditions by name.
        """
        if self.compiled and (made := self.compiled(read, timestep, told)) is not None:
            return made
        return torch.as_tensor(self.unet(read, timestep, return_dict=False, **told)[0])

    def sample(
        self, crop: Crop, request: Regenerate, seeds: tuple[int, ...], report: Reporter
    ) -> tuple[NDArray[np.float32], ...]:
        """See `Model.sample`."""
        from scumble_server.sampling.loop import sample

        return sample(crop, self, request, seeds, report)

    def encode_text(self, prompt: str, negative: str, *, guided: bool, clip_skip: int = 1) -> Text:
        """The prompt and, when `guided`, the negative prompt for the UNet's cross-attention.

        Args:
            prompt: The prompt.
            negative: The negative prompt.
            guided: Whether that counts.
            clip_skip: At which layer both are read, as in `Regenerate`.

        Raises:
            RequestError: A weight in them is absurd, or there are not so many layers.
        """
        rejected = negative if guided else None
        key = (prompt, rejected, clip_skip, self._additions.key)
        return self.texts.get(key, lambda: self._encode_text(prompt, rejected, clip_skip))

    def with_vae(self, vae: Vae) -> DiffusionModel:
        """This model with another VAE; the two share everything else.

        Raises:
            RequestError: Its latents have other sizes than this model's.
        """
        vae.check(channels=self.spec.latent_channels, scale=self.spec.latent_scale)
        changed = copy(self)
        changed.vae = vae.module
        changed.vae_scaling = vae.scaling or self.vae_scaling
        changed._vae_id = vae.id  # noqa: SLF001 (of this class)
        vars(changed).pop("_preview_map", None)
        return changed

    def with_previewer(self, previewer: Previewer) -> DiffusionModel:
        """This model with other previews; the two share everything else."""
        changed = copy(self)
        changed.previewer = previewer
        return changed

    def measure(self, prompt: str) -> Count:
        """How many tokens a prompt has, and in how many chunks they are read."""
        return measure(self._encoders()[0], attention.parse(prompt))

    def encode(self, image: NDArray[np.float32]) -> torch.Tensor:
        """Latents (1, channels, h / scale, w / scale), float32, of an image (h, w, 3) in 0..1.

        The mode of the VAE's distribution is taken, not a sample, so that latents depend on the
        picture alone and can be kept.
        """
        key = (self._vae_id, image.shape, blake2b(image.tobytes(), digest_size=16).digest())
        return self.pictures.get(key, lambda: self._encode(image))

    def decode(self, latents: torch.Tensor) -> NDArray[np.float32]:
        """The image (h, w, 3) in 0..1 of latents (1, channels, h / scale, w / scale)."""
        latents = latents / self.vae_scaling
        decoded = self.vae.decode(self._for_vae(latents), return_dict=False)[0]
        image = (decoded[0].float() / 2 + 0.5).clamp(0, 1).permute(1, 2, 0)
        return np.ascontiguousarray(image.cpu().numpy())

    def preview(self, latents: torch.Tensor) -> NDArray[np.uint8]:
        """What latents look like, one pixel each, straight-alpha RGBA (h / scale, w / scale, 4).

        Of several at once the first one is shown. One that is decoded may have more pixels.
        """
        if self.previewer is not None:
            return self.previewer(latents)
        return draw_preview(latents, self._preview_map)

    @cached_property
    def _preview_map(self) -> torch.Tensor:
        return fit_preview(self._encode, self.spec.latent_scale)

    def _encoders(self, clip_skip: int = 1) -> tuple[Encoder, ...]:
        """The text encoders, SDXL's two in their order."""
        names = ("", "_2") if hasattr(self.pipeline, "text_encoder_2") else ("",)
        found = [
            (
                getattr(self.pipeline, f"tokenizer{name}"),
                getattr(self.pipeline, f"text_encoder{name}"),
            )
            for name in names
        ]
        learned = self._additions.learned or ({},) * len(found)
        return tuple(
            Encoder(tokenizer, model, len(names) == 2, vectors, clip_skip)
            for (tokenizer, model), vectors in zip(found, learned, strict=True)
            if model is not None
        )

    def _encode_text(self, prompt: str, negative: str | None, clip_skip: int) -> Text:
        # Zeros let SDXL do as it was trained to where nothing is to be avoided.
        force_zeros = getattr(self.pipeline.config, "force_zeros_for_empty_prompt", False)
        return encode(
            self._encoders(clip_skip),
            attention.parse(prompt),
            None if negative is None else attention.parse(negative),
            zeros=force_zeros and not negative,
        )

    def _encode(self, image: NDArray[np.float32]) -> torch.Tensor:
        pixels = torch.from_numpy(image).permute(2, 0, 1)[None] * 2 - 1
        encoded = self.vae.encode(self._for_vae(pixels))
        latents = encoded.latent_dist.mode() if hasattr(encoded, "latent_dist") else encoded.latents
        latents = latents.float() * self.vae_scaling
        return torch.as_tensor(latents)

    def _for_vae(self, tensor: torch.Tensor) -> torch.Tensor:
        # diffusers' own `dtype` goes through the whole tree of modules.
        kept = next(self.vae.parameters()).dtype
        return tensor.to(self.device, kept, memory_format=torch.channels_last)
