"""Fetching what is added to models: it goes where it is found, by what its files say it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import ModelKind
from scumble_protocol.requests import LoadModel
from scumble_server.control.places import Role
from scumble_server.models import shelf as shelf_module
from scumble_server.models.catalog import Catalog
from scumble_server.models.hub import fetch
from scumble_server.models.shelf import Shelf
from scumble_server.run import run
from scumble_server.work.report import silent
from tests.server.control import additions
from tests.server.models.checkpoints import make_folder, make_unet
from tests.server.models.hub_server import hub_of

REPOSITORY = "somebody/thing"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(Catalog([tmp_path / "models"], tmp_path / "none"), torch.device("cpu"))


def get(
    shelf: Shelf,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: str = REPOSITORY,
) -> list[str]:
    """Fetch it as `scumble models get` does; gives what the hub was asked for."""
    asked: list[str] = []
    with hub_of(repository, REPOSITORY, asked) as hub:
        monkeypatch.setattr(shelf_module, "fetch", functools.partial(fetch, endpoint=hub))
        run(LoadModel(model), lambda _name: b"", shelf, silent)
    return asked


def adapter(path: Path) -> None:
    additions.make_adapter(path, make_unet("sd1", channels=4))


MAKERS: dict[ModelKind, Callable[[Path], object]] = {
    ModelKind.CONTROL: lambda folder: additions.make_control(folder, "sd1"),
    ModelKind.VAE: additions.make_other_vae,
    ModelKind.REFERENCE: lambda folder: adapter(folder / "only.safetensors"),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_an_addition_goes_into_the_folder_of_its_kind_and_is_listed(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: ModelKind
) -> None:
    repository = tmp_path / "hub"
    repository.mkdir()
    MAKERS[kind](repository)
    (repository / "README.md").write_text("not needed")
    asked = get(shelf, repository, monkeypatch)
    (listed,) = [info for info in shelf.list() if info.kind is kind]
    assert listed.title == "somebody--thing"
    assert not any("README" in line for line in asked)
    # It is there now: nothing is asked for again.
    assert get(shelf, repository, monkeypatch) == []
    assert [path.name for path in (tmp_path / "models").iterdir()] == [listed.id.split("/")[0]]


@pytest.mark.parametrize("role", [Role.PREPROCESSOR, Role.IMAGE_ENCODER])
def test_what_requests_do_not_name_goes_into_its_folder_too(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    makers = {Role.PREPROCESSOR: additions.make_depth, Role.IMAGE_ENCODER: additions.make_encoder}
    repository = makers[role](tmp_path / "hub")
    get(shelf, repository, monkeypatch)
    (source,) = shelf.additions.of(role)
    assert shelf.additions.find(role, REPOSITORY) == source


def test_a_file_or_a_folder_of_a_repository_is_fetched_by_its_place_there(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "hub"
    adapter(repository / "models" / "ip-adapter.safetensors")
    adapter(repository / "models" / "ip-adapter-other.safetensors")
    additions.make_encoder(repository / "models" / "image_encoder")
    with pytest.raises(RequestError, match="several files") as caught:
        get(shelf, repository, monkeypatch)
    assert "models/ip-adapter.safetensors" in caught.value.hint
    asked = get(shelf, repository, monkeypatch, f"{REPOSITORY}/models/ip-adapter.safetensors")
    get(shelf, repository, monkeypatch, f"{REPOSITORY}/models/image_encoder")
    assert not any("other" in line for line in asked)
    (listed,) = [info for info in shelf.list() if info.kind is ModelKind.REFERENCE]
    assert listed.id.endswith("ip-adapter.safetensors")
    assert len(shelf.additions.of(Role.IMAGE_ENCODER)) == 1


def test_a_job_that_names_a_fetched_addition_as_its_model_is_told_what_it_is(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get(shelf, additions.make_control(tmp_path / "hub", "sd1"), monkeypatch)
    with pytest.raises(RequestError, match="of the kind ControlNet"):
        shelf.get(REPOSITORY, silent)


def test_other_networks_are_refused_by_their_config_before_their_weights_are_fetched(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = make_folder(tmp_path / "model") / "text_encoder"
    with pytest.raises(RequestError, match="neither a model") as caught:
        get(shelf, repository, monkeypatch)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MODEL


def test_a_file_that_turns_out_to_be_something_else_is_not_kept(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "hub"
    repository.mkdir()
    save_file({"lora_up.weight": torch.zeros(2, 2)}, repository / "lora.safetensors")
    with pytest.raises(RequestError, match="neither a model"):
        get(shelf, repository, monkeypatch)
    assert list((tmp_path / "models").iterdir()) == []
