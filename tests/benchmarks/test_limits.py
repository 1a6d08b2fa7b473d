"""What the bench takes for the machine's limits."""

from __future__ import annotations

import pytest

from scumble_cli.benchmarks import limits
from scumble_cli.benchmarks.figure import Figure


def test_the_way_of_a_larger_picture_has_a_higher_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIDES", (64, 1024))
    small, large = limits.path_limit(3)
    assert isinstance(small, Figure)
    assert isinstance(large, Figure)
    assert "64²" in small.name
    assert 0 < small.value < large.value


def test_the_limit_of_a_step_is_its_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MATRIX", 256)
    (slow,) = limits.step_limit(2)
    monkeypatch.setattr(limits, "_flops_of_a_step", lambda: 10**6)
    (fast,) = limits.step_limit(2)
    assert isinstance(slow, Figure)
    assert isinstance(fast, Figure)
    assert slow.value > fast.value > 0


def test_a_guided_step_of_the_starter_has_some_seven_gflop() -> None:
    assert 6e9 < limits._flops_of_a_step() < 8e9  # noqa: SLF001
