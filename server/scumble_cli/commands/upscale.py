"""`scumble upscale`: a picture file enlarged."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scumble_cli.errand import do_job, tell
from scumble_cli.outputs import Destination
from scumble_cli.pictures.canvas import PictureCanvas
from scumble_cli.pictures.writing import check_writable
from scumble_cli.wishes import RANDOM
from scumble_protocol.checks import check_number
from scumble_protocol.choices import Sampler, Schedule, schedule_with
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import ModelInfo, ModelKind
from scumble_protocol.requests import Refinement

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from scumble_protocol.editor.studio import Studio
    from scumble_protocol.geometry import Size

SEEDS = 2**32
CHOSEN = (
    "prompt", "negative", "sampler", "schedule", "steps", "cfg", "tile", "overlap", "tile_control",
)  # fmt: skip
"""What of a refinement is an option of the same name."""

SHARE = 0.5
"""A second upscaler's share, where none is said."""


def run(arguments: Namespace) -> int:
    """Upscale, write, tell.

    Raises:
        ScumbleError: Anything that can be wrong, before the first file is touched.
    """
    _check(arguments)
    picture = Path(arguments.picture)
    canvas = PictureCanvas.open(picture)
    scale = factor(canvas.bounds(), arguments.size) if arguments.size else arguments.scale
    check_number("The scale", scale, 1, 16)
    asked = Path(arguments.out) if arguments.out else None
    files = Destination(picture, asked, "upscaled", arguments.overwrite).files(1)
    check_writable(files[0], canvas.picture)

    def save() -> tuple[Path, ...]:
        return canvas.save_all(files, 1)

    def start(studio: Studio, model: str) -> str:
        refines = arguments.refine is not None
        return studio.upscale(
            scale,
            model,
            second=arguments.second or "",
            blend=SHARE if arguments.blend is None else arguments.blend,
            refinement=refinement(arguments, studio.models) if refines else None,
        )

    models = tuple(filter(None, (arguments.second, arguments.refine_model)))
    done = do_job(arguments, canvas, start, save, model=arguments.model or "", also=models)
    tell(*done, as_json=arguments.json)
    return 0


def factor(size: Size, wanted: Size) -> float:
    """The factor that makes one size of another.

    Raises:
        RequestError: None does, since the proportions differ.
    """
    across, down = wanted.width / size.width, wanted.height / size.height
    for scale in (across, down, (across + down) / 2):
        if (round(size.width * scale), round(size.height * scale)) == (wanted.width, wanted.height):
            return scale
    near = f"{wanted.width}x{round(size.height * across)}"
    other = f"{round(size.width * down)}x{wanted.height}"
    raise RequestError(
        ErrorCode.INVALID_VALUE,
        f"A picture of {size} pixels can't become {wanted} without being stretched.",
        f"Ask for {near} or {other}.",
    )


def refinement(arguments: Namespace, models: Iterable[ModelInfo]) -> Refinement:
    """The refinement on the command line; where nothing was said, what the model recommends."""
    wanted = arguments.refine_model or ""
    painters = [info for info in models if info.kind is ModelKind.DIFFUSION]
    info = next((info for info in painters if wanted in {"", info.id}), None)
    said = {name: getattr(arguments, name) for name in CHOSEN}
    values: dict[str, Any] = {
        "prompt": "",
        "negative": "",
        "sampler": info.sampler if info else Sampler.DPMPP_2M,
        "schedule": info.schedule if info else Schedule.AUTOMATIC,
        "steps": info.steps if info else 20,
        "cfg": info.cfg if info else 7.0,
        **{name: value for name, value in said.items() if value is not None},
    }
    if arguments.schedule is None:
        values["schedule"] = schedule_with(values["sampler"], values["schedule"])
    is_random = arguments.seed in {None, RANDOM}
    seed = secrets.randbelow(SEEDS) if is_random else arguments.seed
    model = info.id if info else wanted
    return Refinement(model=model, strength=arguments.refine, seed=seed, **values)


def _check(arguments: Namespace) -> None:
    """Refuse illegal numbers before a server is started for them."""
    check_number("The share of the second upscaler", arguments.blend or 0, 0, 1)
    if arguments.refine is not None:
        refinement(arguments, ())
