"""What holds for every test: seeded randomness, examples to try, skips for want of a GPU."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import sys

import hypothesis
import pytest

import scumble_server  # noqa: F401  settles how threads wait, before any test loads numpy

# Time limits per example measure the machine, not the code; the machine may be training a model.
for _name, _examples in {"quick": 50, "default": 300, "thorough": 10_000}.items():
    hypothesis.settings.register_profile(
        _name,
        max_examples=_examples,
        deadline=None,
        # A change is judged by the same examples each time; new ones are sought at night.
        derandomize=_name == "quick",
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.load_profile(os.environ.get("SCUMBLE_TEST_EXAMPLES", "quick"))

SEED = 20_260

# A shell that runs the suite in the background lets it ignore Ctrl-C, and so would every program
# that a test starts and then interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same random numbers for every test, in whatever order they run."""
    random.seed(SEED)
    # Only what is loaded already: importing torch for a test that needs none takes seconds.
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(SEED)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(SEED)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a GPU where there is none; the editors' fixtures speak for themselves."""
    if item.get_closest_marker("gpu") and not _has_gpu():
        pytest.skip("needs a CUDA device and the torch build for it: `python3 installer`")


def _has_gpu() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()
