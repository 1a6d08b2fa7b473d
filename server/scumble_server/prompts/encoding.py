"""From prompts to what the UNet is told: chunks through the text encoders, weighed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.prompts.attention import Section
from scumble_server.prompts.chunks import Chunk
from scumble_server.prompts.tokens import Count, count, make_chunks

MOST_CORRECTION = 10.0
"""Where weights bring the mean this close to nothing, restoring it would distort what is there."""


@dataclass(frozen=True)
class Text:
    """An encoded prompt, and before it along the batch the negative one when guidance is on.

    Args:
        hidden: (1 or 2, tokens, width).
        pooled: (1 or 2, width) for models that are also conditioned on the whole text, else None.
    """

    hidden: torch.Tensor
    pooled: torch.Tensor | None

    def repeated(self, count: int) -> Text:
        """Each prompt `count` times, one after the other."""
        if count == 1:
            return self
        pooled = None if self.pooled is None else self.pooled.repeat_interleave(count, dim=0)
        return Text(self.hidden.repeat_interleave(count, dim=0), pooled)


Vectors = Mapping[str, torch.Tensor]
"""The vectors (vectors, width) of each textual inversion, by its name."""


@dataclass(frozen=True)
class Encoder:
    """One of a model's text encoders with its tokenizer.

    Args:
        tokenizer: Of transformers.
        model: Its CLIP text model.
        is_penultimate: Whether the UNet is told the last layer but one, as SDXL is, without the
            final norm; else the last one, with it.
        learned: Textual inversions that prompts may name.
        skip: At which layer the text is read: 1 for the one that the model was made for, 2 for the
            one before it, and so on.
    """

    tokenizer: Any
    model: Any
    is_penultimate: bool
    learned: Vectors = field(default_factory=dict)
    skip: int = 1

    @property
    def most_skip(self) -> int:
        """The largest `skip`, for which the text is read at the first layer."""
        return int(self.model.config.num_hidden_layers) - int(self.is_penultimate)

    @property
    def length(self) -> int:
        """Tokens of a chunk, the marks of beginning and end included."""
        positions = int(self.model.config.max_position_embeddings)
        return min(int(self.tokenizer.model_max_length), positions)

    def chunks(self, sections: Sequence[Section]) -> tuple[Chunk, ...]:
        """The chunks of a prompt."""
        vectors = {name: len(learned) for name, learned in self.learned.items()}
        return make_chunks(sections, self.tokenizer, self.length, vectors)

    def encode(self, chunks: Sequence[Chunk]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Hidden states (1, chunks · length, width), and the pooled text (1, width) if it has one.

        The pooled text is that of the first chunk, and no weight changes it.
        """
        made = [self._encode(chunk) for chunk in chunks]
        return torch.cat([hidden for hidden, _ in made], dim=1), made[0][1]

    def _encode(self, chunk: Chunk) -> tuple[torch.Tensor, torch.Tensor | None]:
        ids, weights = self._padded(chunk)
        # Nothing is masked but where the model says so itself; Stable Diffusion reads its padding.
        mask = None
        if getattr(self.model.config, "use_attention_mask", False):
            mask = (torch.arange(self.length) < len(chunk) + 2).long()[None].to(self.model.device)
        hook = self._insert(chunk)
        try:
            made = self.model(
                ids.to(self.model.device), attention_mask=mask, output_hidden_states=True
            )
        finally:
            hook.remove()
        return weigh(self._read(made), weights), made[0] if made[0].ndim == 2 else None

    def _read(self, made: Any) -> torch.Tensor:
        """The layer that the UNet is told, of what the model made."""
        if self.is_penultimate:
            return torch.as_tensor(made.hidden_states[-1 - self.skip])
        if self.skip == 1:
            return torch.as_tensor(made.last_hidden_state)
        # An earlier layer is normed as the last one is, which the UNet was trained on.
        inner = getattr(self.model, "text_model", self.model)
        return torch.as_tensor(inner.final_layer_norm(made.hidden_states[-self.skip]))

    def _padded(self, chunk: Chunk) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids (1, length) with marks and padding, and weights (length,)."""
        tokenizer = self.tokenizer
        ids = [tokenizer.bos_token_id, *(token.id for token in chunk), tokenizer.eos_token_id]
        ids += [tokenizer.pad_token_id] * (self.length - len(ids))
        weights = torch.ones(self.length)
        for place, token in enumerate(chunk, start=1):
            weights[place] = token.weight
        return torch.tensor([ids]), weights

    def _insert(self, chunk: Chunk) -> Any:
        """Put the vectors of textual inversions in their places until the handle is removed."""
        places = [(at, *token.learned) for at, token in enumerate(chunk, 1) if token.learned]

        def replace(_module: Any, _read: Any, embedded: torch.Tensor) -> torch.Tensor:
            embedded = embedded.clone() if places else embedded
            for place, name, number in places:
                embedded[0, place] = self.learned[name][number]
            return embedded

        return self.model.get_input_embeddings().register_forward_hook(replace)


def weigh(hidden: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Hidden states (1, tokens, width) times weights (tokens,), with the mean that they had before.

    Weights of 1 alone change no bit. Where the mean can't be restored without turning the sign or
    multiplying by more than 10, it is left.
    """
    if bool((weights == 1).all()):
        return hidden
    weighed = hidden.float() * weights.to(hidden.device)[None, :, None]
    before, after = float(hidden.float().mean()), float(weighed.mean())
    if after != 0 and 0 < before / after <= MOST_CORRECTION:
        weighed *= before / after
    return weighed.to(hidden.dtype)


