"""What the server compiles on a GPU, timed with a few channels on the processor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from scumble_cli.benchmarks import gpu_compiled, gpu_scale
from scumble_cli.benchmarks.figure import Figure, Unmeasured
from scumble_cli.benchmarks.gpu_scale import Scale
from scumble_server.compiling import blocks, unet
from scumble_server.compiling.compiler import Compiler
from tests.server.compiling.exporting import REFUSING, Exporting

SMALL = Scale(torch.device("cpu"), is_small=True, most_steps=2)

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

measured = pytest.mark.parametrize("measure", [gpu_compiled.sdxl, gpu_compiled.flux])


@pytest.fixture(scope="module", autouse=True)
def enough_memory() -> Iterator[None]:
    """However much others take of it while this runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unet, "COMPILER_BYTES", 0)
        yield


@pytest.fixture(autouse=True)
def one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setenv("SCUMBLE_STATE", str(tmp_path))


@measured
def test_compiled_models_are_timed_beside_the_same_ones_eager(
    measure: gpu_scale.Measurement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = Exporting(tmp_path)
    monkeypatch.setattr(gpu_compiled, "Compiler", lambda _folder: compiler)
    for module in (unet, blocks):
        monkeypatch.setattr(module, "ApartCode", compiler.code)
    figures = {it.name: it for it in measure(1, SMALL) if isinstance(it, Figure)}
    assert len(figures) == 5
    assert all("random weights" in name for name in figures)
    assert {order.device.type for order in compiler.orders.values()} == {"cpu"}


@measured
def test_where_nothing_can_be_compiled_that_is_said(
    measure: gpu_scale.Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu_compiled, "Compiler", lambda folder: Compiler(folder, REFUSING))
    (found,) = measure(1, SMALL)
    assert isinstance(found, Unmeasured)
