from __future__ import annotations

import math
from pathlib import Path

import pytest

from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_server.config import ServerConfig
from scumble_server.device_guess import guess_device
from scumble_server.jobs.journal import Journal
from scumble_server.state import open_folder


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_is_none_is_refused(port: int, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=str(port)) as caught:
        ServerConfig(tmp_path, port=port)
    assert caught.value.code is ErrorCode.INVALID_VALUE


@pytest.mark.parametrize("seconds", [-1.0, math.nan])
def test_a_time_to_hang_that_is_none_is_refused(seconds: float, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is no time"):
        ServerConfig(tmp_path, hang_seconds=seconds)


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cpu:1", "cuda:0x", ""])
def test_a_device_that_is_none_is_refused(device: str, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is no device"):
        ServerConfig(tmp_path, device=device)


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1", "mps", "xpu", "xpu:0"])
def test_every_kind_of_device_can_be_asked_for(device: str, tmp_path: Path) -> None:
    assert ServerConfig(tmp_path, device=device).device == device


def test_the_token_does_not_show_where_a_config_is_printed(tmp_path: Path) -> None:
    assert "secret" not in repr(ServerConfig(tmp_path, token="secret"))  # noqa: S106


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("127.0.0.1", True), ("::1", True), ("0.0.0.0", False)],  # noqa: S104
)
def test_loopback_is_told_from_the_network(host: str, is_loopback: bool, tmp_path: Path) -> None:
    assert ServerConfig(tmp_path, host=host).is_loopback is is_loopback


def test_the_folder_and_the_token_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "state")
    token = folder.token()
    assert len(token) >= 32
    assert folder.root.stat().st_mode & 0o777 == 0o700
    assert (folder.root / "token").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_others_may_look_into_shows_them_no_picture_and_no_prompt(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o755)
    for name in ("token", "journal.sqlite"):
        (tmp_path / name).touch(mode=0o644)
    folder = open_folder(tmp_path)
    Journal(folder.journal).close()
    for private in (folder.blobs, *tmp_path.glob("journal*"), tmp_path / "token"):
        assert private.stat().st_mode & 0o077 == 0


def test_the_token_stays_the_same_so_that_clients_find_back(tmp_path: Path) -> None:
    assert open_folder(tmp_path).token() == open_folder(tmp_path).token()
    assert open_folder(tmp_path / "other").token() != open_folder(tmp_path).token()


def test_a_folder_that_can_not_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ServerError, match="can't be written to"):
        open_folder(tmp_path / "file" / "state")


def test_the_guess_is_the_gpu_where_a_driver_shows_one(tmp_path: Path) -> None:
    (tmp_path / "0000:01:00.0").mkdir()
    assert guess_device("auto", tmp_path).id == "cuda:0"
    assert guess_device("cpu", tmp_path).id == "cpu"
    assert guess_device("cuda:3", tmp_path).id == "cuda:3"
    assert guess_device("mps", tmp_path).id == "mps"


def test_the_guess_without_a_gpu_is_a_device_with_memory(tmp_path: Path) -> None:
    device = guess_device("auto", tmp_path / "none")
    assert device.id in {"cpu", "mps"}
    assert device.memory > 2**28
