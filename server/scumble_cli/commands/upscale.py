"""`scumble upscale`: a picture file enlarged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.errand import do_job, tell
from scumble_cli.outputs import Destination
from scumble_cli.picture_canvas import PictureCanvas
from scumble_cli.picture_writing import check_writable
from scumble_protocol.messages import ModelInfo, ModelKind

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from scumble_protocol.editor.studio import Studio


def run(arguments: Namespace) -> int:
    """Upscale, write, tell.

    Raises:
        ScumbleError: Anything that can be wrong, before the first file is touched.
    """
    picture = Path(arguments.picture)
    canvas = PictureCanvas.open(picture)
    asked = Path(arguments.out) if arguments.out else None
    files = Destination(picture, asked, "upscaled", arguments.overwrite).files(1)
    check_writable(files[0], canvas.picture)

    def save() -> tuple[Path, ...]:
        canvas.save(files[0])
        return files

    def start(studio: Studio) -> str:
        model = arguments.model or proposed(studio.models, arguments.scale)
        return studio.upscale(arguments.scale, model)

    tell(*do_job(arguments, canvas, start, save), as_json=arguments.json)
    return 0


def proposed(models: Iterable[ModelInfo], scale: float) -> str:
    """The upscaler for a factor: the first listed that reaches it, else the one that goes farthest.

    Servers list those that come with Scumble first. A network that goes beyond the factor is better
    than one that falls short, since its result is only shrunk.

    Args:
        models: Those that the server offers; upscalers among them have their factor in `scale`.
        scale: The factor wanted.

    Returns:
        An id, or nothing when there is no upscaler, which the studio then says.
    """
    upscalers = [model for model in models if model.kind is ModelKind.UPSCALER]
    for model in upscalers:
        if model.scale >= scale:
            return model.id
    farthest = max(upscalers, key=lambda model: model.scale, default=None)
    return farthest.id if farthest else ""
