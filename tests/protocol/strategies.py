"""Hypothesis strategies for every message, built from the type hints of the message classes."""

from __future__ import annotations

import dataclasses
import enum
import functools
import operator
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import strategies as st

from scumble_protocol.checks import MAX_SEED
from scumble_protocol.choices import MaskedContent, ResizeMode, Sampler, Schedule
from scumble_protocol.geometry import MAX_OFFSET, Rect, Size
from scumble_protocol.guides import Control, ControlKind, Reference, ReferenceKind, Region
from scumble_protocol.images import ImageRef, Likeness
from scumble_protocol.messages import (
    MESSAGES,
    Chunk,
    Copy,
    Encoding,
    Limits,
    Message,
    Pass,
    Progress,
    Refused,
    Submit,
    Want,
)
from scumble_protocol.pixels import PixelFormat, Pixels
from scumble_protocol.requests import Refinement, Regenerate, Remove, Request, ShowMask, Upscale

texts = st.text(st.characters(codec="utf-8"), max_size=20)
blob_ids = st.text("0123456789abcdef", min_size=32, max_size=32)
job_ids = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
sizes = st.builds(Size, st.integers(1, 2**14), st.integers(1, 2**14))
rects = st.builds(
    Rect,
    st.integers(-MAX_OFFSET, MAX_OFFSET),
    st.integers(-MAX_OFFSET, MAX_OFFSET),
    st.integers(1, 2**14),
    st.integers(1, 2**14),
)
colour_formats = st.sampled_from([PixelFormat.RGBA8, PixelFormat.RGBA16])

# What a field holds where its type says too little.
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "job": job_ids,
    "awaiting": st.lists(job_ids, max_size=3).map(tuple),
    "blob": blob_ids,
    "blobs": st.lists(blob_ids, max_size=3).map(tuple),
    "number": st.integers(1, 2**63 - 1),
    "after": st.integers(0, 2**63 - 1),
    "lost": st.lists(job_ids, max_size=3).map(tuple),
    "nonce": st.text("0123456789abcdef", min_size=64, max_size=64),
    "proof": st.text("0123456789abcdef", min_size=64, max_size=64),
    "most": st.integers(1, 2**31),
    "client": st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
}


_COUNTS = [field.name for field in dataclasses.fields(Limits) if field.name != "message_bytes"]


@st.composite
def pixels(draw: st.DrawFn) -> Pixels:
    size = draw(st.builds(Size, st.integers(1, 6), st.integers(1, 6)))
    layout = draw(st.sampled_from(PixelFormat))
    length = size.pixels * layout.bytes_per_pixel
    return Pixels(size, layout, draw(st.binary(min_size=length, max_size=length)))


@st.composite
def chunks(draw: st.DrawFn) -> Chunk:
    total = draw(st.integers(1, 2**40))
    return Chunk(
        blob=draw(blob_ids),
        total=total,
        offset=draw(st.integers(0, total - 1)),
        encoding=draw(st.sampled_from(Encoding)),
        data=draw(st.binary(min_size=1, max_size=50)),
        row=draw(st.just(0) | st.integers(64, 2**24)),
        pixel=draw(st.integers(1, 8)),
    )


@st.composite
def copies(draw: st.DrawFn) -> Copy:
    total = draw(st.integers(1, 2**40))
    offset, start = (draw(st.integers(0, total - 1)) for _ in range(2))
    length = draw(st.integers(1, total - max(offset, start)))
    return Copy(draw(blob_ids), total, offset, draw(blob_ids), start, length)


@st.composite
def likenesses(draw: st.DrawFn, blobs: Iterable[str]) -> tuple[Likeness, ...]:
    """Bases of some of these blobs."""
    pairs = [(blob, draw(blob_ids)) for blob in dict.fromkeys(blobs) if draw(st.booleans())]
    return tuple(Likeness(blob, base) for blob, base in pairs if blob != base)


