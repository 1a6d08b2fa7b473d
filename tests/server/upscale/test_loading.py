from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.upscale.loading import load_network
from scumble_server.upscale.network import Network
from scumble_server.work.report import silent
from tests.server.upscale.networks import compact, esrgan, load, write

CPU = torch.device("cpu")


class Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.mark),))


def assert_refused(path: Path, code: ErrorCode) -> None:
    with pytest.raises(RequestError) as refused:
        load_network(path, CPU)
    assert refused.value.code is code
    assert path.name in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
@pytest.mark.parametrize(("weights", "scale"), [(esrgan(), 4), (compact(), 2)])
def test_both_kinds_of_files_give_the_network(
    tmp_path: Path, ending: str, weights: dict[str, torch.Tensor], scale: int
) -> None:
    network = load(write(tmp_path / f"net{ending}", weights))
    assert network.scale == scale


def test_a_pickle_that_wants_to_run_something_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "was run"
    torch.save({"params": esrgan(), "more": Evil(mark)}, tmp_path / "evil.pth")
    assert_refused(tmp_path / "evil.pth", ErrorCode.UNSAFE_MODEL)
    assert not mark.exists()


def test_a_bare_pickle_that_wants_to_run_something_is_refused(tmp_path: Path) -> None:
    mark = tmp_path / "was run"
    (tmp_path / "old.pth").write_bytes(pickle.dumps(Evil(mark), protocol=2))
    assert_refused(tmp_path / "old.pth", ErrorCode.UNSAFE_MODEL)
    assert not mark.exists()


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_torchscript_is_refused(tmp_path: Path) -> None:
    module = torch.jit.trace(torch.nn.Conv2d(3, 3, 3), torch.zeros(1, 3, 8, 8))
    torch.jit.save(module, tmp_path / "script.pth")
    assert_refused(tmp_path / "script.pth", ErrorCode.UNSAFE_MODEL)


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    save_file({"something.weight": torch.zeros(3, 3)}, tmp_path / "else.safetensors")
    assert_refused(tmp_path / "else.safetensors", ErrorCode.UNSUPPORTED_MODEL)


def test_a_network_for_grey_pictures_is_refused(tmp_path: Path) -> None:
    from spandrel.architectures.Compact import Compact

    grey = Compact(num_in_ch=1, num_out_ch=1, num_feat=8, num_conv=1, upscale=2).state_dict()
    save_file(dict(grey), tmp_path / "grey.safetensors")
    assert_refused(tmp_path / "grey.safetensors", ErrorCode.UNSUPPORTED_MODEL)


@pytest.mark.parametrize("length", [0, 1, 200, 3000])
@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
def test_a_file_that_was_cut_short_is_called_damaged(
    tmp_path: Path, ending: str, length: int
) -> None:
    path = write(tmp_path / f"net{ending}", esrgan())
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(RequestError) as refused:
        Shelf(Catalog([tmp_path], tmp_path / "none"), CPU).get(path.name, silent)
    assert refused.value.code is ErrorCode.DAMAGED_MODEL


def test_the_shelf_gives_networks_and_lanczos(tmp_path: Path) -> None:
    write(tmp_path / "4x-Tiny.safetensors", esrgan())
    shelf = Shelf(Catalog([tmp_path], tmp_path / "none"), CPU)
    network = shelf.get("4x-Tiny.safetensors", silent)
    assert isinstance(network, Network)
    assert shelf.memory_used == network.bytes
    assert shelf.get("lanczos", silent).bytes == 0
