"""Where what is added to models lies: in folders of known names, inside or beside the models'."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from pathlib import Path

from scumble_server.models.file_names import can_be_told

OWNER_MARK = "--"
"""Stands for the slashes of a hub id in the name of a file or folder."""


class Role(enum.Enum):
    """What an addition is for; the value is the name of its folder, and begins its id."""

    CONTROL = "controlnet"
    REFERENCE = "ip_adapter"
    IMAGE_ENCODER = "image_encoder"
    VAE = "vae"
    PREPROCESSOR = "preprocessors"


_NAMES = {
    Role.CONTROL: frozenset({"controlnet", "controlnets"}),
    Role.REFERENCE: frozenset({"ip_adapter", "ipadapter", "ip_adapters"}),
    Role.IMAGE_ENCODER: frozenset({"image_encoder", "clip_vision"}),
    Role.VAE: frozenset({"vae"}),
    Role.PREPROCESSOR: frozenset({"preprocessors", "preprocessor"}),
}
"""What users of other programs call these folders; capitals and hyphens don't matter."""


def places(folders: Sequence[Path], role: Role) -> Iterator[tuple[str, Path]]:
    """Ids and paths of everything that may be an addition of a role, usable or not.

    Args:
        folders: The folders of models.
        role: Which additions.
    """
    seen: set[str] = set()
    for folder in _folders(folders, role):
        for path in sorted(folder.iterdir()):
            name = f"{role.value}/{path.name}"
            if name not in seen and _may_be_one(path):
                seen.add(name)
                yield name, path


def place_for(folders: Sequence[Path], role: Role) -> Path:
    """The folder where a user should put an addition of a role."""
    return next(_folders(folders, role), folders[0] / role.value)


def _folders(folders: Sequence[Path], role: Role) -> Iterator[Path]:
    for models in folders:
        for parent in (models, models.parent):
            for path in sorted(parent.iterdir()) if parent.is_dir() else ():
                named = path.name.lower().replace("-", "_") in _NAMES[role]
                # One with a config is a part of some model.
                if named and path.is_dir() and not (path / "config.json").exists():
                    yield path


def _may_be_one(path: Path) -> bool:
    if path.name.startswith(".") or not can_be_told(path.name):
        return False
    if path.is_dir():
        # A folder beside a file of the same name only holds the config for it.
        return (path / "config.json").exists() and not path.with_name(
            f"{path.name}.safetensors"
        ).exists()
    return path.suffix in {".safetensors", ".ckpt", ".pt", ".pth", ".bin"}
