"""The settings that a picture file was made with, to use them again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from scumble_protocol.editor.comfy_graph import read_graph
from scumble_protocol.editor.foreign_recipe import Recipe, has_settings, read_parameters
from scumble_protocol.editor.inscribed import PARAMETERS, RECORD, texts_of
from scumble_protocol.editor.record import settings_of_layer, with_guides
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError

GRAPH = "prompt"
"""The PNG text in which ComfyUI keeps its graph."""


def settings_from_file(path: Path) -> Settings:
    """The settings of a picture's topmost result; what the file does not say is as by default.

    Args:
        path: A PNG, JPEG, WebP, TIFF or OpenRaster file, made by Scumble, A1111's web interface, or
            another program that writes like it, or a PNG of ComfyUI's.

    Raises:
        RequestError: The file can't be read, or does not say how it was made.
    """
    return recipe_of_file(path).settings


def recipe_of_file(path: Path, *, guides: bool = False) -> Recipe:
    """The same, with what the file says and settings can't.

    Args:
        path: The file.
        guides: Whether controls, references and regions are wanted too, by the layers or files
            that they were read from; where they aren't, they are passed over.

    Raises:
        RequestError: As `settings_from_file`.
    """
    texts = texts_of(path)
    if RECORD in texts:
        try:
            return _of_record(texts[RECORD], guides=guides)
        except RequestError:  # of a removal or an upscale; a damaged one
            if not texts.get(PARAMETERS):
                raise
            if not has_settings(texts[PARAMETERS]):
                raise _without_model(path) from None
    if texts.get(PARAMETERS):
        return read_parameters(texts[PARAMETERS])
    if GRAPH in texts:
        return read_graph(texts[GRAPH])
    raise RequestError(
        ErrorCode.INVALID_VALUE,
        f"{path.name} does not say how it was made.",
        "Choose a picture as Scumble or A1111's web interface saved it.",
    )


def _without_model(path: Path) -> RequestError:
    return RequestError(
        ErrorCode.INVALID_VALUE,
        f"{path.name} was enlarged, or something was removed in it, without a diffusion model.",
        "There are no settings to use again: choose a picture that such a model made.",
    )


def _of_record(record: str, *, guides: bool) -> Recipe:
    settings = settings_of_layer(record)
    guided = with_guides(settings, record)
    names = tuple(name for name in ("controls", "references", "regions") if getattr(guided, name))
    chosen = guided if guides else settings
    said = {field.name: getattr(chosen, field.name) for field in dataclasses.fields(Settings)}
    return Recipe(said, () if guides else names)
