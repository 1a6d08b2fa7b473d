"""One job from its start to its files, the same for every command that works on a picture."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from scumble_cli.connection import Connection
from scumble_cli.desk import Desk
from scumble_cli.terminal import reporter, say
from scumble_cli.wishes import offered
from scumble_protocol.editor.studio import Studio
from scumble_protocol.requests import Regenerate, Request, Upscale

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from scumble_cli.pictures.canvas import PictureCanvas
    from scumble_protocol.messages import Finished, Pass, ResultLayer


def do_job(
    arguments: Namespace,
    canvas: PictureCanvas,
    start: Callable[[Studio, str], str],
    save: Callable[[], Sequence[Path]],
    *,
    model: str = "",
    also: Sequence[str] = (),
) -> tuple[Finished, Sequence[Path]]:
    """Run a job on a canvas and write what came of it.

    Args:
        arguments: The command's arguments, `server` and `token` among them.
        canvas: The picture.
        start: Asks the studio for the job, with the model's id, and gives the job's.
        save: Writes the canvas and gives the files.
        model: The model that is wanted; it is loaded first where the server does not list it.
        also: Further ones that are needed.

    Raises:
        ScumbleError: There is no server, or the job failed, or a file could not be written.
        KeyboardInterrupt: The job was cancelled.
    """
    with reporter() as shown, Connection(arguments, shown) as connection:
        studio = Studio(connection.client, canvas)
        desk = Desk(connection, studio.tick, shown)
        desk.await_welcome()
        for wanted in filter(None, (model, *also)):
            _ensure_model(studio, desk, wanted)
        finished = desk.finish(start(studio, offered(studio.models, model)))
        files = save()
        desk.leave()
    return finished, files


def tell(
    finished: Finished,
    files: Sequence[Path],
    *,
    as_json: bool,
    passed_over: Sequence[str] = (),
) -> None:
    """Print what was made.

    Args:
        finished: The server's account.
        files: What was written.
        as_json: Whether to print it for programs.
        passed_over: What the file of `--like` says and was not used.
    """
    if as_json:
        fields = {**summary(finished, files), "passed_over": list(passed_over)}
        say(json.dumps(fields, indent=2))
        return
    for file in files:
        say(f"Wrote {file}")
    for layer in finished.layers:
        _tell_layer(layer, finished)
    for note in finished.notes:
        say(f"Note: {note}")
    if passed_over:
        say(f"Note: not used of --like: {', '.join(passed_over)}.")
    phases = ", ".join(f"{time.phase} {time.seconds:.2f} s" for time in finished.times)
    say(f"Took {sum(time.seconds for time in finished.times):.2f} s: {phases}")


def _tell_layer(layer: ResultLayer, finished: Finished) -> None:
    seed = None if layer.title else _seed(layer, finished.request)
    place = f"{layer.rect.size} pixels at {layer.rect.x}, {layer.rect.y}"
    say(f"{layer.title or 'Layer'} of {place}{'' if seed is None else f', seed {seed}'}")
    if layer.chunks and layer.prompt:
        portions = f", read in {layer.chunks} portions" if layer.chunks > 1 else ""
        say(f"  {layer.prompt} ({layer.tokens} tokens{portions})")
    if len(layer.passes) > 1:
        say("  " + ", then ".join(_pass(one) for one in layer.passes))


def _seed(layer: ResultLayer, request: Request) -> int | None:
    """The seed that made a layer; None where chance had no part."""
    if isinstance(request, Upscale):
        return request.refinement.seed if request.refinement else None
    return layer.seed if isinstance(request, Regenerate) else None


def _pass(one: Pass) -> str:
    tiles = f" in {one.tiles} tiles" if one.tiles > 1 else ""
    how = f", strength {one.strength:g}, {one.steps} steps" if one.steps else ""
    return f"{one.name} at {one.working}{tiles}{how}"


def summary(finished: Finished, files: Sequence[Path]) -> dict[str, object]:
    """What `--json` prints: seed, times by phase in seconds, layers in canvas pixels, files."""
    return {
        "job": finished.job,
        "kind": finished.request.kind,
        "model": getattr(finished.request, "model", ""),
        "seed": _seed(finished.layers[0], finished.request) if finished.layers else None,
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
                "title": layer.title,
                "passes": [dataclasses.asdict(one) for one in layer.passes],
            }
            for layer in finished.layers
        ],
        "notes": list(finished.notes),
        "files": [str(file) for file in files],
    }


def _ensure_model(studio: Studio, desk: Desk, wanted: str) -> None:
    """Have a model that the server does not list loaded: one with a hub id or a path."""
    if offered(studio.models, wanted) not in {model.id for model in studio.models}:
        desk.finish(studio.load(wanted))
        desk.refresh_models()
