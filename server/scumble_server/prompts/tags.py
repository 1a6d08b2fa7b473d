"""`<lora:name:0.8>` in a prompt: which LoRAs to use, and how strongly."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.prompts.attention import MOST

_TAG = re.compile(r"<\s*(lora|lyco|hypernet)\s*:([^<>]*)>", re.IGNORECASE)


@dataclass(frozen=True)
class LoraTag:
    """A LoRA that a prompt asks for.

    Args:
        name: As written.
        text: Its weight in the text encoders, -10 to 10.
        unet: Its weight in the UNet, -10 to 10.
    """

    name: str
    text: float = 1.0
    unet: float = 1.0


def take_tags(prompt: str) -> tuple[str, tuple[LoraTag, ...]]:
    """The prompt without its tags, and the LoRAs that they name, in order.

    `<lora:name>` has a weight of 1, `<lora:name:0.8>` the same for text and UNet, and
    `<lora:name:0.8:0.5>` one for each.

    Raises:
        RequestError: A weight is no number or beyond -10 to 10, a tag names nothing, or it is a
            hypernetwork.
    """
    tags = tuple(_read(tag[1].lower(), tag[2], tag[0]) for tag in _TAG.finditer(prompt))
    return (_TAG.sub("", prompt), tags) if tags else (prompt, ())


def _read(kind: str, inside: str, written: str) -> LoraTag:
    name, *weights = (part.strip() for part in inside.split(":"))
    if kind == "hypernet":
        raise _wrong(written, "asks for a hypernetwork, which Scumble can't use", "Remove it.")
    if not name or len(weights) > 2:
        raise _wrong(written, "is not complete", "Write <lora:NAME:WEIGHT>.")
    numbers = [_weight(weight, written) for weight in weights] or [1.0]
    return LoraTag(name, numbers[0], numbers[-1])


def _weight(weight: str, written: str) -> float:
    try:
        number = float(weight)
    except ValueError:
        number = float("nan")
    if not -MOST <= number <= MOST:  # which no NaN is
        raise _wrong(
            written,
            f"has the weight {weight!r}",
            f"It must be a number from {-MOST:g} to {MOST:g}; mostly 0.5 to 1.",
        )
    return number


def _wrong(written: str, what: str, hint: str) -> RequestError:
    return RequestError(ErrorCode.INVALID_VALUE, f"{written[:80]} in the prompt {what}.", hint)
