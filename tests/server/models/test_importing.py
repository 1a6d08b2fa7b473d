"""Libraries are imported by one thread at a time, and no garbage is looked for meanwhile."""

from __future__ import annotations

import gc
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from scumble_server.models import importing
from scumble_server.models.importing import Importing
from tests.timing import MS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_no_garbage_is_collected_until_the_outermost_block_ends() -> None:
    lock = Importing()
    with lock:
        with lock:
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_garbage_is_collected_again_after_an_import_that_failed() -> None:
    with pytest.raises(ImportError), Importing():
        raise ImportError
    assert gc.isenabled()


def test_where_no_garbage_was_collected_before_none_is_afterwards() -> None:
    gc.disable()
    with Importing():
        pass
    assert not gc.isenabled()


@pytest.mark.parametrize(("modules", "is_kept"), [(2, False), (3, True)])
def test_only_what_large_libraries_made_is_kept_for_good(
    modules: int, monkeypatch: pytest.MonkeyPatch, *, is_kept: bool
) -> None:
    gc.unfreeze()
    monkeypatch.setattr(importing, "_LARGE", 3)
    with Importing():
        for number in range(modules):
            monkeypatch.setitem(sys.modules, f"a_part_{number}", ModuleType("a_part"))
    assert (gc.get_freeze_count() > 0) == is_kept


def test_a_second_thread_waits() -> None:
    lock, is_inside = Importing(), threading.Event()

    def enter() -> None:
        with lock:
            is_inside.set()

    thread = threading.Thread(target=enter)
    with lock:
        thread.start()
        assert not is_inside.wait(50 * MS)
    assert is_inside.wait(20_000 * MS)
    thread.join()
