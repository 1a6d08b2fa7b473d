"""What a LoRA's file holds, from its header: which factors, for which part of a model.

Two ways of naming are in use. kohya's tools write `lora_unet_down_blocks_0_…_to_q.lora_down.weight`
with `.lora_up`, `.alpha` and, for convolutions, `.lora_mid`; diffusers and peft write
`unet.down_blocks.0.….to_q.lora_A.weight` with `.lora_B`, or one of three older forms of the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.control.bases import base_of, base_title, this_model
from scumble_server.models.headers import damaged, read_header

UNET, TEXT, TEXT_2 = "unet", "text_encoder", "text_encoder_2"

_KOHYA_PARTS = {"unet": UNET, "te": TEXT, "te1": TEXT, "te2": TEXT_2}
_ROLES = {"lora_down": "down", "lora_up": "up", "lora_mid": "mid", "lora_A": "down", "lora_B": "up"}
_KOHYA = re.compile(r"lora_(unet|te1|te2|te)_(.+)\.(?:(lora_down|lora_up|lora_mid)\.weight|alpha)")
_DIFFUSERS = re.compile(
    r"""
    (?:base_model\.model\.)? (?:(unet|text_encoder_2|text_encoder)\.)?
    (.+?)
    (?: \.(lora_A|lora_B)(?:\.\w+)?\.weight
      | (?:\.lora|_lora|\.lora_linear_layer)\.(down|up)\.weight
      | \.alpha )
    """,
    re.VERBOSE,
)
_OTHERS = re.compile(r"\.(hada_|lokr_|dora_scale|oft_|diff(_b)?$|a1\.|glora|on_input)")
_BUNDLED = "bundle_emb."
"""Textual inversions that come in some LoRAs' files; they are used from files of their own."""


@dataclass(frozen=True)
class Target:
    """A place that a LoRA changes: a part of the model, and a module's name with `_` for dots."""

    part: str
    module: str


@dataclass
class Factors:
    """The names of the tensors that change one module; `mid` and `alpha` may be missing."""

    down: str = ""
    up: str = ""
    mid: str = ""
    alpha: str = ""


@dataclass(frozen=True)
class LoraHeader:
    """What a file holds.

    Args:
        factors: The tensors' names for each place.
        shapes: The tensors' shapes by their names.
    """

    factors: Mapping[Target, Factors] = field(repr=False)
    shapes: Mapping[str, tuple[int, ...]] = field(repr=False)

    @property
    def made_for(self) -> str:
        """The family of models that it was made for, for people; empty if it doesn't show."""
        return base_title(self.base)

    @property
    def base(self) -> str:
        """The base of the models that it was made for; empty if it doesn't show."""
        for target, factors in self.factors.items():
            if target.part == UNET and target.module.endswith("attn2_to_k"):
                return base_of(self.shapes[factors.down][1])
        return ""


def check_lora(name: str, path: Path) -> None:
    """Refuse a file that is damaged or no LoRA that can be used; reads its header only.

    Raises:
        RequestError: `DAMAGED_MODEL` or `UNSUPPORTED_MODEL`.
    """
    read_lora_header(name, path)


def check_fit(name: str, path: Path, base: str) -> None:
    """Refuse a LoRA that is made for another family than a model's, as far as its header tells.

    Args:
        name: Its name in the prompt.
        path: Its file.
        base: What is added to the model must have been made for; empty where nothing is known.

    Raises:
        RequestError: `UNSUPPORTED_MODEL`, or as `read_lora_header`.
    """
    own = read_lora_header(name, path).base
    if own and base and own != base:
        made_for = base_title(own) or "another kind of model"
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"The LoRA {name!r} is made for {made_for} and does not fit {this_model(base)}.",
            "Remove it from the prompt, or choose a model that it is made for.",
        )


def read_lora_header(name: str, path: Path) -> LoraHeader:
    """What a LoRA's file holds.

    Raises:
        RequestError: `DAMAGED_MODEL` when it is cut short or lacks factors, `UNSUPPORTED_MODEL`
            when it is no LoRA, or one of a kind that can't be used.
    """
    header = read_header(path)
    if other := next(filter(_OTHERS.search, header), ""):
        raise _unsupported(name, f"is of a kind that Scumble can't use (it holds {other})")
    factors = _group(header)
    if not factors:
        raise _unsupported(name, f"can't be used: {path} holds no LoRA for Stable Diffusion")
    shapes = {key: entry.shape for key, entry in header.items()}
    for found in factors.values():
        if not (found.down and found.up):
            raise damaged(path, f"lacks the other half of {found.down or found.up or found.alpha}")
        for key in filter(None, (found.down, found.up, found.mid)):
            if len(shapes[key]) not in {2, 4} or 0 in shapes[key]:
                raise damaged(path, f"has an impossible shape at {key}")
    return LoraHeader(factors, shapes)


def _group(header: Iterable[str]) -> dict[Target, Factors]:
    factors: dict[Target, Factors] = {}
    for key in header:
        if key.startswith(_BUNDLED):
            continue
        if found := _KOHYA.fullmatch(key):
            target = Target(_KOHYA_PARTS[found[1]], found[2])
            role = _ROLES[found[3]] if found[3] else "alpha"
        elif found := _DIFFUSERS.fullmatch(key):
            target = Target(found[1] or UNET, _flat(found[2]))
            role = _ROLES[found[3]] if found[3] else found[4] or "alpha"
        else:
            continue
        setattr(factors.setdefault(target, Factors()), role, key)
    return factors


def _flat(module: str) -> str:
    # The oldest form names the attention's processor, and its output without the number.
    module = module.replace(".processor.", ".").removesuffix(".lora").replace(".", "_")
    return f"{module}_0" if module.endswith("to_out") else module


def _unsupported(name: str, what: str) -> RequestError:
    return RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The LoRA {name!r} {what}.",
        "Remove it from the prompt, or get another.",
    )
