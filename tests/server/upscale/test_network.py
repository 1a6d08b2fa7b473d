from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scumble_protocol.geometry import Size
from scumble_server.pixels.opencv import unit
from scumble_server.upscale.network import OVERLAP, Network
from scumble_server.work.report import Cancelled, ProgressReport, Report
from tests.server.photos import photo
from tests.server.upscale.networks import compact, esrgan, load, write

CPU = torch.device("cpu")


def silent(_report: Report) -> None:
    pass


@pytest.fixture
def color() -> NDArray[np.float32]:
    return unit(photo()[100:211, 150:313])


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return load(write(tmp_path / "4x.safetensors", esrgan()))


def with_tiles(network: Network, tile: int) -> Network:
    return Network(network._descriptor, tile)  # noqa: SLF001  the same weights, other tiles


def test_a_tiled_picture_is_what_the_network_makes_of_the_whole(
    network: Network, color: NDArray[np.float32]
) -> None:
    # One small block sees 11 pixels far, less than half the overlap: only rounding is left.
    target = Size(163 * 4, 111 * 4)
    whole = with_tiles(network, 512).enlarge(color, target, silent)
    tiled = with_tiles(network, 96).enlarge(color, target, silent)
    assert whole.shape == (444, 652, 3)
    seam = np.abs(whole - tiled)
    assert seam.mean() < 1e-4
    assert seam.max() < 2e-2
    assert whole.std() > 1e-3


def test_another_factor_comes_from_the_networks_own_by_interpolation(
    network: Network, color: NDArray[np.float32]
) -> None:
    own = with_tiles(network, 96).enlarge(color, Size(163 * 4, 111 * 4), silent)
    half = with_tiles(network, 96).enlarge(color, Size(163 * 2, 111 * 2), silent)
    # Twice the size is a quarter of the pixels, each the mean of four.
    mean = own.reshape(222, 2, 326, 2, 3).mean((1, 3))
    np.testing.assert_allclose(half, mean, atol=1e-5)
    odd = network.enlarge(color, Size(1000, 681), silent)
    assert odd.shape == (681, 1000, 3)


def test_progress_is_told_before_every_tile(network: Network, color: NDArray[np.float32]) -> None:
    told: list[Report] = []
    with_tiles(network, 96).enlarge(color, Size(326, 222), told.append)
    steps = [(report.step, report.of) for report in told if isinstance(report, ProgressReport)]
    # 163 by 111 pixels are three tiles beside and two below each other.
    assert steps == [(step, 6) for step in range(6)]


def test_cancel_stops_before_the_next_tile(network: Network, color: NDArray[np.float32]) -> None:
    told: list[Report] = []

    def cancel(report: Report) -> None:
        told.append(report)
        if len(told) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        with_tiles(network, 96).enlarge(color, Size(326, 222), cancel)
    assert len(told) == 2


def test_smaller_tiles_are_tried_when_memory_runs_out(
    network: Network, color: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    sides: list[int] = []
    descriptor = network._descriptor  # noqa: SLF001  to make it fail as a full device does

    def scarce(model: torch.nn.Module, image: torch.Tensor) -> torch.Tensor:
        sides.append(max(image.shape[2:]))
        if sides[-1] > 100:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return model(image)  # type: ignore[no-any-return]

    monkeypatch.setattr(descriptor, "_call_fn", scarce)
    enlarged = network.enlarge(color, Size(326, 222), silent)
    assert enlarged.shape == (222, 326, 3)
    assert sides[0] == 163
    assert set(sides[1:]) == {96}


def test_no_memory_even_for_the_smallest_tile_is_said(
    network: Network, color: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_model: torch.nn.Module, _image: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(network._descriptor, "_call_fn", full)  # noqa: SLF001
    with pytest.raises(torch.OutOfMemoryError):
        network.enlarge(color, Size(326, 222), silent)


def test_the_overlap_is_wider_than_what_small_networks_see() -> None:
    assert 2 * OVERLAP < 96


def test_a_network_with_a_factor_of_two_is_read_from_a_pickle(
    tmp_path: Path, color: NDArray[np.float32]
) -> None:
    network = load(write(tmp_path / "x2.pth", compact()))
    assert network.scale == 2
    assert network.bytes == sum(tensor.nbytes for tensor in compact().values())
    assert network.enlarge(color, Size(326, 222), silent).shape == (222, 326, 3)


def test_large_factors_take_several_passes(network: Network, color: NDArray[np.float32]) -> None:
    small = np.ascontiguousarray(color[:24, :30])
    told: list[Report] = []
    enlarged = network.enlarge(small, Size(30 * 16, 24 * 16), told.append)
    twice = network.enlarge(network.enlarge(small, Size(120, 96), silent), Size(480, 384), silent)
    np.testing.assert_allclose(enlarged, twice, atol=1e-5)
    steps = [(report.step, report.of) for report in told if isinstance(report, ProgressReport)]
    assert steps == [(0, 2), (1, 2)]


@pytest.mark.parametrize(("factor", "passes"), [(1, 1), (4, 1), (6, 1), (7, 2), (16, 2)])
def test_passes_are_told_with_their_tiles(network: Network, factor: int, passes: int) -> None:
    size = Size(700, 300)
    ran = network.passes("4x-Net", size, Size(700 * factor, 300 * factor))
    assert [one.name for one in ran] == ["4x-Net"] * passes
    assert ran[0].tiles == 2
    assert ran[0].working == Size(512, 300)


def test_tiles_of_wide_pictures_are_lower(network: Network) -> None:
    (ran,) = network.passes("4x-Net", Size(4096, 4096), Size(16384, 16384))
    assert ran.working.width == 512
    assert 128 <= ran.working.height < 512


@pytest.mark.parametrize("factor", [1, 3])
def test_a_network_that_only_repairs_is_run_once_and_the_rest_is_interpolated(
    tmp_path: Path, color: NDArray[np.float32], factor: int
) -> None:
    network = load(write(tmp_path / "repair.pth", compact(scale=1)))
    assert network.scale == 1
    size = Size(163 * factor, 111 * factor)
    assert network.enlarge(color, size, silent).shape == (size.height, size.width, 3)
    assert len(network.passes("repair", Size(163, 111), size)) == 1
