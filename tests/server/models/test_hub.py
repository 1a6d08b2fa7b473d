"""Fetching a model from a hub; the hub is on this machine, the downloader is the real one."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.messages import Phase
from scumble_server.models.catalog import Catalog
from scumble_server.models.hub import choose_files, fetch
from scumble_server.models.sources import FolderSource
from scumble_server.report import Cancelled, ProgressReport, Report, silent
from tests.server.models.hub_server import hub_of

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "somebody/tiny"


def test_a_model_is_fetched_with_progress_and_then_found(made: Path, tmp_path: Path) -> None:
    catalog = Catalog([tmp_path], tmp_path / "none")
    reports: list[Report] = []
    with hub_of(made / "sd1", MODEL, []) as hub:
        fetch(MODEL, catalog.place_for(MODEL), reports.append, hub)
    assert isinstance(catalog.find(MODEL), FolderSource)
    steps = [report.step for report in reports if isinstance(report, ProgressReport)]
    assert steps == sorted(steps)
    last = reports[-1]
    assert isinstance(last, ProgressReport)
    assert (last.phase, last.step, last.of) == (Phase.LOADING, 1, 1)
    assert last.detail == f"fetching {MODEL}"


def test_after_a_cancel_the_model_is_not_there_and_whole_files_are_not_fetched_again(
    made: Path, tmp_path: Path
) -> None:
    target = tmp_path / "model"
    reports = 0

    def cancel_late(_report: Report) -> None:
        nonlocal reports
        reports += 1
        if reports > 8:
            raise Cancelled

    asked: list[str] = []
    with hub_of(made / "sd1", MODEL, asked) as hub:
        with pytest.raises(Cancelled):
            fetch(MODEL, target, cancel_late, hub)
        assert not target.exists()
        first = {line for line in asked if line.startswith("GET") and "resolve" in line}
        asked.clear()
        fetch(MODEL, target, silent, hub)
    again = {line for line in asked if line.startswith("GET") and "resolve" in line}
    assert target.is_dir()
    assert len(first) >= 3
    # Only the file that was being fetched is fetched once more.
    assert len(first & again) <= 1


def test_a_model_that_the_hub_does_not_have_is_unknown(made: Path, tmp_path: Path) -> None:
    with (
        hub_of(made / "sd1", MODEL, []) as hub,
        pytest.raises(RequestError, match="no model 'somebody/other'") as caught,
    ):
        fetch("somebody/other", tmp_path / "model", silent, hub)
    assert caught.value.code is ErrorCode.UNKNOWN_MODEL


def test_without_a_connection_one_clear_sentence_says_so(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        hub = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ServerError, match="could not be fetched") as caught:
            fetch(MODEL, tmp_path / "model", silent, hub)
    assert caught.value.code is ErrorCode.DOWNLOAD_FAILED
    assert "connection" in caught.value.hint


def test_half_precision_is_fetched_rather_than_full_and_nothing_that_is_not_used() -> None:
    files = {
        "model_index.json": 1,
        "README.md": 1,
        "unet/config.json": 1,
        "unet/diffusion_pytorch_model.safetensors": 2000,
        "unet/diffusion_pytorch_model.fp16.safetensors": 1000,
        "unet/diffusion_pytorch_model.bin": 2000,
        "vae/config.json": 1,
        "vae/diffusion_pytorch_model.safetensors": 200,
        "safety_checker/model.safetensors": 1000,
        "tokenizer/merges.txt": 1,
        "model.ckpt": 4000,
    }
    assert choose_files(MODEL, files) == {
        "model_index.json": 1,
        "unet/config.json": 1,
        "unet/diffusion_pytorch_model.fp16.safetensors": 1000,
        "vae/config.json": 1,
        "vae/diffusion_pytorch_model.safetensors": 200,
        "tokenizer/merges.txt": 1,
    }


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"model.safetensors": 1}, ErrorCode.UNSUPPORTED_MODEL),
        ({"model_index.json": 1, "unet/model.bin": 1}, ErrorCode.UNSAFE_MODEL),
    ],
)
def test_a_model_that_could_not_be_used_is_not_fetched(
    files: dict[str, int], code: ErrorCode
) -> None:
    with pytest.raises(RequestError) as caught:
        choose_files(MODEL, files)
    assert caught.value.code is code
