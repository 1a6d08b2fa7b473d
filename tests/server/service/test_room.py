from __future__ import annotations

import asyncio

import pytest

from scumble_server.jobs import room
from scumble_server.jobs.room import on_loop


def test_room_is_made_on_the_loops_thread_for_one_who_asks_on_another() -> None:
    async def ask() -> tuple[bool, list[int], bool]:
        loop = asyncio.get_running_loop()
        asked = []

        def make_room(size: int) -> bool:
            assert asyncio.get_running_loop() is loop
            asked.append(size)
            return size < 10

        make = on_loop(loop, make_room)
        small = await asyncio.to_thread(make, 5)
        large = await asyncio.to_thread(make, 50)
        return small, asked, large

    assert asyncio.run(ask()) == (True, [5, 50], False)


def test_a_loop_that_has_ended_makes_none() -> None:
    loop = asyncio.new_event_loop()
    make = on_loop(loop, lambda _size: True)
    loop.close()
    assert not make(5)


def test_a_loop_that_is_stuck_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WAIT_SECONDS", 0.01)
    loop = asyncio.new_event_loop()
    try:
        assert not on_loop(loop, lambda _size: True)(5)
        loop.run_until_complete(asyncio.sleep(0))  # what was asked is over
    finally:
        loop.close()
