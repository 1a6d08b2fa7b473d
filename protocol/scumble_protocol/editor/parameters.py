"""A layer's record as the `parameters` text that A1111's web interface writes into pictures.

    a red apple on a table
    Negative prompt: blurry
    Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.0, Seed: 42, …

Many programs read it. It says most of what a record says, but not all: the record goes with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from scumble_protocol.choices import MaskedContent, Sampler, Schedule, modern
from scumble_protocol.editor.a1111_names import CONTENTS, SAMPLERS, SCHEDULES
from scumble_protocol.errors import ErrorCode, RequestError

_Field = tuple[str, object]


def parameters_of(record: str, version: str) -> str:
    """The text for a record.

    Args:
        record: The JSON of `request_json`.
        version: That of Scumble, for people.

    Raises:
        RequestError: The record is damaged.
    """
    try:
        return _parameters(modern(json.loads(record)), version)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The record of how the picture was made is damaged: {error!r:.60}.",
            "Set the settings by hand.",
        ) from error


def _parameters(fields: Mapping[str, Any], version: str) -> str:
    painting = fields.get("refinement") or fields
    made = fields.get("made") or {}
    worded = {**painting, **made} if fields["kind"] == "regenerate" else painting
    prompt, negative = worded.get("prompt", ""), worded.get("negative", "")
    said = [*_fields(fields, painting, made), ("Version", f"Scumble {version}")]
    lines = [prompt, f"Negative prompt: {negative}" if negative else ""]
    lines.append(", ".join(f"{name}: {_quoted(value)}" for name, value in said))
    return "\n".join(line for line in lines if line)


def _fields(
    fields: Mapping[str, Any], painting: Mapping[str, Any], made: Mapping[str, Any]
) -> Iterator[_Field]:
    if "sampler" in painting:
        yield from _sampling(painting, made)
    if fields["kind"] == "regenerate":
        yield "Size", _sides(_working(fields, made))
    if painting.get("model"):
        yield "Model", _model_name(painting["model"])
    if "sampler" in painting:
        yield "Denoising strength", painting["strength"]
    yield from _OF_KIND[fields["kind"]](fields)


def _removal(fields: Mapping[str, Any]) -> Iterator[_Field]:
    yield "Seed", fields.get("seed", 0)
    yield "Mask blur", fields["feather"]
    yield "Mask grow", fields["grow"]
    yield "Masked content", CONTENTS[MaskedContent.REMOVE]


def _enlargement(fields: Mapping[str, Any]) -> Iterator[_Field]:
    yield "Postprocess upscale by", fields["scale"]
    yield "Postprocess upscaler", _model_name(fields["model"])
    if fields.get("second"):
        yield "Postprocess upscaler 2", _model_name(fields["second"])
        yield "Postprocess upscaler 2 visibility", fields["blend"]


def _sampling(painting: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[_Field]:
    yield "Steps", painting["steps"]
    yield "Sampler", SAMPLERS[Sampler(painting["sampler"])]
    yield "Schedule type", SCHEDULES[Schedule(painting.get("schedule", "automatic"))]
    yield "CFG scale", painting["cfg"]
    yield "Seed", made.get("seed") or painting["seed"]


def _regeneration(fields: Mapping[str, Any]) -> Iterator[_Field]:
    yield from _rarely(fields)
    yield from _sizing(fields)
    yield from _guiding(fields)
    yield from _mask(fields)


def _sizing(fields: Mapping[str, Any]) -> Iterator[_Field]:
    if fields.get("hires"):
        yield "Detail pass", fields["hires"]
    if fields.get("only_faces"):
        yield "Only faces", True
    if fields.get("target"):
        yield "Resized to", _sides(fields["target"])
        yield "Resize mode", fields["resize"]


def _guiding(fields: Mapping[str, Any]) -> Iterator[_Field]:
    # No colon and no comma inside: the plainest readers stop at both.
    for name, guides in (("ControlNet", "controls"), ("Reference", "references")):
        for number, guide in enumerate(fields.get(guides, ())):
            yield f"{name} {number}", f"{guide['kind']} x {guide['weight']}"
    if fields.get("regions"):
        yield "Regions", len(fields["regions"])


def _rarely(fields: Mapping[str, Any]) -> Iterator[_Field]:
    """What is said only where it is not as usual."""
    if fields.get("clip_skip", 1) > 1:
        yield "Clip skip", fields["clip_skip"]
    if fields.get("cfg_rescale"):
        yield "CFG rescale", fields["cfg_rescale"]
    if fields.get("full_steps"):
        yield "Full steps", True
    if fields.get("passes"):
        yield "Further passes", " ".join(str(strength) for strength in fields["passes"])
    if fields.get("vae"):
        yield "VAE", _model_name(fields["vae"])


def _mask(fields: Mapping[str, Any]) -> Iterator[_Field]:
    context, canvas = fields["context"], fields["canvas"]
    is_whole = (context["width"], context["height"]) == (canvas["width"], canvas["height"])
    yield "Mask blur", fields["feather"]
    yield "Mask grow", fields["grow"]
    if fields.get("invert"):
        yield "Mask mode", "Inpaint not masked"
    yield "Masked content", CONTENTS[MaskedContent(fields.get("content", "original"))]
    yield "Inpaint area", "Whole picture" if is_whole else "Only masked"
    asked = fields.get("asked") or {}
    if not is_whole and "padding" in asked:
        yield "Masked area padding", asked["padding"]


def _nothing(_fields: Mapping[str, Any]) -> Iterator[_Field]:
    return iter(())


_OF_KIND = {
    "regenerate": _regeneration,
    "remove": _removal,
    "upscale": _enlargement,
    "show_mask": _nothing,
}


def _working(fields: Mapping[str, Any], made: Mapping[str, Any]) -> Mapping[str, Any]:
    """The size that the model worked at, which is what A1111 means by size."""
    passes = made.get("passes")
    size: Mapping[str, Any] = passes[0]["working"] if passes else fields["context"]
    return size


def _sides(size: Mapping[str, Any]) -> str:
    return f"{size['width']}x{size['height']}"


def _model_name(model: str) -> str:
    """As A1111 calls a model: its file's name without folder and ending."""
    return PurePath(model.replace("\\", "/")).name.removesuffix(".safetensors")


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if set(text) & set(',:"\n') else text
