"""What a client can ask for: one frozen class per kind of work, each complete in itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scumble_protocol.checks import MAX_SEED, check_number
from scumble_protocol.choices import MaskedContent, ResizeMode, Sampler, Schedule
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.guides import Control, Reference, Region
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat

MAX_GUIDES = 8
"""Most controls, and most references, and most regions of one request."""


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
        schedule: At which noise levels the sampler stops.
        full_steps: Whether `steps` are run at every strength, rather than their `strength` part.
        passes: Denoising strengths, above 0 to 1, of further passes, each over what the one before
            it made; 4 at most.
        batch: How many variations are denoised at once, 1 to 16; fewer where memory is short.
        clip_skip: At which layer of CLIP, counted from the last one, a prompt is read: 1 (as the
            model was made) to 12.
        cfg_rescale: How far guided predictions are brought back to the contrast of unguided ones,
            0 (not at all) to 1.
        invert: Whether what is not selected is made anew instead (A1111: inpaint not masked).
        hires: Denoising strength of the pass that draws detail, tile by tile, into an area too
            large to be made at once, 0 (no such pass, the result is only scaled) to 1.
        target: Where the result shall have another size than the canvas: which, for the whole
            canvas as context.
        resize: How the picture is brought to `target`.
        only_faces: Whether only the faces under the mask are made anew, each at the model's size.
        vae: The id of another VAE to use; empty for the model's own.
        controls: Pictures that hold the result to shapes, 8 at most.
        references: Pictures that the result takes something from, 8 at most.
        regions: Prompts that hold in a part of the context, from bottom to top, 8 at most.
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
    schedule: Schedule = Schedule.AUTOMATIC
    full_steps: bool = False
    passes: tuple[float, ...] = ()
    batch: int = 1
    clip_skip: int = 1
    cfg_rescale: float = 0.0
    invert: bool = False
    hires: float = 0.0
    target: Size | None = None
    resize: ResizeMode = ResizeMode.STRETCH
    only_faces: bool = False
    vae: str = ""
    controls: tuple[Control, ...] = ()
    references: tuple[Reference, ...] = ()
    regions: tuple[Region, ...] = ()

    def __post_init__(self) -> None:
        check_number("The strength", self.strength, 0, 1)
        _check_sampling(self.steps, self.cfg, self.seed)
        check_number("The number of variations", self.count, 1, 16)
        check_number("Grow", self.grow, 0, 1024)
        check_number("Feather", self.feather, 0, 1024)
        check_number("The number of further passes", len(self.passes), 0, 4)
        for strength in self.passes:
            check_number("The strength of a further pass", strength, 0.01, 1)
        if self.passes and self.strength == 0:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                "With a strength of 0 there is no first pass that others could go over.",
                "Raise the strength, or leave the further passes out.",
            )
        check_number("The batch size", self.batch, 1, 16)
        check_number("CLIP skip", self.clip_skip, 1, 12)
        check_number("CFG rescale", self.cfg_rescale, 0, 1)
        check_number("The strength of the detail pass", self.hires, 0, 1)
        _check_area(self.canvas, self.context, self.image)
        _check_mask("The mask", self.mask, self.context)
        self._check_guides()
        if self.target is not None and self.context != Rect.of(self.canvas):
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                "A part of the picture can't be brought to another size.",
                "Select the whole picture, or leave the size as it is.",
            )

    def _check_guides(self) -> None:
        check_number("The number of controls", len(self.controls), 0, MAX_GUIDES)
        check_number("The number of references", len(self.references), 0, MAX_GUIDES)
        check_number("The number of regions", len(self.regions), 0, MAX_GUIDES)
        for control in self.controls:
            if control.image.size != self.context.size:
                raise RequestError(
                    ErrorCode.BAD_PICTURE,
                    f"The {control.kind.value} control is {control.image.size} pixels.",
                    f"It must be {self.context.size}, like the picture.",
                )
        for region in self.regions:
            _check_mask(f"The region {region.prompt[:40]!r}", region.mask, self.context)

    @property
    def blobs(self) -> tuple[ImageRef, ...]:
        """The blobs that the server needs for this request."""
        return (
            self.image,
            self.mask,
            *(control.image for control in self.controls),
            *(reference.image for reference in self.references),
            *(region.mask for region in self.regions),
        )


@dataclass(frozen=True)
class Remove:
    """Take away what lies under the mask without a model: its surroundings go on in its place.

    Args:
        grow: Pixels by which the mask is dilated, 0 to 1024.
        feather: Width in pixels of the soft rim of the mask, 0 to 1024.
        canvas: Size of the whole canvas.
        context: The part of the canvas that was sent; lies inside the canvas.
        image: The context's pixels, `rgba8` or `rgba16`, of the context's size.
        mask: The selection there, `gray8`, same size.
        seed: Seed of what chance decides, 0 to 2**63 - 1.
    """

    kind: ClassVar[str] = "remove"

    grow: int
    feather: int
    canvas: Size
    context: Rect
    image: ImageRef
    mask: ImageRef
    seed: int = 0

    def __post_init__(self) -> None:
        check_number("Grow", self.grow, 0, 1024)
        check_number("Feather", self.feather, 0, 1024)
        check_number("The seed", self.seed, 0, MAX_SEED)
        _check_area(self.canvas, self.context, self.image)
        _check_mask("The mask", self.mask, self.context)

    @property
    def blobs(self) -> tuple[ImageRef, ...]:
        """The blobs that the server needs for this request."""
        return (self.image, self.mask)


@dataclass(frozen=True)
class ShowMask:
    """Show how strongly each pixel would be made anew: a red layer whose mask is that strength.

    Args:
        strength: Denoising strength, 0 to 1.
        grow: As in `Regenerate`.
        feather: As in `Regenerate`.
        invert: As in `Regenerate`.
        canvas: Size of the whole canvas.
        context: The part of the canvas that was sent; lies inside the canvas.
        mask: The selection there, `gray8`, of the context's size.
    """

    kind: ClassVar[str] = "show_mask"

    strength: float
    grow: int
    feather: int
    invert: bool
    canvas: Size
    context: Rect
    mask: ImageRef

    def __post_init__(self) -> None:
        check_number("The strength", self.strength, 0, 1)
        check_number("Grow", self.grow, 0, 1024)
        check_number("Feather", self.feather, 0, 1024)
        _check_inside(self.canvas, self.context)
        _check_mask("The mask", self.mask, self.context)

    @property
    def blobs(self) -> tuple[ImageRef, ...]:
        """The blobs that the server needs for this request."""
        return (self.mask,)


@dataclass(frozen=True)
class Refinement:
    """How a diffusion model draws detail into an enlarged picture, tile by tile.

    Args:
        model: A diffusion model's id.
        prompt: What the picture shows; may be empty.
        negative: What it should not show.
        strength: Denoising strength, 0 (the enlarged picture exactly) to 1.
        sampler: The sampler.
        schedule: Its schedule.
        steps: Steps of the full schedule, 1 to 200.
        cfg: Guidance scale, 1 to 30.
        seed: The seed, 0 to 2**63 - 1.
        tile: Longest side of a tile in pixels; 0 for the model's native side.
        overlap: Pixels that neighbouring tiles share, 0 to 1024; a tile is at least twice as long.
        tile_control: Whether a tile control holds the detail to what is there, where there is one.
    """

    model: str
    prompt: str
    negative: str
    strength: float
    sampler: Sampler
    schedule: Schedule
    steps: int
    cfg: float
    seed: int
    tile: int = 0
    overlap: int = 64
    tile_control: bool = False

    def __post_init__(self) -> None:
        check_number("The strength", self.strength, 0, 1)
        _check_sampling(self.steps, self.cfg, self.seed)
        check_number("The overlap", self.overlap, 0, 1024)
        if self.tile:
            check_number("The tile", self.tile, max(64, 2 * self.overlap), 4096)


@dataclass(frozen=True)
class Upscale:
    """Enlarge a rectangle of the canvas.

    Args:
        model: The id of an upscaler from `welcome`; `lanczos` needs no model.
        scale: Factor, 1 to 16; the result has `round(side * scale)` pixels a side.
        canvas: Size of the whole canvas.
        context: The part of the canvas to enlarge; lies inside the canvas.
        image: Its pixels, `rgba8` or `rgba16`.
        second: The id of another upscaler, whose result is mixed in; empty for none.
        blend: How much of the second one's result is in the mixture, 0 to 1.
        refinement: How a diffusion model draws detail into what the upscalers made; None for not.
    """

    kind: ClassVar[str] = "upscale"

    model: str
    scale: float
    canvas: Size
    context: Rect
    image: ImageRef
    second: str = ""
    blend: float = 0.0
    refinement: Refinement | None = None

    def __post_init__(self) -> None:
        check_number("The scale", self.scale, 1, 16)
        check_number("The share of the second upscaler", self.blend, 0, 1)
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


Request = Regenerate | Remove | ShowMask | Upscale | LoadModel
REQUESTS: tuple[type[Request], ...] = (Regenerate, Remove, ShowMask, Upscale, LoadModel)


def _check_sampling(steps: int, cfg: float, seed: int) -> None:
    check_number("The number of steps", steps, 1, 200)
    check_number("CFG", cfg, 1, 30)
    check_number("The seed", seed, 0, MAX_SEED)


def _check_inside(canvas: Size, context: Rect) -> None:
    if not Rect.of(canvas).contains(context):
        raise RequestError(
            ErrorCode.SELECTION_OUTSIDE,
            "The area to work on reaches beyond the canvas.",
            "Select something inside the picture.",
        )


def _check_area(canvas: Size, context: Rect, image: ImageRef) -> None:
    _check_inside(canvas, context)
    if image.format is PixelFormat.GRAY8 or image.size != context.size:
        raise RequestError(
            ErrorCode.BAD_PICTURE,
            f"The picture is {image.format.value} of {image.size} pixels.",
            f"It must be rgba8 or rgba16 of {context.size}.",
        )


def _check_mask(name: str, mask: ImageRef, context: Rect) -> None:
    if mask.format is not PixelFormat.GRAY8 or mask.size != context.size:
        raise RequestError(
            ErrorCode.MASK_SIZE,
            f"{name} is {mask.format.value} of {mask.size} pixels.",
            f"It must be gray8 of {context.size}, like the picture.",
        )
