"""Which models there are: found on disk, described from their headers, without torch."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, RequestError, ScumbleError
from scumble_server.control.catalog import TITLES, Additions
from scumble_server.control.places import OWNER_MARK
from scumble_server.models.headers import SENSELESS, damaged
from scumble_server.models.sources import (
    INDEX,
    LANCZOS,
    PICKLED_UPSCALER,
    CheckpointSource,
    FolderSource,
    HubSource,
    LanczosSource,
    Source,
    UpscalerSource,
    describe,
    describe_upscaler,
    is_model,
    read_source,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scumble_protocol.messages import ModelInfo

STARTER = "starter"
UPSCALERS_FOLDER = "upscalers"

Places = list[tuple[str, Path]]
"""Names and paths of what looks like a model."""

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)+")


class Catalog:
    """The models of this machine, looked up anew at each question, since files come and go.

    Args:
        folders: Folders whose diffusers folders and files are models, by their names; at least
            one, and models that are fetched go to the first.
        starter: The diffusers folder of the model that ships with Scumble. The upscalers that ship
            lie in the folder `upscalers` beside it.
        is_private: Whether only users of this machine ask. Others may neither name paths of it nor
            have pickles read, which upscalers may be (by an unpickler for tensors alone). Links in
            the folders are followed in either case: who can put them there owns the machine.
    """

    def __init__(self, folders: Sequence[Path], starter: Path, *, is_private: bool = True) -> None:
        self._folders = tuple(folders)
        self._starter = starter
        self._is_private = is_private
        self.additions = Additions(folders)

    def list(self, loaded: Iterable[str] = (), device: str = "") -> tuple[ModelInfo, ...]:
        """Every usable model: for diffusion, then upscalers, then what is added to models.

        The shipped ones come before others.

        Args:
            loaded: The ids of those in memory. One that was asked for by its path is listed while
                it is there, so that it can be chosen again.
            device: The kind of device that they run on, as torch names it, if known.
        """
        in_memory = frozenset(loaded)
        sources = self._sources(in_memory)
        return (
            *(
                describe(source, loaded=source.id in in_memory, device=device)
                for source in sources
                if isinstance(source, (FolderSource, CheckpointSource))
            ),
            *(
                describe_upscaler(source, loaded=source.id in in_memory)
                for source in sources
                if isinstance(source, (UpscalerSource, LanczosSource))
            ),
            *self.additions.list(in_memory),
        )

    def broken(self) -> tuple[ScumbleError, ...]:
        """What is wrong with models that are there but can't be used."""
        models = tuple(source for source in self._sources() if isinstance(source, ScumbleError))
        return (*models, *self.additions.broken())

    def place_for(self, model: str) -> Path:
        """Where a model with a hub id goes, to be found by that id afterwards."""
        return self._folders[0] / model.replace("/", OWNER_MARK)

    def find(self, model: str) -> Source:
        """The source for an id: one that is listed, a path on this machine, or a hub id.

        Raises:
            RequestError: `UNKNOWN_MODEL` with near matches, `DAMAGED_MODEL`, `UNSAFE_MODEL` or
                `UNSUPPORTED_MODEL`.
        """
        for name, path in self._places():
            if name == model:
                return self._read(name, path)
        if model == LANCZOS:
            return LanczosSource()
        if addition := self.additions.by_id(model):
            raise RequestError(
                ErrorCode.UNSUPPORTED_MODEL,
                f"{model} is of the kind {TITLES[addition.role]} and makes no pictures by itself.",
                "Choose a diffusion model, and add this to it.",
            )
        if visited := self._visited(model):
            return self._read(model, visited)
        if _HUB_ID.fullmatch(model):
            return HubSource(model)
        raise self._unknown(model)

    def _places(self) -> Places:
        places = [(STARTER, self._starter)] if (self._starter / INDEX).exists() else []
        shipped = self._starter.with_name(UPSCALERS_FOLDER).glob("*.safetensors")
        places += [(path.stem, path) for path in sorted(shipped)]
        for folder in self._folders:
            paths = sorted(folder.iterdir()) if folder.is_dir() else []
            places += [
                (path.name.replace(OWNER_MARK, "/", 1), path) for path in paths if is_model(path)
            ]
        return places

    def _sources(self, visitors: Iterable[str] = ()) -> tuple[Source | ScumbleError, ...]:
        places = self._places()
        residents = {LANCZOS, *(name for name, _ in places)}
        places += [
            (name, path)
            for name in sorted(set(visitors) - residents)
            if (path := self._visited(name))
        ]
        return (*(self._attempt(name, path) for name, path in places), LanczosSource())

    def _visited(self, name: str) -> Path | None:
        """The path that a name is by itself, if it may be and is there."""
        if not self._is_private:
            return None
        try:
            path = Path(name).expanduser()
            return path if path.exists() else None
        # No path can have such a name: a NUL, no such user, too long.
        except (OSError, ValueError, RuntimeError):
            return None

    def _read(self, name: str, path: Path) -> Source:
        if not self._is_private and path.suffix == PICKLED_UPSCALER:
            raise RequestError(
                ErrorCode.UNSAFE_MODEL,
                f"{name} is a pickle, and a server that others may use opens none.",
                "Get it as .safetensors, or use a server on your own machine.",
            )
        try:
            return read_source(name, path)
        except SENSELESS as error:
            raise damaged(path, "has configs or weights that make no sense") from error

    def _attempt(self, name: str, path: Path) -> Source | ScumbleError:
        try:
            return self._read(name, path)
        except ScumbleError as error:
            return error

    def _unknown(self, model: str) -> RequestError:
        names = [name for name, _ in self._places()] + [LANCZOS]
        near = difflib.get_close_matches(model, names, n=3, cutoff=0.4) or names
        paths = "; a path on the server's machine works too" if self._is_private else ""
        return RequestError(
            ErrorCode.UNKNOWN_MODEL,
            f"There is no model {model[:80]!r}.",
            f"There is {', '.join(near[:8])}{paths}.",
        )
