"""`scumble models`: the models that the server has, and those that it should get or lose."""

from __future__ import annotations

import dataclasses
import enum
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.connection import Connection, server_answers
from scumble_cli.desk import Desk
from scumble_cli.terminal import reporter, say
from scumble_protocol.endpoint import state_folder
from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.messages import ModelKind
from scumble_protocol.requests import LoadModel
from scumble_server.app import STARTER_FOLDER
from scumble_server.control.places import OWNER_MARK
from scumble_server.models.catalog import Catalog
from scumble_server.models.recommended import recommended

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_protocol.messages import ModelInfo

MODELS_FOLDER = "models"
ADDED = (ModelKind.CONTROL, ModelKind.REFERENCE, ModelKind.VAE)
"""What is added to models, and named by jobs."""

MEGABYTE = 10**6
ENDING = ".safetensors"


def run(arguments: Namespace) -> int:
    """Do the action.

    Raises:
        ScumbleError: It can't be done.
    """
    actions = {
        "list": _list,
        "recommended": _recommended,
        "info": _info,
        "get": _get,
        "remove": _remove,
    }
    actions[arguments.action](arguments)
    return 0


def _list(arguments: Namespace) -> None:
    models = _models(arguments)
    if arguments.json:
        say(json.dumps([_fields(model) for model in models], indent=2))
        return
    width = max((len(model.id) for model in models), default=0)
    for model in models:
        digits = 0 if model.bytes >= MEGABYTE else 1
        size = f"{model.bytes / MEGABYTE:7.{digits}f} MB" if model.bytes else " " * 10
        loaded = "  in memory" if model.loaded else ""
        say(f"{model.id:{width}}  {model.kind.value:9}  {size}  {model.title}{loaded}")


def _recommended(arguments: Namespace) -> None:
    if arguments.json:
        say(json.dumps([dataclasses.asdict(model) for model in recommended()], indent=2))
        return
    for model in recommended():
        disk = f"{model.disk} GB to fetch, " if model.disk else ""
        least = f", {model.least} GB in turns" if model.least < model.memory else ""
        gate = "; log in to the hub and accept it first" if model.gated else ""
        say(f"{model.title}: {model.good_at}")
        say(f"    {disk}{model.memory} GB of the device's memory{least}")
        say(f"    {model.licence}{gate}")
        say(f"    scumble models get {model.id}")


def _info(arguments: Namespace) -> None:
    models = {model.id: model for model in _models(arguments)}
    if arguments.model not in models:
        raise _unknown(arguments.model, list(models))
    fields = _fields(models[arguments.model])
    if arguments.json:
        say(json.dumps(fields, indent=2))
        return
    for name, value in fields.items():
        told = ", ".join(map(str, value)) if isinstance(value, list) else value
        say(f"{name:16} {told}")


def _get(arguments: Namespace) -> None:
    with reporter() as shown, Connection(arguments, shown) as connection:
        desk = Desk(connection, connection.client.poll, shown)
        desk.await_welcome()
        job = connection.client.submit(LoadModel(arguments.model), {})
        desk.finish(job)
        connection.client.acknowledge(job)
        models = desk.refresh_models()
        desk.leave()
    id_, use = how_to_use(arguments.model, models)
    say(json.dumps({"model": id_}) if arguments.json else f"{arguments.model} is there. {use}")


def how_to_use(model: str, models: tuple[ModelInfo, ...]) -> tuple[str, str]:
    """The id of what was fetched, and a sentence on how it is used."""
    kinds = {info.id: info.kind for info in models}
    arrived = model.replace("/", OWNER_MARK).removesuffix(ENDING)
    for id_, kind in kinds.items():
        if kind in ADDED and id_.partition("/")[2].removesuffix(ENDING) == arrived:
            return id_, f"Jobs name it {id_}"
    if model in kinds or Path(model).expanduser().exists():
        return model, f"Use it with --model {model}"
    return model, "Jobs that need it find it by themselves."


def _remove(arguments: Namespace) -> None:
    folder = state_folder() / MODELS_FOLDER
    path = _place_of(arguments.model, folder)
    if path is None:
        raise RequestError(
            ErrorCode.UNKNOWN_MODEL,
            f"There is no model {arguments.model!r} in {folder}.",
            "Only models in that folder can be removed; `scumble models` lists all.",
        )
    if arguments.yes or _is_sure(path):
        _delete(path)
        say(f"Removed {path}")


def _place_of(model: str, folder: Path) -> Path | None:
    """Where a model or an addition lies in Scumble's own folder; None if it is not there."""
    catalog = Catalog([folder], folder)
    if (addition := catalog.additions.by_id(model)) and addition.path.parent.parent == folder:
        return addition.path
    path = catalog.place_for(model)
    # By its name alone: an id like `../journal.sqlite` must not lead out of the folder.
    present = {entry.name: entry for entry in folder.iterdir()} if folder.is_dir() else {}
    return present.get(path.name) if path.parent == folder else None


def _is_sure(path: Path) -> bool:
    if not sys.stdin.isatty():
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"Nobody is there to be asked whether {path} may be removed.",
            "Add --yes.",
        )
    return input(f"Remove {path}? [y/N] ").strip().lower() in {"y", "yes"}


def _delete(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError as error:
        raise ServerError(
            ErrorCode.INTERNAL,
            f"{path} could not be removed: {error.strerror}.",
            "Remove it by hand.",
        ) from error


def _models(arguments: Namespace) -> tuple[ModelInfo, ...]:
    """Those of the server that was named or runs, else those that a server would have."""
    state = state_folder()
    if not arguments.server and not server_answers(state):
        return Catalog([state / MODELS_FOLDER], STARTER_FOLDER).list()
    with reporter() as shown, Connection(arguments, shown) as connection:
        return Desk(connection, connection.client.poll, shown).await_welcome().models


def _fields(model: ModelInfo) -> dict[str, object]:
    return {name: _plain(value) for name, value in dataclasses.asdict(model).items()}


def _plain(value: object) -> object:
    """A value without the classes that stand for it in the program."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.value if isinstance(value, enum.Enum) else value


def _unknown(model: str, names: list[str]) -> RequestError:
    return RequestError(
        ErrorCode.UNKNOWN_MODEL,
        f"The server has no model {model!r}.",
        f"It has {', '.join(names)}." if names else "Get one with `scumble models get ID`.",
    )
