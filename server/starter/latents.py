"""The denoiser's training set: latents of many scenes, with captions as token numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from torch import Tensor
from transformers import CLIPTokenizer

from . import checkpoint, pool, text, vae
from .captions import caption
from .device import mixed_precision
from .scenes import Painter

PART = 8000
"""Scenes in one file of the cache."""

CAPTIONS = 4
"""Captions for each scene, one of which is drawn at every use."""


@dataclass(frozen=True)
class Latents:
    """Scenes as the denoiser sees them."""

    values: Tensor
    """scenes x channels x height x width, scaled to unit root mean square, in half precision."""
    tokens: Tensor
    """scenes x CAPTIONS x length token numbers."""
    things: Tensor
    """The number of each scene's thing, -1 for none."""


@dataclass(frozen=True)
class Maker:
    """Turns seeds into latents, with the trained autoencoder and tokenizer."""

    painter: Painter
    model: AutoencoderTiny
    tokenizer: CLIPTokenizer
    workers: int

    def make(self, first_seed: int, count: int) -> Latents:
        """Paints, encodes and captions the scenes of `count` seeds."""
        values: list[Tensor] = []
        numbers: list[Tensor] = []
        things: list[int] = []
        rng = np.random.default_rng([7, first_seed])
        for pixels, facts in pool.scenes(self.painter, first_seed, count, self.workers):
            with mixed_precision(self.model.device):
                values.append(vae.encode(self.model, pixels).half().cpu())
            lines = [caption(fact, rng)[0] for fact in facts for _ in range(CAPTIONS)]
            encoded = text.tokens(self.tokenizer, lines)
            numbers.append(encoded.view(len(facts), CAPTIONS, -1).short())
            things.extend(fact.thing for fact in facts)
        return Latents(torch.cat(values), torch.cat(numbers), torch.tensor(things))


def cached(folder: Path, maker: Maker | None, first_seed: int, count: int) -> Latents:
    """Reads the latents from the work folder, where what is missing is made and kept.

    Without a maker all of them must be there.
    """
    parts = []
    for start in range(first_seed, first_seed + count, PART):
        path = folder / f"{start}.pt"
        kept = checkpoint.load(path)
        if kept is None:
            if maker is None:
                raise FileNotFoundError(path)
            made = maker.make(start, min(PART, first_seed + count - start))
            kept = {"values": made.values, "tokens": made.tokens, "things": made.things}
            checkpoint.save(path, kept)
        parts.append(Latents(**kept))
    return Latents(
        torch.cat([part.values for part in parts]),
        torch.cat([part.tokens for part in parts]),
        torch.cat([part.things for part in parts]),
    )
