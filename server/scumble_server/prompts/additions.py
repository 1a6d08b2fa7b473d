"""What a request adds to a loaded model: LoRAs and textual inversions, for as long as it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from scumble_server.models.headers import damaged
from scumble_server.models.remembered import Remembered
from scumble_server.models.shortage import is_out_of_memory
from scumble_server.prompts.embedding_file import check_embedding, misfit, unreadable
from scumble_server.prompts.encoding import Vectors
from scumble_server.prompts.lora import Delta, add_hooks, load_lora
from scumble_server.prompts.module_names import modules_by_target
from scumble_server.prompts.wording import Embedding, Lora

LORAS_KEPT = 4

Stamp = tuple[Path, int, int]
"""A file as it is now: path, time of its last change, size."""


@dataclass(frozen=True)
class Additions:
    """What is added at the moment.

    Args:
        key: Tells these additions from others, for what is remembered of encoded prompts.
        learned: The vectors of textual inversions, for each text encoder.
    """

    key: tuple[Any, ...] = ()
    learned: tuple[Vectors, ...] = field(default=())


NOTHING = Additions()


class Adder:
    """Adds to one model.

    Args:
        pipeline: Its parts.
        title: What to call the model in an error.
    """

    def __init__(self, pipeline: Any, title: str) -> None:
        self._pipeline = pipeline
        self._title = title
        self._loras: Remembered[tuple[Delta, ...]] = Remembered(LORAS_KEPT, budget=None)

    @contextlib.contextmanager
    def added(
        self, loras: tuple[Lora, ...], embeddings: tuple[Embedding, ...], encoders: tuple[Any, ...]
    ) -> Iterator[Additions]:
        """The model with these; afterwards it is as it was, to the bit.

        Args:
            loras: LoRAs with their weights.
            embeddings: Textual inversions.
            encoders: The model's text encoders.

        Raises:
            RequestError: A file is damaged or made for other models; nothing is added then.
        """
        if not loras and not embeddings:
            yield NOTHING
            return
        learned = tuple(
            {wanted.name: _vectors(wanted, encoder) for wanted in embeddings}
            for encoder in encoders
        )
        weighed = [(lora, self._load(lora)) for lora in loras]
        key = (
            *((_stamp(lora.path), lora.text) for lora in loras),
            *((wanted.name, _stamp(wanted.path)) for wanted in embeddings),
        )
        with contextlib.ExitStack() as hooks:
            for lora, deltas in weighed:
                for handle in add_hooks(deltas, text=lora.text, unet=lora.unet):
                    hooks.callback(handle.remove)
            yield Additions(key, learned)

    def forget(self) -> bool:
        """Keep no LoRA longer than it is used; whether any was kept."""
        return self._loras.clear()

    def _load(self, lora: Lora) -> tuple[Delta, ...]:
        def load() -> tuple[Delta, ...]:
            return load_lora(lora.name, lora.path, modules_by_target(self._pipeline), self._title)

        return self._loras.get(_stamp(lora.path), load)


def _vectors(wanted: Embedding, encoder: Any) -> torch.Tensor:
    widths: Mapping[int, str] = check_embedding(wanted.name, wanted.path)
    table = encoder.get_input_embeddings().weight
    width = table.shape[1]
    if width not in widths:
        raise misfit(wanted.name, wanted.path, widths, width)
    try:
        with safe_open(str(wanted.path), framework="pt") as file:
            vectors = file.get_tensor(widths[width])
    except (SafetensorError, OSError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        raise unreadable(wanted.path, error) from error
    return torch.as_tensor(vectors.reshape(-1, width).to(table.device, table.dtype))


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError as error:
        raise damaged(path, "is missing") from error
    return path, status.st_mtime_ns, status.st_size
