"""What is kept by content: not too many, and not too much."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from scumble_server.models.remembered import Remembered, bytes_of
from scumble_server.prompts.encoding import Text

KIB = 1024


def _tensor(kib: int) -> torch.Tensor:
    return torch.zeros(kib * KIB, dtype=torch.uint8)


def test_the_least_recently_used_goes_when_there_are_too_many() -> None:
    kept: Remembered[int] = Remembered(2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, lambda: 0)
    assert (kept.hits, kept.misses, len(kept)) == (1, 3, 2)
    kept.get("a", lambda: 0)
    assert kept.hits == 2


def test_few_large_values_are_kept_and_many_small_ones() -> None:
    kept: Remembered[torch.Tensor] = Remembered(100, budget=10 * KIB)
    for number in range(20):
        kept.get(number, lambda: _tensor(1))
    assert len(kept) == 10
    kept.get("large", lambda: _tensor(8))
    assert len(kept) == 3


def test_a_value_larger_than_the_budget_is_kept_until_the_next_one() -> None:
    kept: Remembered[torch.Tensor] = Remembered(8, budget=KIB)
    for _ in range(2):
        kept.get("huge", lambda: _tensor(5))
    assert (kept.hits, len(kept)) == (1, 1)
    kept.get("small", lambda: _tensor(1))
    assert len(kept) == 1


def test_without_a_budget_only_their_number_counts() -> None:
    kept: Remembered[torch.Tensor] = Remembered(3, budget=None)
    for number in range(5):
        kept.get(number, lambda: _tensor(1000))
    assert len(kept) == 3


@dataclass(frozen=True)
class _Nested:
    parts: tuple[object, ...]


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (_tensor(2), 2 * KIB),
        (Text(_tensor(3), None), 3 * KIB),
        (_Nested((_tensor(1), [_tensor(1), "text"], 7)), 2 * KIB),
        ("no tensor at all", 0),
    ],
)
def test_bytes_are_those_of_all_tensors_in_a_value(value: object, size: int) -> None:
    assert bytes_of(value) == size
