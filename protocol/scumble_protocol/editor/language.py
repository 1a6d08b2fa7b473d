"""The words of the editors' panels in the painter's language; English is the key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from scumble_protocol.errors import ScumbleError

FOLDER = Path(__file__).parent / "languages"


class Translate(Protocol):
    """Gives a sentence in the painter's language; `Language.tr` is one."""

    def __call__(self, text: str, **values: object) -> str:
        """The sentence; `{name}` in it stands for the value of that name."""
        ...


class Language:
    """One language.

    Args:
        words: From the English text to that of the language; what is missing stays English.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    @classmethod
    def of(cls, locale: str) -> Language:
        """The language of a locale like `de_AT.UTF-8`; English if there is none."""
        file = FOLDER / f"{locale[:2].lower()}.json"
        return cls(json.loads(file.read_text("utf-8")) if file.is_file() else {})

    def tr(self, text: str, **values: object) -> str:
        """The text in this language, with the values, if any, in their places."""
        translated = self._words.get(text, text)
        return translated.format(**values) if values else translated


def said(error: ScumbleError, tr: Translate) -> str:
    """An error in the painter's language, with what to do next."""
    return f"{tr(error.message)} {tr(error.hint)}".rstrip()
