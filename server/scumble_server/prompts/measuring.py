"""How long a prompt is and whether it names what there is, for panels, while one types.

Nothing of a model is loaded but its tokenizer. That takes a second or two for the first prompt, so
it is not for the thread of the connections.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from scumble_protocol.errors import RequestError, ScumbleError
from scumble_protocol.messages import AskNames, Measure, Measured, Names
from scumble_server.families.known import family_by_id
from scumble_server.models.clip.tokenizer import TOKENS, clip_tokenizer
from scumble_server.models.importing import IMPORTING
from scumble_server.models.sources import CheckpointSource, FolderSource
from scumble_server.prompts import attention
from scumble_server.prompts.choices import decide
from scumble_server.prompts.embedding_file import vectors_in
from scumble_server.prompts.tags import take_tags
from scumble_server.prompts.tokens import MARKS, make_chunks, names_in
from scumble_server.prompts.wording import embeddings_asked

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_server.models.catalog import Catalog
    from scumble_server.prompts.library import Library

_log = logging.getLogger(__name__)

Found = TypeVar("Found")

SEED = "0 prompt"
"""Decides what a prompt leaves to chance; another seed may give another length."""


@dataclass(frozen=True)
class _Length:
    """Tokens, the portions they are read in, the room in these, and whether the rest is cut."""

    tokens: int = 0
    chunks: int = 0
    room: int = 0
    is_cut: bool = False


class Measuring:
    """Answers panels, one after the other; may be used by several threads.

    Args:
        catalog: The models, whose tokenizers count.
        library: What prompts name.
    """

    def __init__(self, catalog: Catalog, library: Library) -> None:
        self._catalog = catalog
        self._library = library
        self._tokenizers: dict[Path | None, Any] = {}
        self._turn = threading.Lock()  # a tokenizer is no place for two

    def answer(self, question: Measure | AskNames) -> Measured | Names:
        """What a panel asks."""
        with self._turn:
            return self._names() if isinstance(question, AskNames) else self._measure(question)

    def _names(self) -> Names:
        library = self._library
        return Names(library.lora_names(), library.embedding_names(), library.wildcard_names())

    def _measure(self, question: Measure) -> Measured:
        wrong: list[str] = []
        text = _attempt(lambda: decide(question.text, SEED, self._library.lines), wrong)
        text = question.text if text is None else text
        found = _attempt(lambda: take_tags(text), wrong)
        said, tags = found or (text, ())
        for tag in tags:
            _attempt(partial(self._library.lora, tag.name), wrong)
        for name in embeddings_asked(said):
            _attempt(partial(self._library.embedding, name), wrong)
        sections = _attempt(lambda: attention.parse(said), wrong)
        try:
            length = self._length(said, sections, question.model)
        except (ScumbleError, OSError, ValueError) as error:
            # A model that is not there, or whose tokenizer is damaged; running it says so.
            _log.info("No tokens are counted for %r: %s", question.model, error)
            length = _Length()
        return Measured(
            question.text,
            question.model,
            length.tokens,
            length.chunks,
            min(length.tokens, length.room) if length.is_cut else length.tokens,
            tuple(wrong),
            length.room,
        )

    def _length(
        self, text: str, sections: tuple[attention.Section, ...] | None, model: str
    ) -> _Length:
        source = self._catalog.find(model or self._first())
        if isinstance(source, FolderSource) and (family := family_by_id(source.spec.family)):
            tokenizer = self._tokenizer(source.path / family.reader, source.path / "tokenizer")
            tokens = len(tokenizer(text, add_special_tokens=False)["input_ids"])
            return _Length(tokens, 1, family.max_tokens, is_cut=True)
        own = source.path / "tokenizer" if isinstance(source, FolderSource) else None
        if own is None and not isinstance(source, CheckpointSource):
            return _Length()  # no model that reads prompts
        tokenizer = self._tokenizer(own) if own else self._tokenizer()
        at_once = min(int(tokenizer.model_max_length), TOKENS)
        chunks = make_chunks(sections or (), tokenizer, at_once, self._vectors(text))
        return _Length(sum(map(len, chunks)), len(chunks), len(chunks) * (at_once - MARKS))

    def _first(self) -> str:
        return self._catalog.list()[0].id

    def _vectors(self, text: str) -> dict[str, int]:
        """How many vectors each textual inversion that the prompt names has."""
        files = self._library.embedding_files()
        return {name: vectors_in(name, files[name]) for name in names_in(text, files)}

    def _tokenizer(self, *folders: Path) -> Any:
        """The tokenizer in the first of these folders that is there; CLIP's own without one."""
        folder = next((folder for folder in folders if folder.is_dir()), None)
        if folder not in self._tokenizers:
            with IMPORTING:
                self._tokenizers[folder] = _load(folder) if folder else clip_tokenizer()
        return self._tokenizers[folder]


def _load(folder: Path) -> Any:
    from transformers import AutoTokenizer

    loaded: Any = AutoTokenizer.from_pretrained(
        str(folder), local_files_only=True, trust_remote_code=False
    )
    return getattr(loaded, "tokenizer", loaded)


def _attempt(find: Callable[[], Found], wrong: list[str]) -> Found | None:
    """What is found, or None and one more sentence about what is wrong."""
    try:
        return find()
    except RequestError as error:
        wrong.append(str(error))
        return None
