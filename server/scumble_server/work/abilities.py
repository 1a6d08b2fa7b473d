"""What a model can't be asked for is refused before it is loaded; what does not matter is noted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import Ability
from scumble_server.families.known import family_by_id
from scumble_server.prompts import attention
from scumble_server.prompts.lora_file import check_fit

if TYPE_CHECKING:
    from scumble_protocol.requests import Regenerate
    from scumble_server.prompts.tokens import Count
    from scumble_server.prompts.wording import Wording
    from scumble_server.spec import ModelSpec
    from scumble_server.work.means import Means


def check_able(request: Regenerate, wordings: Iterable[Wording], means: Means) -> None:
    """Refuse what the request's model can't do, and note what it will pass over.

    Raises:
        RequestError: `UNSUPPORTED_MODEL` or `INVALID_VALUE`, or as `Shelf.get`.
    """
    spec = means.shelf.spec_of(request.model)
    if spec is None:
        return
    for said in wordings:
        refuse_unable(request, spec, said)
        for lora in said.loras:
            check_fit(lora.name, lora.path, spec.base)
        for note in passed_over(spec, said):
            means.note(note)


def refuse_unable(request: Regenerate, spec: ModelSpec, said: Wording) -> None:
    """Refuse what a model can't do.

    Raises:
        RequestError: `UNSUPPORTED_MODEL`, or `INVALID_VALUE` where another value will do.
    """
    title = _title(spec)
    if request.sampler not in spec.samplers:
        raise _other_choice(title, "sampler", request.sampler.value, spec.samplers)
    if request.schedule not in spec.schedules:
        raise _other_choice(title, "schedule", request.schedule.value, spec.schedules)
    for ability, asked, words in _asked(request, said):
        if asked and ability not in spec.abilities:
            raise RequestError(
                ErrorCode.UNSUPPORTED_MODEL,
                f"{title} can't be used with {words}.",
                "Leave it out, or choose another model.",
            )
    if Ability.EDIT in spec.abilities and not said.text.strip():
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{title} changes pictures by instruction, and there is none.",
            "Say what to change, for instance: make the apple green.",
        )


def passed_over(spec: ModelSpec, said: Wording) -> Iterator[str]:
    """What of the prompts a model does not read, each in a sentence."""
    title = _title(spec)
    if Ability.NEGATIVE not in spec.abilities and said.negative.strip():
        yield f"{title} has no negative prompt, so it was not read."
    if Ability.WEIGHTS in spec.abilities:
        return
    passages = [passage for section in attention.parse(said.text) for passage in section]
    if any(passage.weight != 1 for passage in passages):
        yield f"{title} knows no weights, so the brackets in the prompt were not read."
    if said.embeddings:
        names = ", ".join(embedding.name for embedding in said.embeddings)
        yield f"{title} knows no textual inversions; {names} was read as plain words."


def note_unread(count: Count, means: Means) -> None:
    """Say what of a prompt a model did not read, if anything."""
    room = count.chunks * count.length
    if count.tokens > room:
        means.note(
            f"The prompt has {count.tokens} tokens and the model reads {room}, "
            "so its end was not read."
        )


def _asked(request: Regenerate, said: Wording) -> Iterator[tuple[Ability, bool, str]]:
    yield Ability.LORA, bool(said.loras), "LoRAs"
    yield Ability.CONTROL, bool(request.controls), "controls"
    yield Ability.REFERENCE, bool(request.references), "references"
    yield Ability.REGIONS, bool(request.regions), "regions"
    yield Ability.CLIP_SKIP, request.clip_skip > 1, "CLIP skip"
    yield Ability.CFG_RESCALE, request.cfg_rescale > 0, "CFG rescale"
    yield Ability.VAE, bool(request.vae), "another VAE"


def _title(spec: ModelSpec) -> str:
    family = family_by_id(spec.family)
    title = family.title if family else "this model"
    return title[0].upper() + title[1:]


def _other_choice(title: str, kind: str, value: str, choices: Iterable[str]) -> RequestError:
    names = ", ".join(choice.value if hasattr(choice, "value") else choice for choice in choices)
    return RequestError(
        ErrorCode.INVALID_VALUE,
        f"{title} can't be run with the {kind} {value}.",
        f"It has {names}.",
    )
