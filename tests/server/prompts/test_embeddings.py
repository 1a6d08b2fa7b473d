"""Textual inversions stand in a prompt by their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.prompts.embedding_file import check_embedding
from scumble_server.prompts.wording import Embedding, Wording
from tests.server.prompts.additions_files import lie_about_lengths, save_embedding
from tests.server.prompts.conftest import FAMILIES, Get

WIDTHS = {"sd1": (32,), "sdxl": (32, 40)}


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def encoded(model: DiffusionModel, prompt: str, *embeddings: Embedding) -> torch.Tensor:
    with model.using(Wording(prompt, "", prompt, (), embeddings)):
        return model.encode_text(prompt, "", guided=False).hidden


@pytest.mark.parametrize("family", FAMILIES)
def test_vectors_of_letters_read_as_the_letters(family: str, tiny: Get, tmp_path: Path) -> None:
    model = tiny(family)
    ids = model.pipeline.tokenizer("fox", add_special_tokens=False).input_ids
    names = {"sd1": ["emb_params"], "sdxl": ["clip_l", "clip_g"]}[family]
    encoders = [
        getattr(model.pipeline, name) for name in ("text_encoder", "text_encoder_2")[: len(names)]
    ]
    save_file(
        {
            name: encoder.get_input_embeddings().weight[ids].clone()
            for name, encoder in zip(names, encoders, strict=True)
        },
        tmp_path / "beast.safetensors",
    )
    beast = Embedding("beast", tmp_path / "beast.safetensors")
    for prompt in ("a beast in snow", "a embedding:Beast in snow", "a (beast) in snow"):
        plain = prompt.replace("embedding:Beast", "fox").replace("beast", "fox")
        assert torch.equal(encoded(model, prompt, beast), encoded(model, plain))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_name_means_nothing_afterwards(family: str, tiny: Get, tmp_path: Path) -> None:
    model = tiny(family)
    before = encoded(model, "a beast")
    save_embedding(tmp_path / "beast.safetensors", *WIDTHS[family])
    beast = Embedding("beast", tmp_path / "beast.safetensors")
    assert not torch.equal(encoded(model, "a beast", beast), before)
    assert torch.equal(encoded(model, "a beast"), before)


def test_a_single_vector_may_lie_flat(tiny: Get, tmp_path: Path) -> None:
    path = tmp_path / "beast.safetensors"
    save_file({"<beast>": torch.ones(32)}, path)
    assert check_embedding("beast", path) == {32: "<beast>"}
    model = tiny("sd1")
    with model.using(Wording("", "", "", (), (Embedding("beast", path),))):
        assert model.measure("beast").tokens == 1


@pytest.mark.parametrize(("made_for", "used_with"), [("sd1", "sdxl"), ("sdxl-only", "sd1")])
def test_one_for_another_family_is_refused(
    made_for: str, used_with: str, tiny: Get, tmp_path: Path
) -> None:
    path = tmp_path / "beast.safetensors"
    save_embedding(path, 32 if made_for == "sd1" else 40)
    with pytest.raises(RequestError, match="'beast' is made for another kind of model") as raised:
        encoded(tiny(used_with), "a beast", Embedding("beast", path))
    assert raised.value.code is ErrorCode.UNSUPPORTED_MODEL


def test_a_file_that_lies_about_its_lengths_is_refused(tiny: Get, tmp_path: Path) -> None:
    path = tmp_path / "beast.safetensors"
    save_embedding(path, 32, 40)
    lie_about_lengths(path)
    with pytest.raises(RequestError, match="can't be read") as raised:
        encoded(tiny("sdxl"), "a beast", Embedding("beast", path))
    assert raised.value.code is ErrorCode.DAMAGED_MODEL


@pytest.mark.parametrize(
    "tensors",
    [
        {"a": torch.zeros(2, 3, 4)},
        {"a": torch.zeros(2, 4), "b": torch.zeros(2, 4)},
        {"a": torch.zeros(2, 4), "b": torch.zeros(2, 5), "c": torch.zeros(2, 6)},
        {"a": torch.zeros(201, 4)},
        {"a": torch.zeros(2, 4, dtype=torch.int64)},
    ],
)
def test_another_file_is_refused_by_its_header(
    tensors: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "beast.safetensors"
    save_file(tensors, path)
    with pytest.raises(RequestError, match="no textual inversion") as raised:
        check_embedding("beast", path)
    assert raised.value.code is ErrorCode.UNSUPPORTED_MODEL
