"""Ours and diffusers' own inpainting pipeline on the same weights, eager and compiled."""

from __future__ import annotations

import copy
import dataclasses
from itertools import chain
from typing import TYPE_CHECKING, Any

import diffusers
import numpy as np
import torch
from PIL import Image

from scumble_cli.benchmarks.gpu_models import flux_model, unet_model
from scumble_cli.benchmarks.samples import PROMPT, regeneration
from scumble_protocol.choices import Sampler
from scumble_server.app import STARTER_FOLDER
from scumble_server.families.adapter import FamilyModel
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.linear import multiply_as_before
from scumble_server.models.packed import unpack_convolutions
from scumble_server.models.shelf import Shelf
from scumble_server.run import run
from scumble_server.work.report import silent

if TYPE_CHECKING:
    from scumble_cli.benchmarks.gpu_scale import Scale
    from scumble_protocol.requests import Regenerate
    from scumble_server.spec import ModelSpec
    from scumble_server.work.made import Result
    from scumble_server.work.report import Reporter

RANDOM = "random weights"
"""The name of every model here, which says what it is."""

INPAINTING = {
    "StableDiffusionPipeline": "StableDiffusionInpaintPipeline",
    "StableDiffusionXLPipeline": "StableDiffusionXLInpaintPipeline",
    "FluxPipeline": "FluxInpaintPipeline",
}
"""diffusers' pipelines that do with the same parts what a regeneration does."""


@dataclasses.dataclass(frozen=True)
class Asked:
    """A job that makes the middle of a square picture anew.

    Args:
        side: Of the picture, which is the working size too.
        steps: Euler steps.
        cfg: Guidance scale; 1 leaves guidance out.
    """

    side: int
    steps: int
    cfg: float

    def request(self, seed: int) -> tuple[Regenerate, dict[str, bytes]]:
        """The request and its pictures: other pixels for each seed."""
        return regeneration(
            self.side, seed, model=RANDOM, strength=1.0, steps=self.steps, cfg=self.cfg
        )


class Ours:
    """The server's code, called in this process."""

    def __init__(self, model: DiffusionModel | FamilyModel) -> None:
        self.model = model
        self._shelf = _GivenShelf(model)

    def run(self, asked: Asked, seed: int, report: Reporter = silent) -> Result:
        """Do a job, from bytes to bytes."""
        request, blobs = asked.request(seed)
        samplers = self.model.spec.samplers
        sampler = Sampler.EULER if Sampler.EULER in samplers else samplers[0]
        request = dataclasses.replace(request, sampler=sampler)
        return run(request, blobs.__getitem__, self._shelf, report)


class Theirs:
    """diffusers' inpainting pipeline with the parts of another one.

    Args:
        pipeline: Gives the parts; its VAE is copied, since diffusers changes the type of one.
    """

    def __init__(self, pipeline: Any) -> None:
        parts = dict(pipeline.components)
        parts["vae"] = copy.deepcopy(pipeline.vae).to(_denoiser(pipeline)[1].dtype)
        kind = INPAINTING[type(pipeline).__name__]
        self.pipeline: Any = getattr(diffusers, kind)(**parts, **_unchecked(parts))
        self.pipeline.set_progress_bar_config(disable=True)

    def run(self, asked: Asked, seed: int) -> None:
        """The same job, from arrays to an array."""
        request, blobs = asked.request(seed)
        shape = (asked.side, asked.side)
        pixels = np.frombuffer(blobs[request.image.blob], np.uint8).reshape(*shape, 4)
        mask = np.frombuffer(blobs[request.mask.blob], np.uint8).reshape(shape)
        self.pipeline(
            prompt=PROMPT,
            image=Image.fromarray(pixels).convert("RGB"),
            mask_image=Image.fromarray(mask),
            height=asked.side,
            width=asked.side,
            strength=1.0,
            num_inference_steps=asked.steps,
            guidance_scale=asked.cfg,
            generator=torch.Generator("cpu").manual_seed(seed),
        )


