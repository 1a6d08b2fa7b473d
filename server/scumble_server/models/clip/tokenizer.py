"""CLIP's tokenizer for checkpoints that don't bring one.

`merges.txt.gz` holds lines 2 to 48,895 of `bpe_simple_vocab_16e6.txt` from OpenAI's CLIP (MIT, see
NOTICE). The vocabulary follows from it as CLIP's `simple_tokenizer.py` defines it: 256 bytes, the
same at the end of a word, one entry for each merge, and the two marks of beginning and end.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import CLIPTokenizer

MERGES = Path(__file__).parent / "merges.txt.gz"
START, END = "<|startoftext|>", "<|endoftext|>"
TOKENS = 77
"""The number of tokens that the text encoders read, the marks of beginning and end included."""


def read_merges() -> list[tuple[str, str]]:
    """The 48,894 pairs that are merged, strongest first."""
    lines = gzip.decompress(MERGES.read_bytes()).decode("utf-8").splitlines()
    return [(first, second) for first, _, second in (line.partition(" ") for line in lines)]


def vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    """The number of each token, 0 to 49,407."""
    letters = _byte_letters()
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    tokens += [first + second for first, second in merges]
    return {token: number for number, token in enumerate([*tokens, START, END])}


def clip_tokenizer(*, pad: str = END) -> CLIPTokenizer:
    """CLIP's tokenizer; `pad` fills short prompts (SDXL's second encoder takes `!`)."""
    from transformers import CLIPTokenizer

    merges = read_merges()
    return CLIPTokenizer(
        vocab=vocabulary(merges), merges=merges, pad_token=pad, model_max_length=TOKENS
    )


def _byte_letters() -> list[str]:
    """A printable letter for each byte, in CLIP's order: the printable ones first."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), 256),
    ]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + place) for place in range(len(others))]
