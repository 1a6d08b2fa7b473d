"""What of a hub's repository is an addition, and which kind of one has arrived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.control.layout import CONFIG, read_files
from scumble_server.control.places import Role
from scumble_server.control.sources import TRANSFORMERS, architecture, read_addition, tells_of
from scumble_server.models.hub_files import HubFile, one_form
from scumble_server.models.json_files import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

CLASSES = frozenset(TRANSFORMERS) | {
    "ControlNetModel",
    "ControlNetUnionModel",
    "AutoencoderKL",
    "AutoencoderTiny",
}
"""diffusers' classes of additions."""

SEES = "CLIPVision"
"""What transformers' classes of image encoders are called."""

FILE = ".safetensors"
NAMED = 6
"""Most files that are offered to choose from."""


@dataclass(frozen=True)
class Wanted:
    """What is to be fetched of a repository.

    Args:
        path: The file or folder there; empty for all of it.
        files: By their names there, configs first.
    """

    path: str
    files: Mapping[str, HubFile]


def parted(model: str) -> tuple[str, str]:
    """The repository `owner/name` of a hub id, and the file or folder in there; or nothing."""
    owner, name, *inside = model.split("/")
    return f"{owner}/{name}", "/".join(inside)


def choose_addition(model: str, files: Mapping[str, HubFile]) -> Wanted:
    """What to fetch of a repository that holds no whole model.

    Raises:
        RequestError: `UNSUPPORTED_MODEL`: nothing there can be used, or one of several has to be
            named; `UNSAFE_MODEL` as `one_form`.
    """
    _, inside = parted(model)
    if inside in files and inside.endswith(FILE):
        return Wanted(inside, {inside: files[inside]})
    begin = f"{inside}/" if inside else ""
    there = {
        name: file
        for name, file in files.items()
        if name.startswith(begin) and "/" not in name.removeprefix(begin)
    }
    if f"{begin}{CONFIG}" in there:
        configs = {name: file for name, file in there.items() if name.endswith(".json")}
        return Wanted(inside, configs | one_form(model, there))
    single = [name for name in there if name.endswith(FILE)]
    if len(single) == 1:
        return Wanted(single[0], {single[0]: there[single[0]]})
    raise _nothing_chosen(model, files)


def check_config(model: str, path: Path) -> None:
    """Refuse what its config says is no addition, before its weights are fetched.

    Raises:
        RequestError: `UNSUPPORTED_MODEL`, or `DAMAGED_MODEL` where it is no config.
    """
    config: dict[str, Any] = read_json(path)
    names = [str(config.get("_class_name")), *map(str, config.get("architectures") or ())]
    if not any(name in CLASSES or SEES in name or tells_of(name) for name in names):
        raise _unusable(model)


def role_of(model: str, path: Path) -> Role:
    """What an addition that has arrived is for, by its config and its tensors.

    Raises:
        RequestError: `UNSUPPORTED_MODEL` when it is none; `DAMAGED_MODEL`, `UNSAFE_MODEL`.
    """
    if SEES in architecture(read_files(path)):
        return read_addition(path.name, path, Role.IMAGE_ENCODER).role
    for role in (Role.CONTROL, Role.REFERENCE, Role.VAE, Role.PREPROCESSOR):
        if _is_one(path, role):
            return role
    raise _unusable(model)


def _is_one(path: Path, role: Role) -> bool:
    try:
        read_addition(path.name, path, role)
    except RequestError as error:
        if error.code is not ErrorCode.UNSUPPORTED_MODEL:
            raise
        return False
    return True


def _nothing_chosen(model: str, files: Mapping[str, HubFile]) -> RequestError:
    repository, inside = parted(model)
    names = sorted(name for name in files if name.endswith(FILE))
    if inside or not names:
        return _unusable(model)
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The model {model!r} has no diffusers layout, and several files.",
        f"Name one, such as {repository}/{names[0]}; there is {', '.join(names[:NAMED])}{rest}.",
    )


def _unusable(model: str) -> RequestError:
    return RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"{model!r} is neither a model in diffusers' layout nor a ControlNet, IP-Adapter, VAE, "
        "image encoder or preprocessor that Scumble knows.",
        "Check its name. A model that is one .safetensors file goes into the models folder by "
        "hand.",
    )
