"""One job from its start to its files, the same for every command that works on a picture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scumble_cli.connection import Connection
from scumble_cli.desk import Desk
from scumble_cli.terminal import reporter, say
from scumble_protocol.editor.studio import Studio
from scumble_protocol.requests import Regenerate

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from scumble_cli.picture_canvas import PictureCanvas
    from scumble_protocol.messages import Finished


def do_job(
    arguments: Namespace,
    canvas: PictureCanvas,
    start: Callable[[Studio], str],
    save: Callable[[], Sequence[Path]],
) -> tuple[Finished, Sequence[Path]]:
    """Run a job on a canvas and write what came of it.

    Args:
        arguments: The command's arguments: `server`, `token`, `model`.
        canvas: The picture.
        start: Asks the studio for the job and gives its id.
        save: Writes the canvas and gives the files.

    Raises:
        ScumbleError: There is no server, or the job failed, or a file could not be written.
        KeyboardInterrupt: The job was cancelled.
    """
    with reporter() as shown, Connection(arguments, shown) as connection:
        studio = Studio(connection.client, canvas)
        desk = Desk(connection, studio.tick, shown)
        desk.await_welcome()
        if arguments.model:
            _ensure_model(studio, desk, arguments.model)
        finished = desk.finish(start(studio))
        files = save()
        desk.leave()
    return finished, files


def tell(finished: Finished, files: Sequence[Path], *, as_json: bool) -> None:
    """Print what was made."""
    if as_json:
        say(json.dumps(summary(finished, files), indent=2))
        return
    for file in files:
        say(f"Wrote {file}")
    for layer in finished.layers:
        seed = f", seed {layer.seed}" if isinstance(finished.request, Regenerate) else ""
        say(f"Layer of {layer.rect.size} pixels at {layer.rect.x}, {layer.rect.y}{seed}")
        if layer.chunks:
            portions = f", read in {layer.chunks} portions" if layer.chunks > 1 else ""
            say(f"  {layer.prompt} ({layer.tokens} tokens{portions})")
    phases = ", ".join(f"{time.phase} {time.seconds:.2f} s" for time in finished.times)
    say(f"Took {sum(time.seconds for time in finished.times):.2f} s: {phases}")


def summary(finished: Finished, files: Sequence[Path]) -> dict[str, object]:
    """What `--json` prints: seed, times by phase in seconds, layers in canvas pixels, files."""
    return {
        "job": finished.job,
        "kind": finished.request.kind,
        "model": getattr(finished.request, "model", ""),
        "seed": finished.layers[0].seed if finished.layers else None,
        "phases": {time.phase: round(time.seconds, 4) for time in finished.times},
        "layers": [
            {
                "x": layer.rect.x,
                "y": layer.rect.y,
                "width": layer.rect.width,
                "height": layer.rect.height,
                "seed": layer.seed,
                "prompt": layer.prompt,
                "negative": layer.negative,
                "tokens": layer.tokens,
                "chunks": layer.chunks,
            }
            for layer in finished.layers
        ],
        "files": [str(file) for file in files],
    }


def _ensure_model(studio: Studio, desk: Desk, wanted: str) -> None:
    """Have a model that the server does not list loaded: one with a hub id or a path."""
    if wanted not in {model.id for model in studio.models}:
        desk.finish(studio.load(wanted))
        desk.refresh_models()
