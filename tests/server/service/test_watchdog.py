from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import Phase
from scumble_server.jobs.pulse import Doing, Pulse, Sign
from scumble_server.jobs.watchdog import GAP, Stuck, Watchdog
from scumble_server.restarts import MOST, VARIABLE, WITHIN, Restarts
from scumble_server.work.report import ProgressReport

LOOK = 1.0


@dataclass
class Watched:
    """A watchdog that looks every second at a worker, on a clock of the test's own."""

    dog: Watchdog = field(default_factory=lambda: Watchdog(300, 60))
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.pulse = Pulse(lambda: self.now)

    def wait(
        self, seconds: float, *, is_alive: bool = True, is_cancelled: bool = False
    ) -> Stuck | None:
        """What is found within so many seconds."""
        end = self.now + seconds
        while self.now < end:
            self.now += LOOK
            found = self.dog.look(
                self.pulse.last, self.now, is_alive=is_alive, is_cancelled=is_cancelled
            )
            if found is not None:
                return found
        return None

    def work(self, *, every: float, steps: int = 3) -> None:
        """Begin a job whose steps take so long."""
        self.pulse.begin("one")
        for step in range(1, steps + 1):
            assert self.wait(every) is None
            self.pulse.beat(ProgressReport(Phase.SAMPLING, step, 20))


def test_a_step_that_takes_for_ever_is_found() -> None:
    watched = Watched()
    watched.work(every=2)
    assert watched.wait(299) is None
    found = watched.wait(5)
    assert found is not None
    assert found.sign.job == "one"
    assert found.is_jobs_fault
    assert found.error.code is ErrorCode.DEVICE_HUNG


def test_a_slow_machine_has_ten_times_its_slowest_step() -> None:
    watched = Watched()
    watched.work(every=50)
    assert watched.wait(499) is None
    assert watched.wait(5) is not None


def test_a_worker_that_rests_may_do_so_for_ever() -> None:
    watched = Watched()
    watched.pulse.rest()
    assert watched.wait(10_000) is None


def test_loading_and_setting_up_take_longer_than_a_step() -> None:
    loading = Watched()
    loading.pulse.begin("one")
    loading.pulse.beat(ProgressReport(Phase.LOADING, 0, 1))
    assert loading.wait(1199) is None
    assert loading.wait(5) is not None
    setting_up = Watched()
    assert setting_up.wait(1199) is None
    found = setting_up.wait(5)
    assert found is not None
    assert not found.is_jobs_fault


def test_what_loading_took_makes_no_step_slow() -> None:
    watched = Watched()
    watched.pulse.begin("one")
    watched.pulse.beat(ProgressReport(Phase.LOADING, 0, 1))
    assert watched.wait(200) is None
    watched.pulse.beat(ProgressReport(Phase.LOADING, 1, 1))
    assert watched.pulse.last.slowest < 1
    assert watched.wait(305) is not None


def test_a_cancel_that_is_not_obeyed_is_found_but_not_while_a_model_is_loaded() -> None:
    watched = Watched()
    watched.work(every=2)
    assert watched.wait(59, is_cancelled=True) is None
    found = watched.wait(5, is_cancelled=True)
    assert found is not None
    assert "cancelled" in found.error.message
    loading = Watched()
    loading.pulse.begin("one")
    loading.pulse.beat(ProgressReport(Phase.LOADING, 0, 1))
    assert loading.wait(200, is_cancelled=True) is None


def test_a_worker_that_goes_on_in_spite_of_a_cancel_is_found() -> None:
    watched = Watched()
    watched.work(every=2)
    for step in range(40):
        if watched.wait(2, is_cancelled=True) is not None:
            return
        watched.pulse.beat(ProgressReport(Phase.SAMPLING, step, 40))
    pytest.fail("it was not found")


def test_a_thread_that_died_is_found_at_once() -> None:
    watched = Watched()
    watched.work(every=2)
    found = watched.wait(LOOK, is_alive=False)
    assert found is not None
    assert found.error.code is ErrorCode.INTERNAL


def test_a_machine_that_slept_is_not_taken_for_one_that_hung() -> None:
    watched = Watched()
    watched.work(every=2)
    watched.now += 100_000
    assert watched.wait(300 - GAP - 2 * LOOK) is None


def test_patience_may_have_no_end() -> None:
    watched = Watched(Watchdog(0, 60))
    watched.work(every=2)
    assert watched.wait(100_000) is None


def test_a_new_pulse_is_that_of_a_worker_that_is_set_up() -> None:
    assert Pulse(lambda: 5.0).last == Sign(Doing.SETTING_UP, 5.0)


def test_restarts_are_handed_on_by_the_environment() -> None:
    first = Restarts.of({}).one_more(10.0, 7860)
    assert first is not None
    second = Restarts.of(first.environ()).one_more(20.0, 7860)
    assert second == Restarts(2, 7860, (10.0, 20.0))
    assert Restarts.of(second.environ()) == second


def test_there_are_not_too_many_restarts_in_a_while() -> None:
    restarts: Restarts | None = Restarts()
    for number in range(MOST):
        assert restarts is not None
        restarts = restarts.one_more(float(number), 1)
    assert restarts is not None
    assert restarts.one_more(WITHIN - 1, 1) is None
    later = restarts.one_more(WITHIN + 0.5, 1)
    assert later is not None
    assert later.count == MOST + 1


@pytest.mark.parametrize("words", ["", "garbage", "1", "x 1", "1 1 y"])
def test_words_that_are_not_ours_mean_no_restart(words: str) -> None:
    assert Restarts.of({VARIABLE: words}) == Restarts()
