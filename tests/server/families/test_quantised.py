"""Weights in fewer bits: read where diffusers reads them, else refused with what is missing."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.families.adapter import FamilyModel
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent
from tests.server.families.tiny import make_family

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

BLOCK = 32
"""Numbers that share a scale."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quantised")
    make_family(folder / "plain", "flux1")
    shutil.copytree(folder / "plain", folder / "packed")
    pack(folder / "packed" / "transformer")
    return folder


def pack(component: Path) -> None:
    """Bring a component's weights into llama.cpp's format, wide ones in 8 bits."""
    (path,) = component.glob("*.safetensors")
    writer = gguf.GGUFWriter(str(component / "tiny-Q8_0.gguf"), "flux")
    for name, weights in load_file(path).items():
        if weights.ndim == 2 and weights.shape[1] % BLOCK == 0:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quantize(weights, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, weights.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    path.unlink()


def quantised(folder: Path, method: str) -> RequestError:
    """The error for a model whose config names a method of quantisation."""
    path = folder / "transformer" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"quantization_config": {"quant_method": method}}))
    with pytest.raises(RequestError) as caught:
        Catalog([folder.parent], folder).find(folder.name)
    return caught.value


def test_a_packed_denoiser_is_read_and_predicts_nearly_the_same(folder: Path) -> None:
    shelf = Shelf(Catalog([folder], folder / "none"), torch.device("cpu"))
    plain, packed = (shelf.get(name, silent) for name in ("plain", "packed"))
    assert isinstance(plain, FamilyModel)
    assert isinstance(packed, FamilyModel)
    asked: dict[str, Any] = {
        "hidden_states": torch.randn(1, 16, 64),
        "encoder_hidden_states": torch.randn(1, 4, 32),
        "pooled_projections": torch.randn(1, 32),
        "timestep": torch.tensor([0.5]),
        "guidance": torch.tensor([3.0]),
        "img_ids": torch.zeros(16, 3),
        "txt_ids": torch.zeros(4, 3),
        "return_dict": False,
    }
    with torch.inference_mode():
        expected = plain.pipeline.transformer(**asked)[0]
        given = packed.pipeline.transformer(**asked)[0]
    assert not torch.equal(given, expected)
    assert float((given - expected).abs().max()) < 0.05 * float(expected.abs().max())


def test_a_file_of_packed_weights_alone_says_where_to_put_it(folder: Path, tmp_path: Path) -> None:
    (packed,) = (folder / "packed" / "transformer").glob("*.gguf")
    shutil.copy(packed, tmp_path / "flux.gguf")
    with pytest.raises(RequestError, match="holds only the part") as caught:
        Catalog([tmp_path], tmp_path / "none").find("flux.gguf")
    assert "`transformer`" in caught.value.hint


@pytest.mark.parametrize("method", ["bitsandbytes", "torchao", "quanto"])
def test_a_missing_package_is_named_with_the_way_to_get_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    shutil.copytree(folder / "plain", tmp_path / "model")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    error = quantised(tmp_path / "model", method)
    assert error.code is ErrorCode.UNSUPPORTED_MODEL
    assert method in error.message
    assert "pip install" in error.hint


def test_an_unknown_method_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "plain", tmp_path / "model")
    assert "nonsense" in quantised(tmp_path / "model", "nonsense").message


def test_a_model_that_lacks_a_part_is_named_with_it(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "plain", tmp_path / "model")
    shutil.rmtree(tmp_path / "model" / "text_encoder_2")
    with pytest.raises(RequestError, match=r"text_encoder_2 is missing"):
        Catalog([tmp_path], folder).find("model")
