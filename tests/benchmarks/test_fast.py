"""What `--fast` gains is measured on real jobs; how much is never asserted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from scumble_cli.benchmarks import fast as bench
from scumble_cli.benchmarks import steps
from scumble_cli.benchmarks.figure import Figure, Finding, Unmeasured
from scumble_server.models import fast
from scumble_server.models.fast import Way


@pytest.fixture(autouse=True)
def own_threads() -> Iterator[None]:
    """The bench sets up torch as the server does."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_speed_and_quality_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "offered", lambda _device: (Way.BF16,))
    monkeypatch.setattr(bench, "PICTURES", 1)
    monkeypatch.setattr(bench, "WHOLE", 2)
    monkeypatch.setattr(steps, "MANY", 2)
    found = bench.fast_steps(1)
    assert all(isinstance(figure, Figure) for figure in found)
    assert [figure.unit for figure in found if isinstance(figure, Figure)] == [
        "ms",
        "x",
        "x",
        "dB",
        "%",
    ]
    decibels, unlike = found[-2:]
    assert isinstance(decibels, Figure)
    assert isinstance(unlike, Figure)
    assert 30 < decibels.value < 80
    assert 0 < unlike.value < 2


@pytest.mark.parametrize("measure", [bench.fast_steps, bench.compiled_fast_steps])
def test_a_device_without_quicker_numbers_says_so(
    measure: Callable[[int], list[Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "offered", lambda _device: ())
    (found,) = measure(1)
    assert isinstance(found, Unmeasured)