@st.composite
def submits(draw: st.DrawFn) -> Submit:
    request = draw(requests)
    blobs = [image.blob for image in request.blobs]
    return Submit(draw(job_ids), request, draw(likenesses(blobs)))


@st.composite
def wants(draw: st.DrawFn) -> Want:
    blobs = tuple(draw(st.lists(blob_ids, max_size=3)))
    return Want(blobs, draw(likenesses(blobs)))


@st.composite
def areas(draw: st.DrawFn) -> dict[str, Any]:
    """A canvas, a context that lies inside it, and an image of it."""
    canvas = draw(sizes)
    left, top = draw(st.integers(0, canvas.width - 1)), draw(st.integers(0, canvas.height - 1))
    context = Rect.edges(
        left,
        top,
        draw(st.integers(left + 1, canvas.width)),
        draw(st.integers(top + 1, canvas.height)),
    )
    image = ImageRef(draw(blob_ids), context.size, draw(colour_formats))
    return {"canvas": canvas, "context": context, "image": image}


def influences() -> st.SearchStrategy[dict[str, Any]]:
    """How strongly, and for which part of the steps, something guides a model."""
    ends = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)
    return st.builds(
        lambda weight, ends, model: {
            "weight": weight, "start": ends[0], "end": ends[1], "model": model,
        },
        st.floats(0, 2), ends, texts,
    )  # fmt: skip


@st.composite
def guides(draw: st.DrawFn, size: Size) -> dict[str, Any]:
    """Controls, references and regions of a context of that size."""
    controls = st.builds(
        lambda kind, blob, influence, flags: Control(
            kind,
            ImageRef(blob, size, PixelFormat.RGBA8),
            preprocess=flags[0],
            show=flags[1],
            **influence,
        ),
        st.sampled_from(ControlKind),
        blob_ids,
        influences(),
        st.tuples(st.booleans(), st.booleans()),
    )
    references = st.builds(
        lambda kind, blob, own, form, influence: Reference(
            kind, ImageRef(blob, own, form), **influence
        ),
        st.sampled_from(ReferenceKind),
        blob_ids,
        sizes,
        colour_formats,
        influences(),
    )
    regions = st.builds(
        lambda prompt, blob: Region(prompt, ImageRef(blob, size, PixelFormat.GRAY8)),
        texts,
        blob_ids,
    )
    return {
        "controls": tuple(draw(st.lists(controls, max_size=2))),
        "references": tuple(draw(st.lists(references, max_size=2))),
        "regions": tuple(draw(st.lists(regions, max_size=2))),
    }


@st.composite
def regenerations(draw: st.DrawFn) -> Regenerate:
    area = draw(areas())
    is_whole = area["context"] == Rect.of(area["canvas"])
    strength = draw(st.floats(0, 1))
    passes = st.lists(st.floats(0.01, 1), max_size=4 if strength else 0)
    return Regenerate(
        model=draw(texts),
        prompt=draw(texts),
        negative=draw(texts),
        strength=strength,
        match_color=draw(st.booleans()),
        grow=draw(st.integers(0, 1024)),
        feather=draw(st.integers(0, 1024)),
        count=draw(st.integers(1, 16)),
        content=draw(st.sampled_from(MaskedContent)),
        mask=ImageRef(draw(blob_ids), area["context"].size, PixelFormat.GRAY8),
        full_steps=draw(st.booleans()),
        passes=tuple(draw(passes)),
        batch=draw(st.integers(1, 16)),
        clip_skip=draw(st.integers(1, 12)),
        cfg_rescale=draw(st.floats(0, 1)),
        invert=draw(st.booleans()),
        hires=draw(st.floats(0, 1)),
        target=draw(st.none() | sizes) if is_whole else None,
        resize=draw(st.sampled_from(ResizeMode)),
        only_faces=draw(st.booleans()),
        vae=draw(texts),
        **draw(samplings()),
        **draw(guides(area["context"].size)),
        **area,
    )


