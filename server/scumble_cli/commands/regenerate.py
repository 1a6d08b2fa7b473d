"""`scumble regenerate`: a selection of a picture file made anew."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scumble_cli.commands.styles import all_styles
from scumble_cli.errand import do_job, tell
from scumble_cli.openraster import ORA_SUFFIX
from scumble_cli.outputs import Destination
from scumble_cli.picture_canvas import PictureCanvas
from scumble_cli.picture_writing import check_writable
from scumble_protocol.choices import Sampler
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import ModelKind

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_protocol.editor.studio import Studio
    from scumble_protocol.editor.styles import Style

CHOSEN = (
    "prompt", "negative", "strength", "steps", "cfg", "seed", "count",
    "grow", "feather", "padding",
)  # fmt: skip
"""The settings that are options of the same name."""


def run(arguments: Namespace) -> int:
    """Regenerate, write, tell.

    Raises:
        ScumbleError: Anything that can be wrong, before the first file is touched.
    """
    chosen = _chosen(arguments)
    style = all_styles().get(arguments.style) if arguments.style else None
    if style and style.model and not arguments.model:
        arguments.model = style.model
    count = Settings(**chosen).count  # refuses illegal values before a server is started for them
    picture = Path(arguments.picture)
    mask = Path(arguments.mask) if arguments.mask else None
    canvas = PictureCanvas.open(picture, selection=arguments.select, mask=mask)
    files = _files(arguments, picture, canvas, count)

    def start(studio: Studio) -> str:
        settings = recommended(studio, arguments.model, chosen)
        return studio.regenerate(styled(settings, style, chosen) if style else settings)

    def save() -> tuple[Path, ...]:
        for variation, file in enumerate(files):
            canvas.save(file, variation)
        return files

    tell(*do_job(arguments, canvas, start, save), as_json=arguments.json)
    return 0


def recommended(studio: Studio, model: str | None, chosen: dict[str, Any]) -> Settings:
    """What the model recommends, with what the user chose instead."""
    settings = Settings()
    for info in studio.models:
        if info.kind is ModelKind.DIFFUSION and model in {None, info.id}:
            settings = settings.for_model(info)
            break
    else:
        settings = dataclasses.replace(settings, model=model or "")  # the studio says what is there
    return dataclasses.replace(settings, **chosen)


def styled(settings: Settings, style: Style, chosen: dict[str, Any]) -> Settings:
    """Settings with a style, but for what the user chose instead."""
    own = {name: value for name, value in chosen.items() if name not in {"prompt", "negative"}}
    return dataclasses.replace(style.applied(settings), model=settings.model, **own)


def _chosen(arguments: Namespace) -> dict[str, Any]:
    chosen: dict[str, Any] = {name: getattr(arguments, name) for name in CHOSEN}
    chosen["sampler"] = _sampler(arguments.sampler) if arguments.sampler else None
    chosen["match_color"] = False if arguments.keep_color else None
    return {name: value for name, value in chosen.items() if value is not None}


def _sampler(name: str) -> Sampler:
    try:
        return Sampler(name.lower())
    except ValueError as error:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"There is no sampler {name!r}.",
            f"Choose one of: {', '.join(sampler.value for sampler in Sampler)}.",
        ) from error


def _files(
    arguments: Namespace, picture: Path, canvas: PictureCanvas, count: int
) -> tuple[Path, ...]:
    asked = Path(arguments.out) if arguments.out else None
    destination = Destination(picture, asked, "scumble", arguments.overwrite)
    # OpenRaster holds all variations in one file.
    files = destination.files(1 if destination.suffix == ORA_SUFFIX else count)
    for file in files:
        if destination.suffix != ORA_SUFFIX:
            check_writable(file, canvas.picture)
    return files