class Four:
    """Both, eager and compiled, on one set of weights.

    Args:
        pipeline: As `gpu_models` makes one.
        scale: Where it runs and how it is compiled.
    """

    def __init__(self, pipeline: Any, scale: Scale) -> None:
        reference = Theirs(pipeline)
        # Placing packs what a CPU calculates with: diffusers' own shall have it plain.
        name, denoiser = _denoiser(pipeline)
        reference.pipeline.register_modules(**{name: sharing_weights(denoiser)})
        self._scale = scale
        self._name = name
        self.ours = Ours(as_served(pipeline, scale))
        self.theirs = reference
        self.theirs.pipeline.to(scale.device)

    def compiled(self) -> tuple[Ours, Theirs]:
        """The two with denoisers that are compiled when they first run; the eager ones stay."""
        # What was compiled for other models counts against the number that torch keeps.
        torch.compiler.reset()
        module = getattr(self.theirs.pipeline, self._name)
        return self._ours_with(self._compiled(module)), self._theirs_with(self._compiled(module))

    def _compiled(self, module: Any) -> Any:
        own = sharing_weights(module)
        compile_denoiser(own, self._scale)
        return own

    def _ours_with(self, denoiser: Any) -> Ours:
        model = self.ours.model
        pipeline = _with(model.pipeline, self._name, denoiser)
        if isinstance(model, FamilyModel):
            return Ours(FamilyModel(model.spec, model.family, pipeline, model.device))
        return Ours(DiffusionModel(model.spec, pipeline, model.device))

    def _theirs_with(self, denoiser: Any) -> Theirs:
        changed = copy.copy(self.theirs)
        changed.pipeline = _with(self.theirs.pipeline, self._name, denoiser)
        return changed


def as_served(pipeline: Any, scale: Scale) -> DiffusionModel | FamilyModel:
    """A pipeline as the server has it in memory."""
    make = unet_model if _denoiser(pipeline)[0] == "unet" else flux_model
    return make(pipeline, scale)


def compile_denoiser(module: Any, scale: Scale) -> None:
    """Compile a UNet whole, and of a transformer the block that is repeated; for fixed shapes."""
    options = {"backend": scale.compiler, "mode": scale.mode, "dynamic": False}
    if hasattr(module, "transformer_blocks"):
        # CUDA graphs of many small parts would each copy what they give.
        module.compile_repeated_blocks(**{**options, "mode": None})
    else:
        module.compile(**options)


def sharing_weights(module: torch.nn.Module) -> torch.nn.Module:
    """Another module of the same make with the same tensors, to be changed on its own."""
    tensors = chain(module.parameters(), module.buffers())
    copied = copy.deepcopy(module, {id(tensor): tensor for tensor in tensors})
    multiply_as_before(copied)
    unpack_convolutions(copied)
    return copied


class _GivenShelf(Shelf):
    """The server's shelf with one model that was made rather than loaded."""

    def __init__(self, model: DiffusionModel | FamilyModel) -> None:
        super().__init__(Catalog([], STARTER_FOLDER), model.device)
        self._given = model

    def get(self, model: str, report: Reporter) -> DiffusionModel | FamilyModel:
        """The model, whatever it is called."""
        return self._given

    def spec_of(self, model: str) -> ModelSpec:
        """What it needs."""
        return self._given.spec


def _denoiser(pipeline: Any) -> tuple[str, Any]:
    """The name of the part that predicts, and the part."""
    name = "unet" if hasattr(pipeline, "unet") else "transformer"
    return name, getattr(pipeline, name)


def _with(pipeline: Any, name: str, part: Any) -> Any:
    """A pipeline of the same parts but one."""
    parts = {**pipeline.components, name: part}
    changed = type(pipeline)(**parts, **_unchecked(parts))
    changed.set_progress_bar_config(disable=True)
    return changed


def _unchecked(parts: dict[str, Any]) -> dict[str, bool]:
    return {"requires_safety_checker": False} if "safety_checker" in parts else {}