def samplings() -> st.SearchStrategy[dict[str, Any]]:
    """How a model samples."""
    return st.fixed_dictionaries(
        {
            "sampler": st.sampled_from(Sampler),
            "schedule": st.sampled_from(Schedule),
            "steps": st.integers(1, 200),
            "cfg": st.floats(1, 30),
            "seed": st.integers(0, MAX_SEED),
        }
    )


def refinements() -> st.SearchStrategy[Refinement]:
    fields = st.fixed_dictionaries(
        {
            "model": texts,
            "prompt": texts,
            "negative": texts,
            "strength": st.floats(0, 1),
            "tile": st.just(0) | st.integers(2048, 4096),
            "overlap": st.integers(0, 1024),
            "tile_control": st.booleans(),
        }
    )
    return st.tuples(fields, samplings()).map(lambda parts: Refinement(**parts[0], **parts[1]))


@st.composite
def upscales(draw: st.DrawFn) -> Upscale:
    return Upscale(
        model=draw(texts),
        scale=draw(st.floats(1, 16)),
        second=draw(texts),
        blend=draw(st.floats(0, 1)),
        refinement=draw(st.none() | refinements()),
        **draw(areas()),
    )


@st.composite
def removals(draw: st.DrawFn) -> Remove:
    area = draw(areas())
    return Remove(
        grow=draw(st.integers(0, 1024)),
        feather=draw(st.integers(0, 1024)),
        mask=ImageRef(draw(blob_ids), area["context"].size, PixelFormat.GRAY8),
        seed=draw(st.integers(0, MAX_SEED)),
        **area,
    )


@st.composite
def shown_masks(draw: st.DrawFn) -> ShowMask:
    area = draw(areas())
    return ShowMask(
        strength=draw(st.floats(0, 1)),
        grow=draw(st.integers(0, 1024)),
        feather=draw(st.integers(0, 1024)),
        invert=draw(st.booleans()),
        canvas=area["canvas"],
        context=area["context"],
        mask=ImageRef(draw(blob_ids), area["context"].size, PixelFormat.GRAY8),
    )


def _at_some_step(start: Progress) -> st.SearchStrategy[Progress]:
    steps = st.integers(0, start.of)
    return steps.map(lambda step: dataclasses.replace(start, step=step))


def _from_hints(kind: Any, **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    known = {**_FIELDS, **fixed}
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    parts = {name: known[name] if name in known else of(hints[name]) for name in names}
    return st.builds(kind, **parts)


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type hint that occurs in messages."""
    if hint in _VALUES:
        return _VALUES[hint]()
    if typing.get_origin(hint) is tuple:
        return st.lists(of(typing.get_args(hint)[0]), max_size=3).map(tuple)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return functools.reduce(operator.or_, map(of, typing.get_args(hint)))
    if hint is types.NoneType:
        return st.none()
    if dataclasses.is_dataclass(hint):
        return _from_hints(hint)
    if issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    raise AssertionError(f"a message holds {hint}, for which there is no strategy")


_VALUES: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
    str: lambda: texts,
    int: lambda: st.integers(0, 2**40),
    float: lambda: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans,
    bytes: lambda: st.binary(max_size=50),
    Size: lambda: sizes,
    Rect: lambda: rects,
    Pixels: pixels,
    Chunk: chunks,
    Copy: copies,
    Submit: submits,
    Want: wants,
    Regenerate: regenerations,
    Upscale: upscales,
    Remove: removals,
    ShowMask: shown_masks,
    Refinement: refinements,
    Pass: lambda: _from_hints(Pass, tiles=st.integers(1, 2**20)),
    Refused: lambda: _from_hints(Refused, job=st.just("") | job_ids),
    Limits: lambda: _from_hints(
        Limits,
        message_bytes=st.integers(2**30, 2**31),
        **dict.fromkeys(_COUNTS, st.integers(1, 2**29)),
    ),
    Progress: lambda: _from_hints(Progress, step=st.just(0)).flatmap(_at_some_step),
}

requests: st.SearchStrategy[Request] = of(Request)
messages: st.SearchStrategy[Message] = st.one_of(*[of(kind) for kind in MESSAGES])
