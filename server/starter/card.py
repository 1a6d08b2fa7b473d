"""Writes the model card that ships with the weights, with the figures just measured."""

from __future__ import annotations

from .judge import Figures
from .objects import THINGS
from .scenes import COLOURS, GROUNDS, SKIES
from .settings import Settings


def card(settings: Settings, figures: Figures, decibels: float) -> str:
    """Returns the card as Markdown."""
    things = ", ".join(thing.name for thing in THINGS)
    weakest = sorted(figures.by_thing, key=lambda name: figures.by_thing[name])[:8]
    return f"""---
license: apache-2.0
pipeline_tag: text-to-image
library_name: diffusers
---

# Scumble starter

A very small latent diffusion model, trained from nothing by `server/starter` of the Scumble
project. It is there so that a machine without a GPU and without access to a model hub can
regenerate a selection for real: text-to-image, image-to-image and inpainting, in seconds on a
CPU. It is no substitute for a real model: it knows {len(THINGS)} things in one glossy style.

Any version of diffusers loads it, without code of ours:

```python
from diffusers import AutoPipelineForInpainting

pipe = AutoPipelineForInpainting.from_pretrained("scumble_server/starter")
```

## What it knows

Things: {things}; and some other words for each ("puppy", "donut", "present").

Backdrops: {", ".join(COLOURS)} ("on a blue background"), gradients, stripes, checks and clouds of
two of these, {", ".join(GROUNDS)} ("on a wooden table"), under a {", ".join(SKIES)} sky.

Words that it doesn't know give one of the things or backdrops above, without meaning anything.

## Sizes

Native {settings.side} x {settings.side} pixels; sides that are multiples of 32. Larger pictures
work, but a thing may come twice. Latents have 4 channels and an eighth of the side. Schedule:
Stable Diffusion's own (scaled linear, 0.00085 to 0.012, 1,000 steps), velocity prediction.
Prompts are cut after {settings.text.length - 2} tokens. Advised: {settings.sampling.steps} steps
with guidance {settings.sampling.guidance:g}.

## Data

Everything was painted by `server/starter/scenes.py`: emoji on procedural backdrops, with captions
made from the same facts. The emoji are Microsoft's Fluent Emoji in 3D style (MIT), from the npm
package `@lobehub/fluent-emoji-3d` 1.1.0; the list of further emoji that the autoencoder alone
saw comes from `emojibase-data` 17.0.0 (MIT). The autoencoder also saw crops of six photographs
in the public domain or under CC0 (scikit-image's astronaut, chelsea, rocket, brick, gravel and
grass). The denoiser saw no photograph, no person and no artist's work. Licences: see `NOTICE`.

## Figures

Judged by a small classifier that learned from painted scenes alone and never saw a generated
picture; {figures.pictures} pictures, {settings.sampling.seeds} of each thing, DPM++ 2M:

| | |
|---|---|
| the thing asked for is the judge's first answer | {figures.top1:.1%} |
| it is among the first five | {figures.top5:.1%} |
| the backdrop has the colour asked for | {figures.backdrop:.1%} |
| ceiling: painted scenes after the autoencoder, first answer | {figures.ceiling_top1:.1%} |
| autoencoder on held-out scenes | {decibels:.1f} dB |

Weakest: {", ".join(f"{name} {figures.by_thing[name]:.0%}" for name in weakest)}.

## Limits

- One style, one view of each thing; fine detail is smeared, since the autoencoder is tiny too.
- One thing a picture. Counting, spatial relations, writing and people are beyond it.
- In photographs it keeps to the context's colours but not to its sharpness.
- It has no safety checker: it knows nothing that would need one.

Made with `python -m server.starter.train`; the code and its tests are in the repository.
"""
