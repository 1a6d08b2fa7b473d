"""A module as its config describes it, whatever its weights are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import chain
from typing import Any

import diffusers
import torch

from scumble_server.models.fast import Way, replace_layers

_STATE = tuple[tuple[str, tuple[int, ...], tuple[int, ...], str], ...]


@dataclass(frozen=True)
class Architecture:
    """What is compiled to run on weights that it is given; `architecture_of` makes it.

    Args:
        kind: diffusers' class of the whole model.
        config: Its config, as JSON.
        block: The class of the part that is meant, where a model has many alike; empty for all.
        weights: Name, sides, strides and type of each of its tensors.
        device: Where they lie.
        fast: In which numbers its layers calculate (`fast.py`); empty for its own.
    """

    kind: str
    config: str
    block: str
    weights: _STATE
    device: str
    fast: str = ""


class UnlikeError(ValueError):
    """What a config describes is not what was loaded."""


def architecture_of(
    model: Any, block: torch.nn.Module | None = None, fast: str = ""
) -> Architecture | None:
    """A loaded model of diffusers, or one of its blocks.

    Args:
        model: The model.
        block: The block that is meant; None for all.
        fast: As in `Architecture`.

    Returns:
        None where its weights are packed in fewer bits, which a config says nothing about.
    """
    module = model if block is None else block
    if any(type(part) is not torch.nn.Parameter for part in module.parameters()):
        return None
    tensors = tensors_of(module)
    # What begins so is a note of diffusers', as where the model was loaded from.
    config = {key: value for key, value in model.config.items() if not key.startswith("_")}
    return Architecture(
        type(model).__name__,
        json.dumps(config, sort_keys=True, default=str),
        "" if block is None else type(block).__name__,
        tuple((name, *_state(tensor)) for name, tensor in tensors.items()),
        str(next(iter(tensors.values())).device),
        fast,
    )


def read_architecture(read: dict[str, Any]) -> Architecture:
    """What `dataclasses.asdict` made of one, after a way through JSON."""
    weights = tuple(
        (name, tuple(sides), tuple(strides), kind) for name, sides, strides, kind in read["weights"]
    )
    return Architecture(**{**read, "weights": weights})


def built(architecture: Architecture) -> torch.nn.Module:
    """The module with weights that are nowhere: torch's device `meta`.

    Raises:
        UnlikeError: It has other weights than what was loaded.
    """
    with torch.device("meta"):
        model = getattr(diffusers, architecture.kind).from_config(json.loads(architecture.config))
    model.eval().requires_grad_(requires_grad=False)
    if architecture.fast:
        replace_layers(model, Way(architecture.fast))
    expected = {name: sides for name, sides, _, _ in architecture.weights}
    for part in model.modules():
        is_meant = not architecture.block or type(part).__name__ == architecture.block
        if (
            is_meant
            and {name: tuple(of.shape) for name, of in tensors_of(part).items()} == expected
        ):
            return part  # type: ignore[no-any-return]
    raise UnlikeError(f"{architecture.block or architecture.kind} is not what its config describes")


def tensors_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A module's weights and buffers by name."""
    return dict(chain(module.named_parameters(), module.named_buffers()))


def _state(tensor: torch.Tensor) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    kind = str(tensor.dtype).removeprefix("torch.")
    return tuple(tensor.shape), tensor.stride(), kind
