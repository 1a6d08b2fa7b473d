"""What a client can ask for: one frozen class per kind of work, each complete in itself."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import ClassVar

from scumble_protocol.errors import ErrorCode, ProtocolError, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat

MAX_SEED = 2**63 - 1
_BLOB_ID = re.compile(r"[0-9a-f]{32}")


class Sampler(str, enum.Enum):
    """The samplers that every UNet model runs with, by their customary names."""

    EULER = "euler"
    EULER_A = "euler_a"
    DPMPP_2M = "dpmpp_2m"
    DPMPP_2M_KARRAS = "dpmpp_2m_karras"
    DPMPP_SDE_KARRAS = "dpmpp_sde_karras"
    DDIM = "ddim"
    UNIPC = "unipc"
    LCM = "lcm"
    HEUN = "heun"


class MaskedContent(str, enum.Enum):
    """What a model finds under the mask at first."""

    ORIGINAL = "original"
    """What the picture has there; at strength 1 nothing of it is kept all the same."""
    FILL = "fill"
    """A smooth continuation of the surroundings, at every strength."""


def check_blob_id(blob: str) -> None:
    """Refuse what is not the BLAKE2b-128 of some bytes as 32 lower-case hexadecimal digits."""
    if not _BLOB_ID.fullmatch(blob):
        raise ProtocolError(f"{blob[:40]!r} is no blob id.")


def check_number(name: str, value: float, low: float, high: float) -> None:
    """Refuse a setting that is not a finite number from `low` to `high`."""
    if not low <= value <= high:  # which no NaN is
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{name} is {value}.",
            f"It must be from {low:g} to {high:g}." if high < MAX_SEED else "It must be 0 or more.",
        )


@dataclass(frozen=True)
class ImageRef:
    """A picture or mask that travels as a blob.

    Args:
        blob: BLAKE2b-128 of the pixel data, 32 lower-case hexadecimal digits.
        size: Width and height in pixels.
        format: The pixel layout of the blob.
    """

    blob: str
    size: Size
    format: PixelFormat

    def __post_init__(self) -> None:
        check_blob_id(self.blob)

    @property
    def length(self) -> int:
        """The blob's length in bytes."""
        return self.size.pixels * self.format.bytes_per_pixel


@dataclass(frozen=True)
class Regenerate:
    """Make what lies under the mask anew: img2img and inpaint in one.

    Args:
        model: A model id from `welcome`.
        prompt: What the area should become; may be empty.
        negative: What it should not become; unused where `cfg` is 1.
        strength: Denoising strength, 0 (the input exactly) to 1 (nothing of it is kept).
        sampler: The sampler.
        steps: Steps of the full schedule, 1 to 200; about `strength * steps` of them are run.
        cfg: Classifier-free guidance scale, 1 (none) to 30.
        seed: Seed of the first variation, 0 to 2**63 - 1; variation `i` uses `seed + i`.
        count: Number of variations, 1 to 16.
        grow: Pixels by which the mask is dilated before denoising, 0 to 1024.
        feather: Width in pixels of the soft rim of the mask, 0 to 1024.
        match_color: Whether to match the result's colour to its surroundings at the rim, in Lab.
        canvas: Size of the whole canvas.
        context: The part of the canvas that was sent; lies inside the canvas.
        image: The context's pixels, `rgba8` or `rgba16`, of the context's size.
        mask: The selection there, `gray8`, same size; grey is local strength.
        content: What the model finds under the mask at first.
    """

    kind: ClassVar[str] = "regenerate"

    model: str
    prompt: str
    negative: str
    strength: float
    sampler: Sampler
    steps: int
    cfg: float
    seed: int
    count: int
    grow: int
    feather: int
    match_color: bool
    canvas: Size
    context: Rect
    image: ImageRef
    mask: ImageRef
    content: MaskedContent = MaskedContent.ORIGINAL

    def __post_init__(self) -> None:
        check_number("The strength", self.strength, 0, 1)
        check_number("The number of steps", self.steps, 1, 200)
        check_number("CFG", self.cfg, 1, 30)
        check_number("The seed", self.seed, 0, MAX_SEED)
        check_number("The number of variations", self.count, 1, 16)
        check_number("Grow", self.grow, 0, 1024)
        check_number("Feather", self.feather, 0, 1024)
        _check_area(self.canvas, self.context, self.image)
        if self.mask.format is not PixelFormat.GRAY8 or self.mask.size != self.context.size:
            raise RequestError(
                ErrorCode.MASK_SIZE,
                f"The mask is {self.mask.format.value} of {self.mask.size} pixels.",
                f"It must be gray8 of {self.context.size}, like the picture.",
            )

    @property
    def blobs(self) -> tuple[ImageRef, ...]:
        """The blobs that the server needs for this request."""
        return (self.image, self.mask)


@dataclass(frozen=True)
class Upscale:
    """Enlarge a rectangle of the canvas.

    Args:
        model: The id of an upscaler from `welcome`; `lanczos` needs no model.
        scale: Factor, 1 to 8; the result has `round(side * scale)` pixels a side.
        canvas: Size of the whole canvas.
        context: The part of the canvas to enlarge; lies inside the canvas.
        image: Its pixels, `rgba8` or `rgba16`.
    """

    kind: ClassVar[str] = "upscale"

    model: str
    scale: float
    canvas: Size
    context: Rect
    image: ImageRef

    def __post_init__(self) -> None:
        check_number("The scale", self.scale, 1, 8)
        _check_area(self.canvas, self.context, self.image)

    @property
    def blobs(self) -> tuple[ImageRef, ...]:
        """The blobs that the server needs for this request."""
        return (self.image,)

    @property
    def target(self) -> Size:
        """The size of the result."""
        return Size(round(self.context.width * self.scale), round(self.context.height * self.scale))


@dataclass(frozen=True)
class LoadModel:
    """Load a model into memory, fetching it first if need be, so that later work starts at once.

    Args:
        model: A model id from `welcome`, a path on the server's machine, or a hub id `owner/name`.
    """

    kind: ClassVar[str] = "load"

    model: str

    @property
    def blobs(self) -> tuple[ImageRef, ...]:
        """No blobs are needed."""
        return ()


Request = Regenerate | Upscale | LoadModel
REQUESTS: tuple[type[Regenerate] | type[Upscale] | type[LoadModel], ...] = (
    Regenerate,
    Upscale,
    LoadModel,
)


def _check_area(canvas: Size, context: Rect, image: ImageRef) -> None:
    if not Rect.of(canvas).contains(context):
        raise RequestError(
            ErrorCode.SELECTION_OUTSIDE,
            "The area to work on reaches beyond the canvas.",
            "Select something inside the picture.",
        )
    if image.format is PixelFormat.GRAY8 or image.size != context.size:
        raise RequestError(
            ErrorCode.BAD_PICTURE,
            f"The picture is {image.format.value} of {image.size} pixels.",
            f"It must be rgba8 or rgba16 of {context.size}.",
        )
