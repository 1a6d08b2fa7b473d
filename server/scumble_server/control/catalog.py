"""Which additions there are, and which of them a request means."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from pathlib import Path

from scumble_protocol.choices import Sampler
from scumble_protocol.errors import ErrorCode, RequestError, ScumbleError
from scumble_protocol.messages import ModelInfo, ModelKind
from scumble_server.control.places import OWNER_MARK, Role, place_for, places
from scumble_server.control.sources import AdditionSource, read_addition

_KINDS = {
    Role.CONTROL: ModelKind.CONTROL,
    Role.REFERENCE: ModelKind.REFERENCE,
    Role.VAE: ModelKind.VAE,
}
"""The roles that requests can name; the others are found by what needs them."""

TITLES = {
    Role.CONTROL: "ControlNet",
    Role.REFERENCE: "IP-Adapter",
    Role.IMAGE_ENCODER: "image encoder",
    Role.VAE: "VAE",
    Role.PREPROCESSOR: "preprocessor",
}


class Additions:
    """The additions of this machine, looked up anew at each question, since files come and go.

    Args:
        folders: The folders of models.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def list(self, loaded: Collection[str] = ()) -> tuple[ModelInfo, ...]:
        """Every usable addition that requests can name."""
        return tuple(
            describe(source, loaded=source.id in loaded)
            for role in _KINDS
            for source in self.of(role)
        )

    def of(self, role: Role) -> tuple[AdditionSource, ...]:
        """Every usable addition of a role, by name."""
        return tuple(
            source for source in self._attempts(role) if isinstance(source, AdditionSource)
        )

    def broken(self) -> tuple[ScumbleError, ...]:
        """What is wrong with additions that are there but can't be used."""
        return tuple(
            source
            for role in Role
            for source in self._attempts(role)
            if isinstance(source, ScumbleError)
        )

    def place_for(self, role: Role) -> Path:
        """The folder where a user should put an addition of a role."""
        return place_for(self._folders, role)

    def find(self, role: Role, name: str) -> AdditionSource:
        """The addition of a name: its id, what comes after the folder, or its hub id.

        Raises:
            RequestError: `UNKNOWN_MODEL` with near matches, or as `read_addition`.
        """
        known = dict(places(self._folders, role))
        for spelling in (str, _short, _stem, _hub_id):
            for full, path in known.items():
                if spelling(full).casefold() == name.casefold():
                    return read_addition(full, path, role)
        raise self._unknown(role, name, tuple(known))

    def by_id(self, name: str) -> AdditionSource | None:
        """The addition of any role with this id or hub id, if there is one.

        Raises:
            RequestError: As `read_addition`.
        """
        hub_id = name.removesuffix(".safetensors")
        for role in Role:
            for full, path in places(self._folders, role):
                if full == name or ("/" in name and _hub_id(full) == hub_id):
                    return read_addition(full, path, role)
        return None

    def _attempts(self, role: Role) -> tuple[AdditionSource | ScumbleError, ...]:
        return tuple(_attempt(name, path, role) for name, path in places(self._folders, role))

    def _unknown(self, role: Role, name: str, known: tuple[str, ...]) -> RequestError:
        near = difflib.get_close_matches(name, [*known, *map(_stem, known)], n=1, cutoff=0.5)
        if near:
            hint = f"Did you mean {near[0]}?"
        elif known:
            hint = f"There is {', '.join(known[:8])}."
        else:
            hint = f"Put one into {self.place_for(role)}."
        return RequestError(ErrorCode.UNKNOWN_MODEL, f"There is no {TITLES[role]} {name!r}.", hint)


def describe(source: AdditionSource, *, loaded: bool) -> ModelInfo:
    """What an editor is told of an addition."""
    return ModelInfo(
        id=source.id,
        title=_stem(source.id),
        kind=_KINDS[source.role],
        family=source.fits[0] if source.fits else "",
        native_side=0,
        max_side=0,
        multiple=1,
        inpaint=False,
        loaded=loaded,
        bytes=source.bytes,
        scale=0,
        steps=0,
        cfg=0.0,
        sampler=Sampler.EULER,
        fits=source.fits,
        controls=tuple(kind.value for kind in source.controls),
    )


def _attempt(name: str, path: Path, role: Role) -> AdditionSource | ScumbleError:
    try:
        return read_addition(name, path, role)
    except ScumbleError as error:
        return error


def _short(full: str) -> str:
    return full.partition("/")[2]


def _stem(full: str) -> str:
    return _short(full).removesuffix(".safetensors")


def _hub_id(full: str) -> str:
    """The hub id that an addition was fetched by, if it was, without a file's ending."""
    return _stem(full).replace(OWNER_MARK, "/")
