"""Which additions a request means, and what is refused before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import Control, Reference, ReferenceKind
from scumble_protocol.requests import Regenerate
from scumble_server.control.bases import base_title, this_model
from scumble_server.control.catalog import TITLES, Additions
from scumble_server.control.places import Role
from scumble_server.control.preprocess import network_for
from scumble_server.control.reference_kinds import check_kind
from scumble_server.control.sources import AdditionSource, Sight
from scumble_server.control.suggestions import suggested_control, suggested_reference

_PREPROCESSORS = {
    "depth": "depth-anything/Depth-Anything-V2-Small-hf",
    "segmentation": "openmmlab/upernet-convnext-small",
    "pose": "usyd-community/vitpose-base-simple, and PekingU/rtdetr_r18vd for several people",
}
"""Models of the usual hub that tell what control pictures need."""


@dataclass(frozen=True)
class ChosenControl:
    """What one control needs.

    Args:
        network: Its ControlNet.
        maker: The network that makes its picture, where one is needed.
        finder: The network that finds the people whose poses are looked for, if there is one.
    """

    network: AdditionSource
    maker: AdditionSource | None = None
    finder: AdditionSource | None = None


@dataclass(frozen=True)
class ChosenReference:
    """For one reference: its IP-Adapter and the image encoder that it was trained with."""

    network: AdditionSource
    encoder: AdditionSource


@dataclass(frozen=True)
class Chosen:
    """What a request adds to its model."""

    controls: tuple[ChosenControl, ...]
    references: tuple[ChosenReference, ...]
    vae: AdditionSource | None


def choose(request: Regenerate, additions: Additions, base: str) -> Chosen:
    """What a request adds to its model.

    Args:
        request: Its controls, references and VAE are read.
        additions: What there is.
        base: What the model's additions must have been made for; empty where it takes none.

    Raises:
        RequestError: Something unknown is named, or is made for other models, or is missing: the
            hint says what to fetch and where to put it.
    """
    if not base and (request.controls or request.references or request.regions or request.vae):
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"{request.model} takes no controls, references, regions or other VAEs.",
            "Remove them, or choose a Stable Diffusion or SDXL model.",
        )
    return Chosen(
        tuple(_control(control, additions, base) for control in request.controls),
        tuple(_reference(reference, additions, base) for reference in request.references),
        _vae(request.vae, additions, base) if request.vae else None,
    )


def _control(control: Control, additions: Additions, base: str) -> ChosenControl:
    maker = finder = None
    if control.preprocess and (tells := network_for(control.kind)):
        maker = _maker(tells, control, additions)
        finder = _teller("people", additions) if tells == "pose" else None
    if control.model:
        network = _named(Role.CONTROL, control.model, additions, base)
        return ChosenControl(network, maker, finder)
    found = [
        source
        for source in additions.of(Role.CONTROL)
        if base in source.fits and control.kind in source.controls
    ]
    if not found:
        name = control.kind.value.replace("_", " ")
        raise RequestError(
            ErrorCode.UNKNOWN_MODEL,
            f"There is no ControlNet for {name} that fits {this_model(base)}.",
            _fetch(suggested_control(control.kind, base), additions, Role.CONTROL),
        )
    # One made for this alone knows it better than one for many.
    return ChosenControl(min(found, key=lambda source: len(source.controls)), maker, finder)


def _maker(tells: str, control: Control, additions: Additions) -> AdditionSource:
    if source := _teller(tells, additions):
        return source
    name = control.kind.value.replace("_", " ")
    raise RequestError(
        ErrorCode.UNKNOWN_MODEL,
        f"There is no model that makes {name} pictures.",
        f"{_fetch(_PREPROCESSORS[tells], additions, Role.PREPROCESSOR)[:-1]}, or choose a layer "
        "that is one already and switch preprocessing off.",
    )


def _teller(tells: str, additions: Additions) -> AdditionSource | None:
    """The first preprocessor that tells this of a picture."""
    found = (source for source in additions.of(Role.PREPROCESSOR) if source.tells == tells)
    return next(found, None)


def _reference(reference: Reference, additions: Additions, base: str) -> ChosenReference:
    if reference.model:
        network = _named(Role.REFERENCE, reference.model, additions, base)
    else:
        network = _first_reference(reference.kind, additions, base)
    check_kind(reference.kind, has_blocks=base not in {"sd1", "sd2"})
    for encoder in additions.of(Role.IMAGE_ENCODER):
        if set(network.sees) <= set(encoder.sees):
            return ChosenReference(network, encoder)
    is_large = network.sees in {(Sight(False, 1280),), (Sight(True, 1664),)}
    folder = "sdxl_models" if is_large else "models"
    raise RequestError(
        ErrorCode.UNKNOWN_MODEL,
        f"There is no image encoder for {network.path.name}.",
        _fetch(f"{folder}/image_encoder of h94/IP-Adapter", additions, Role.IMAGE_ENCODER),
    )


def _first_reference(kind: ReferenceKind, additions: Additions, base: str) -> AdditionSource:
    for_faces = kind is ReferenceKind.FACE
    for source in additions.of(Role.REFERENCE):
        if base in source.fits and ("face" in source.id.lower()) == for_faces:
            return source
    what = "IP-Adapter for faces" if for_faces else "IP-Adapter"
    raise RequestError(
        ErrorCode.UNKNOWN_MODEL,
        f"There is no {what} that fits {this_model(base)}.",
        _fetch(suggested_reference(kind, base), additions, Role.REFERENCE),
    )


def _vae(name: str, additions: Additions, base: str) -> AdditionSource:
    source = additions.find(Role.VAE, name)
    usual = {"sd1", "sd2", "sdxl"}
    # What is made for models of an unusual making can't be known; sizes are compared once loaded.
    if base in usual and source.fits and base not in source.fits:
        raise _misfit(source, base)
    return source


def _named(role: Role, name: str, additions: Additions, base: str) -> AdditionSource:
    source = additions.find(role, name)
    if source.fits and base not in source.fits:
        raise _misfit(source, base)
    return source


def _misfit(source: AdditionSource, base: str) -> RequestError:
    made_for = " or ".join(filter(None, map(base_title, source.fits))) or "another kind of model"
    return RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The {TITLES[source.role]} {source.path.name} is made for {made_for} "
        f"and does not fit {this_model(base)}.",
        "Choose another one, or a model that it fits.",
    )


def _fetch(what: str, additions: Additions, role: Role) -> str:
    place = additions.place_for(role)
    if not what:
        return f"None is known for it; choose another model, or put one of your own into {place}."
    return f"Fetch {what}, and put it into {place}."
