"""Editors to which something happens, seen from the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.client_with_faults import edit
from tests.faults.forked import Forked

if TYPE_CHECKING:
    from pathlib import Path


def edited(state: Path, folder: Path, *faults: str, orders: int = 0) -> Forked:
    """An editor that runs.

    Args:
        state: The server's state folder.
        folder: Where its memory and its document are.
        faults: What happens to it.
        orders: How often it presses the button.
    """
    folder.mkdir(exist_ok=True)
    return Forked(press, state, folder, faults, orders)


def press(state: Path, folder: Path, faults: tuple[str, ...], orders: int) -> None:
    edit(state, folder, faults, orders=orders)
