"""What a panel's fields can do, whatever toolkit draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Item:
    """One line of a list to choose from.

    Args:
        id: What it stands for.
        title: What it shows.
        tip: Its tooltip; where it can't be chosen, the reason.
        is_enabled: Whether it can be chosen.
    """

    id: str
    title: str
    tip: str = ""
    is_enabled: bool = True


class Field(Protocol[Value]):
    """Shows a value, which the painter can change."""

    def value(self) -> Value:
        """What is shown."""
        ...

    def set_value(self, value: Value) -> None:
        """Show something else."""
        ...


class NumberField(Protocol):
    """Shows a number; fields for whole numbers round it."""

    def value(self) -> float:
        """What is shown."""
        ...

    def set_value(self, value: float) -> None:
        """Show something else."""
        ...


class TextField(Protocol):
    """Shows a text, which the painter can write in."""

    def text(self) -> str:
        """What is written."""
        ...

    def set_text(self, text: str) -> None:
        """Write something else."""
        ...


class ChoiceField(Protocol):
    """Shows one of several items."""

    def offer(self, items: Sequence[Item]) -> None:
        """Show these; what was chosen stays chosen if it is among them."""
        ...

    def choose(self, wanted: str) -> None:
        """Choose this id, now or once it is offered; the first one while it is not."""
        ...

    def id(self) -> str:
        """What is chosen; what was wanted as long as nothing is offered."""
        ...

    def has_wanted(self) -> bool:
        """Whether what was wanted is among what is offered."""
        ...
