"""Fetching a model from a hub; the hub is on this machine, the downloader is the real one."""

from __future__ import annotations

import contextlib
import math
import shutil
import socket
import types
from typing import TYPE_CHECKING

import huggingface_hub
import pytest

from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.messages import Phase
from scumble_server.models.catalog import Catalog
from scumble_server.models.hub import Hub, fetch
from scumble_server.models.hub_files import HubFile, choose_files
from scumble_server.models.sources import FolderSource
from scumble_server.work.report import Cancelled, ProgressReport, Report, silent
from tests.server.models.hub_server import Trouble, hub_of

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
    assert str(tmp_path / "model") in caught.value.hint
    assert f"{hub}/{MODEL}" in caught.value.hint


def test_half_precision_is_fetched_rather_than_full_and_nothing_that_is_not_used() -> None:
    sizes = {
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
    files = {name: HubFile(size) for name, size in sizes.items()}
    assert {name: file.size for name, file in choose_files(MODEL, files).items()} == {
        "model_index.json": 1,
        "unet/config.json": 1,
        "unet/diffusion_pytorch_model.fp16.safetensors": 1000,
        "vae/config.json": 1,
        "vae/diffusion_pytorch_model.safetensors": 200,
        "tokenizer/merges.txt": 1,
    }


def test_the_parts_of_other_families_are_fetched_too() -> None:
    names = [
        "model_index.json",
        "transformer/diffusion_pytorch_model-00001-of-00002.safetensors",
        "transformer/diffusion_pytorch_model.safetensors.index.json",
        "text_encoder_3/model.safetensors",
        "tokenizer_3/spiece.model",
        "processor/chat_template.jinja",
        "movq/config.json",
    ]
    files = {name: HubFile(1) for name in [*names, "flux1-dev.safetensors", "sample.png"]}
    assert sorted(choose_files(MODEL, files)) == sorted(names)


def test_a_model_that_comes_only_as_pickles_is_not_fetched() -> None:
    with pytest.raises(RequestError) as caught:
        choose_files(MODEL, {name: HubFile(1) for name in ("model_index.json", "unet/model.bin")})
    assert caught.value.code is ErrorCode.UNSAFE_MODEL


def test_a_file_that_was_broken_off_is_gone_on_with(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Less than a portion is not written; the real one is larger than the whole tiny model.
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _seconds: None)
    target, trouble, ranges = tmp_path / "model", Trouble(cuts_from=300_000), list[int]()
    with hub_of(made / "sd1", MODEL, [], trouble, ranges) as hub:
        with contextlib.suppress(ServerError):
            fetch(MODEL, target, silent, hub)
        trouble.cuts_from = math.inf
        if not target.exists():
            fetch(MODEL, target, silent, hub)
    assert ranges
    assert min(ranges) > 0
    for path in target.rglob("*.safetensors"):
        assert path.read_bytes() == (made / "sd1" / path.relative_to(target)).read_bytes()


def test_a_connection_that_breaks_says_what_to_fetch_by_hand(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _seconds: None)
    trouble = Trouble(cuts_from=2)
    with (
        hub_of(made / "sd1", MODEL, [], trouble) as hub,
        pytest.raises(ServerError) as caught,
    ):
        fetch(MODEL, tmp_path / "model", silent, hub)
    assert caught.value.code is ErrorCode.DOWNLOAD_FAILED
    assert not (tmp_path / "model").exists()


def test_a_file_that_arrives_damaged_is_not_kept(made: Path, tmp_path: Path) -> None:
    target, trouble = tmp_path / "model", Trouble(is_spoiling=True)
    with hub_of(made / "sd1", MODEL, [], trouble) as hub:
        with pytest.raises(ServerError, match="arrived damaged") as caught:
            fetch(MODEL, target, silent, hub)
        assert caught.value.code is ErrorCode.DOWNLOAD_FAILED
        trouble.is_spoiling = False
        fetch(MODEL, target, silent, hub)
    assert isinstance(Catalog([tmp_path], tmp_path / "none").find("model"), FolderSource)


def test_a_token_that_is_no_longer_good_does_not_keep_an_open_model_away(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "old")
    with hub_of(made / "sd1", MODEL, []) as hub:
        fetch(MODEL, tmp_path / "model", silent, hub)
    assert (tmp_path / "model").is_dir()


def test_a_gated_model_needs_a_token_and_says_so(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with hub_of(made / "sd1", MODEL, [], Trouble(is_gated=True)) as hub:
        with pytest.raises(RequestError, match="accept its licence"):
            fetch(MODEL, tmp_path / "model", silent, hub)
        monkeypatch.setenv("HF_TOKEN", "good")
        fetch(MODEL, tmp_path / "model", silent, hub)
    assert (tmp_path / "model").is_dir()


def test_a_disk_without_room_is_said_before_anything_is_fetched(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr("scumble_server.models.hub.shutil.disk_usage", lambda _path: full)
    asked: list[str] = []
    with hub_of(made / "sd1", MODEL, asked) as hub, pytest.raises(ServerError) as caught:
        fetch(MODEL, tmp_path / "model", silent, hub)
    assert caught.value.code is ErrorCode.DISK_FULL
    assert not any("resolve" in line for line in asked)


def test_files_of_a_hub_whose_names_lead_elsewhere_are_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = {"unet/config.json": 1, "unet/../../evil.json": 1, "/evil.json": 1, "..": 1}
    siblings = [
        types.SimpleNamespace(rfilename=name, size=size, lfs=None, blob_id="")
        for name, size in sizes.items()
    ]
    info = types.SimpleNamespace(siblings=siblings)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: info)
    assert set(Hub(MODEL, None).files()) == {"unet/config.json"}