def encode(
    encoders: Sequence[Encoder],
    wanted: Sequence[Section],
    unwanted: Sequence[Section] | None,
    *,
    zeros: bool,
) -> Text:
    """The prompt, and before it the negative one, in as many chunks as the longest of all needs.

    Args:
        encoders: One or two, whose hidden states are put side by side.
        wanted: The prompt.
        unwanted: The negative prompt; None without guidance.
        zeros: Whether zeros stand for the negative prompt.

    Raises:
        RequestError: An encoder has not so many layers as shall be skipped.
    """
    _check_skip(encoders)
    read = [encoder.chunks(wanted) for encoder in encoders]
    reject = [encoder.chunks(unwanted if unwanted and not zeros else ()) for encoder in encoders]
    most = max(len(chunks) for chunks in (*read, *reject))
    hidden, pooled = _side_by_side(encoders, read, most)
    if unwanted is None:
        return Text(hidden, pooled)
    if zeros:
        against, pooled_against = torch.zeros_like(hidden), _zeros(pooled)
    else:
        against, pooled_against = _side_by_side(encoders, reject, most)
    both = None if pooled is None else torch.cat([pooled_against, pooled])  # type: ignore[list-item]
    return Text(torch.cat([against, hidden]), both)


def _check_skip(encoders: Sequence[Encoder]) -> None:
    most = min(encoder.most_skip for encoder in encoders)
    skip = encoders[0].skip
    if skip > most:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"CLIP skip is {skip}, but the text encoder of this model has only {most} layers to"
            " read a prompt at.",
            f"Choose 1 to {most}; mostly 1 or 2." if most > 1 else "Leave it at 1.",
        )


def measure(encoder: Encoder, sections: Sequence[Section]) -> Count:
    """How long a prompt is for an encoder."""
    return count(encoder.chunks(sections), encoder.length)


def _side_by_side(
    encoders: Sequence[Encoder], chunks: Sequence[Sequence[Chunk]], most: int
) -> tuple[torch.Tensor, torch.Tensor | None]:
    made = [
        encoder.encode([*own, *((),) * (most - len(own))])
        for encoder, own in zip(encoders, chunks, strict=True)
    ]
    hidden = torch.cat([hidden for hidden, _ in made], dim=-1)
    pooled = next((pooled for _, pooled in made if pooled is not None), None)
    return hidden.to(encoders[-1].model.dtype), pooled


def _zeros(tensor: torch.Tensor | None) -> torch.Tensor | None:
    return None if tensor is None else torch.zeros_like(tensor)
