"""What a request's prompts mean for one variation, found out before any model is loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.requests import Regenerate, Request, Upscale
from scumble_server.prompts import attention
from scumble_server.prompts.choices import decide
from scumble_server.prompts.embedding_file import check_embedding
from scumble_server.prompts.library import Library
from scumble_server.prompts.lora_file import check_lora
from scumble_server.prompts.tags import LoraTag, take_tags
from scumble_server.prompts.tokens import names_in
from scumble_server.work.refinement import as_regenerate
from scumble_server.work.variations import seeds_of

_EMBEDDING = re.compile(r"(?<![\w-])embedding:\s*([^\s,:()\[\]]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Lora:
    """A LoRA to use: its file and its weights in the text encoders and in the UNet."""

    name: str
    path: Path
    text: float
    unet: float


@dataclass(frozen=True)
class Embedding:
    """A textual inversion to use: the name that stands for it in the prompt, and its file."""

    name: str
    path: Path


@dataclass(frozen=True)
class PromptUsed:
    """What is reported of the prompts of one variation.

    Args:
        prompt: As it can be asked for again: choices made, the rest as written.
        negative: The same.
        tokens: Tokens of the prompt, 0 if no model read it.
        chunks: In how many chunks they were read, 0 if no model read it.
    """

    prompt: str = ""
    negative: str = ""
    tokens: int = 0
    chunks: int = 0


@dataclass(frozen=True)
class Wording:
    """The prompts of one variation, with every choice made and every name looked up.

    Args:
        prompt: With its tags.
        negative: The negative prompt.
        text: The prompt without tags.
        loras: In the order of the tags.
        embeddings: Those named in any of the prompts.
        regions: The prompt of each region.
    """

    prompt: str
    negative: str
    text: str
    loras: tuple[Lora, ...] = ()
    embeddings: tuple[Embedding, ...] = ()
    regions: tuple[str, ...] = ()

    def asked(self, request: Regenerate) -> Regenerate:
        """The request that it is the wording of, with its prompts as a model reads them."""
        regions = tuple(
            replace(region, prompt=prompt)
            for region, prompt in zip(request.regions, self.regions, strict=True)
        )
        return replace(request, prompt=self.text, negative=self.negative, regions=regions)


def word(request: Regenerate, seed: int, library: Library) -> Wording:
    """The wording for the variation of a seed.

    Raises:
        RequestError: A weight is absurd, a name is unknown, or a file is not what it should be;
            `DAMAGED_MODEL` and `UNSUPPORTED_MODEL` for a LoRA or a textual inversion.
    """
    prompt = decide(request.prompt, f"{seed} prompt", library.lines)
    negative = decide(request.negative, f"{seed} negative", library.lines)
    text, tags = take_tags(prompt)
    _, misplaced = take_tags(negative)
    if misplaced:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The LoRA {misplaced[0].name!r} is in the negative prompt.",
            "Put it into the prompt; a negative weight turns it round.",
        )
    regions = tuple(
        _plain(region.prompt, f"{seed} region {number}", library)
        for number, region in enumerate(request.regions)
    )
    for said in (text, negative, *regions):
        attention.parse(said)  # refuses absurd weights
    loras = tuple(_lora(tag, library) for tag in tags)
    embeddings = _embeddings("\n".join((text, negative, *regions)), library)
    return Wording(prompt, negative, text, loras, embeddings, regions)


def embeddings_asked(text: str) -> tuple[str, ...]:
    """The textual inversions that are meant for sure: `embedding:NAME`, as in ComfyUI."""
    return tuple(asked.rstrip(".") for asked in _EMBEDDING.findall(text))


def check_prompts(request: Request, library: Library) -> None:
    """Refuse a request whose prompts can't be done, as far as that is known without a model.

    Raises:
        RequestError: As `word`.
    """
    asked = as_regenerate(request) if isinstance(request, Upscale) else request
    if isinstance(asked, Regenerate):
        for seed in seeds_of(asked):
            word(asked, seed, library)


def _plain(prompt: str, key: str, library: Library) -> str:
    """The prompt of a region with its choices made; LoRAs change the whole model, not a part."""
    text, tags = take_tags(decide(prompt, key, library.lines))
    if tags:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The LoRA {tags[0].name!r} is in the prompt of a region.",
            "Put it into the prompt for the whole; it can't hold in a part only.",
        )
    return text


def _lora(tag: LoraTag, library: Library) -> Lora:
    path = library.lora(tag.name)
    check_lora(tag.name, path)
    return Lora(tag.name, path, tag.text, tag.unet)


def _embeddings(text: str, library: Library) -> tuple[Embedding, ...]:
    files = library.embedding_files()
    for asked in embeddings_asked(text):
        library.embedding(asked)
    used = tuple(Embedding(name, files[name]) for name in names_in(text, files))
    for embedding in used:
        check_embedding(embedding.name, embedding.path)
    return used
