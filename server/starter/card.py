"""Writes the model card that ships with the weights, with the figures just measured."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from .checkpoint import Pace
from .judge import Figures
from .objects import THINGS
from .scenes import COLOURS, GROUNDS, SKIES
from .settings import Settings

WIDTH = 100


@dataclass(frozen=True)
class Measured:
    """What was found out about a trained model."""

    figures: Figures
    decibels: float
    """Of held-out scenes after the autoencoder."""
    pace: Pace
    """The denoiser's training so far."""


def card(settings: Settings, measured: Measured) -> str:
    """Returns the card as Markdown."""
    figures, sampling = measured.figures, settings.sampling
    names = ", ".join(thing.name for thing in THINGS)
    things = _filled(f'Things: {names}; and some other words for each ("puppy", "donut").')
    backdrops = _filled(
        f"""Backdrops: {", ".join(COLOURS)} ("on a blue background"); gradients, stripes, checks
        and clouds of two of these; {", ".join(GROUNDS)} ("on a wooden table"), under a sky of
        these kinds: {", ".join(SKIES)}."""
    )
    sizes = _filled(
        f"""Native {settings.side} x {settings.side} pixels; sides are multiples of 32. At larger
        sizes things come apart or come twice, so Scumble works at the native size and scales the
        result. Latents have 4 channels and an eighth of the side. Schedule: Stable Diffusion's own
        (scaled linear, 0.00085 to 0.012, 1,000 steps), velocity prediction. Prompts are cut after
        {settings.text.length - 2} tokens. Advised: {sampling.steps} steps with guidance
        {sampling.guidance:g}."""
    )
    judged = _filled(
        f"""Judged by a small classifier that learned from painted scenes alone and never saw a
        generated picture; {figures.pictures} pictures, {sampling.seeds} of each thing, DPM++ 2M. It
        knows no more than these {len(THINGS)} things and tells them by colour and outline: a high
        score says that the right thing is meant, not that it is well drawn."""
    )
    softness = _filled(
        f"""- In a photograph it keeps to the context's colours but not to its sharpness: what it
        makes is as soft as {settings.side} pixels across the selection and its surroundings. A
        thing comes out best where it fills most of that, with little padding."""
    )
    missed = [f"{name} {share:.0%}" for name, share in figures.by_thing.items() if share < 1]
    weakest = _filled(f"Not always right: {', '.join(missed) or 'none'}.")
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

diffusers loads it without code of ours (tried with diffusers 0.42 and transformers 5):

```python
from diffusers import AutoPipelineForInpainting

pipe = AutoPipelineForInpainting.from_pretrained("scumble_server/starter")
```

## What it knows

{things}

{backdrops}

Words that it doesn't know give one of the things or backdrops above, without meaning anything.

## Sizes

{sizes}

## Data

Everything was painted by `server/starter/scenes.py`: emoji on procedural backdrops, with captions
made from the same facts. The emoji are Microsoft's Fluent Emoji in 3D style (MIT), from the npm
package `@lobehub/fluent-emoji-3d` 1.1.0; the list of further emoji that the autoencoder alone
saw comes from `emojibase-data` 17.0.0 (MIT). The autoencoder also saw crops of six photographs
in the public domain or under CC0 (scikit-image's astronaut, chelsea, rocket, brick, gravel and
grass). The denoiser saw no photograph and no person. Licences: see `NOTICE`.

## Figures

The denoiser was trained for {measured.pace.done:,} steps, {measured.pace.spent / 60:.0f} minutes.

{judged}

| | |
|---|---|
| the thing asked for is the judge's first answer | {figures.top1:.1%} |
| it is among the first five | {figures.top5:.1%} |
| the backdrop has the colour asked for | {figures.backdrop:.1%} |
| ceiling: painted scenes after the autoencoder, first answer | {figures.ceiling_top1:.1%} |
| autoencoder on held-out scenes | {measured.decibels:.1f} dB |

{weakest}

## Limits

- One style, one view of each thing; fine detail is smeared, since the autoencoder is tiny too.
- One thing a picture. Counting, spatial relations, writing and people are beyond it.
{softness}
- It has no safety checker: it knows nothing that would need one.

Made with `python -m server.starter.train`; the code and its tests are in the repository.
"""


def _filled(paragraph: str) -> str:
    indent = "  " if paragraph.startswith("- ") else ""
    words = " ".join(paragraph.split())
    return textwrap.fill(words, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
