"""Finding models and saying what is wrong with them, without loading any."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import save_file

from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import ModelKind
from scumble_server.models.catalog import Catalog
from scumble_server.models.headers import read_header
from scumble_server.models.sources import HubSource, UpscalerSource, named_factor

if TYPE_CHECKING:
    from pathlib import Path

UNET = "unet/diffusion_pytorch_model.safetensors"
JSON_FILES = ["unet/config.json", "model_index.json", "tokenizer/tokenizer.json"]
NOT_SAFETENSORS = [
    b"",
    b"\x10",
    b"<html>not found</html>",
    b"\xff" * 100,
    b"\2" + b"\0" * 7 + b"[]",
]


def find_error(folder: Path, model: str) -> RequestError:
    with pytest.raises(RequestError) as caught:
        Catalog([folder], folder / "none").find(model)
    return caught.value


def test_the_list_names_what_is_there_diffusion_models_first(made: Path) -> None:
    infos = Catalog([made], made / "sd1").list({"sdxl"})
    assert [info.id for info in infos if info.loaded] == ["sdxl", "lanczos"]
    assert infos[0].id == "starter"
    assert infos[-1].id == "lanczos"
    assert {info.id for info in infos if info.inpaint} == {
        "sd1-inpaint",
        "sdxl-inpaint",
        "sd1-inpaint-file.safetensors",
        "sdxl-inpaint-file.safetensors",
    }
    tiny = next(info for info in infos if info.id == "sdxl")
    assert (tiny.kind, tiny.family) == (ModelKind.DIFFUSION, "sdxl")
    assert (tiny.native_side, tiny.max_side, tiny.multiple) == (64, 128, 32)
    assert tiny.bytes > 10**6


def test_upscalers_beside_the_starter_are_listed_before_others(models: Path) -> None:
    beside = models.parent / "program" / "upscalers"
    beside.mkdir(parents=True)
    weights = {"body.0.weight": np.zeros((8, 3, 3, 3), np.float32)}
    for path in (beside / "own-2x.safetensors", models / "a-4x.safetensors"):
        save_file(weights, path)
    catalog = Catalog([models], beside.with_name("starter"))
    upscalers = [info for info in catalog.list() if info.kind is ModelKind.UPSCALER]
    assert [info.id for info in upscalers] == ["own-2x", "a-4x.safetensors", "lanczos"]
    assert upscalers[0].scale == 2
    found = catalog.find("own-2x")
    assert isinstance(found, UpscalerSource)
    assert found.path == beside / "own-2x.safetensors"


def test_a_recommendation_file_beats_what_the_family_suggests(models: Path) -> None:
    said = {"title": "My model", "steps": 12, "cfg": 3.5, "sampler": "ddim", "max_side": 96}
    (models / "sd1" / "scumble.json").write_text(json.dumps(said))
    info = next(info for info in Catalog([models], models).list() if info.id == "sd1")
    assert (info.title, info.steps, info.cfg) == ("My model", 12, 3.5)
    assert (info.sampler, info.max_side, info.native_side) == (Sampler.DDIM, 96, 64)
    assert info.schedule is Schedule.AUTOMATIC, "Karras, the family's, is nothing for DDIM"


def test_a_recommendation_file_of_old_names_sampler_and_schedule_in_one(models: Path) -> None:
    (models / "sd1" / "scumble.json").write_text('{"sampler": "dpmpp_sde_karras"}')
    info = next(info for info in Catalog([models], models).list() if info.id == "sd1")
    assert (info.sampler, info.schedule) == (Sampler.DPMPP_SDE, Schedule.KARRAS)


def test_a_model_that_predicts_the_picture_offers_no_sampler_that_can_not_do_with_it(
    models: Path,
) -> None:
    path = models / "sd1" / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"prediction_type": "sample"}))
    offered = {info.id: info.samplers for info in Catalog([models], models).list()}
    assert Sampler.DPM2 in offered["sd1-file.safetensors"]
    assert Sampler.DPM2 not in offered["sd1"]
    assert Sampler.DPMPP_2M in offered["sd1"]


def test_an_impossible_recommendation_names_the_file(models: Path) -> None:
    (models / "sd1" / "scumble.json").write_text('{"sampler": "magic"}')
    error = find_error(models, "sd1")
    assert error.code is ErrorCode.DAMAGED_MODEL
    assert "scumble.json has an impossible value" in error.message


@pytest.mark.parametrize(
    "part",
    [
        "model_index.json",
        "unet/config.json",
        UNET,
        "text_encoder/model.safetensors",
        "scheduler/scheduler_config.json",
        "tokenizer/tokenizer.json",
    ],
)
def test_a_missing_file_is_named(models: Path, part: str) -> None:
    (models / "sd1" / part).unlink()
    error = find_error(models, str(models / "sd1"))
    assert error.code is ErrorCode.DAMAGED_MODEL
    name = part.replace("tokenizer.json", "vocab.json")
    assert f"{models / 'sd1' / name} is missing" in error.message


@pytest.mark.parametrize("part", JSON_FILES)
def test_a_file_that_is_no_json_is_named(models: Path, part: str) -> None:
    (models / "sd1" / part).write_text('{"_class_name": ')
    error = find_error(models, "sd1")
    assert error.code is ErrorCode.DAMAGED_MODEL
    assert f"{part} is no valid JSON" in error.message


def test_a_config_without_a_needed_value_is_named(models: Path) -> None:
    config = models / "sd1" / "unet" / "config.json"
    values = json.loads(config.read_text())
    del values["sample_size"]
    config.write_text(json.dumps(values))
    assert "unet/config.json lacks 'sample_size'" in find_error(models, "sd1").message


def test_weights_that_are_cut_short_are_named(models: Path) -> None:
    weights = models / "sd1" / UNET
    weights.write_bytes(weights.read_bytes()[:-100])
    error = find_error(models, "sd1")
    assert error.code is ErrorCode.DAMAGED_MODEL
    assert f"{weights} is" in error.message
    assert "bytes long instead of" in error.message


@pytest.mark.parametrize("content", NOT_SAFETENSORS)
def test_a_file_that_is_no_safetensors_is_damaged(models: Path, content: bytes) -> None:
    path = models / "sd1-file.safetensors"
    path.write_bytes(content)
    error = find_error(models, "sd1-file.safetensors")
    assert error.code is ErrorCode.DAMAGED_MODEL
    assert f"{path} is no safetensors file" in error.message


def test_a_safetensors_file_without_weights_is_damaged(models: Path) -> None:
    path = models / "empty.safetensors"
    save_file({}, path)
    assert "holds no weights" in find_error(models, "empty.safetensors").message


def test_the_list_leaves_broken_models_out_and_tells_of_them(models: Path) -> None:
    (models / "sd1" / "unet" / "config.json").unlink()
    (models / "old.ckpt").write_bytes(pickle.dumps({}))
    catalog = Catalog([models], models / "none")
    assert [info.id for info in catalog.list()] == ["sd1-file.safetensors", "lanczos"]
    assert [error.code for error in catalog.broken()] == [
        ErrorCode.UNSAFE_MODEL,
        ErrorCode.DAMAGED_MODEL,
    ]


@pytest.mark.parametrize("ending", ["ckpt", "pt", "bin"])
def test_a_pickled_checkpoint_is_unsafe(models: Path, ending: str) -> None:
    path = models / f"old.{ending}"
    path.write_bytes(pickle.dumps({}))
    error = find_error(models, path.name)
    assert error.code is ErrorCode.UNSAFE_MODEL
    assert str(path) in error.message
    assert "convert" in error.hint


def test_a_folder_with_pickled_weights_is_unsafe(models: Path) -> None:
    weights = models / "sd1" / UNET
    weights.rename(weights.with_suffix(".bin"))
    error = find_error(models, "sd1")
    assert error.code is ErrorCode.UNSAFE_MODEL
    assert "diffusion_pytorch_model.bin" in error.message


def test_a_pipeline_of_another_kind_is_unsupported(models: Path) -> None:
    index = models / "sd1" / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionPipeline", "WanPipeline"))
    error = find_error(models, "sd1")
    assert error.code is ErrorCode.UNSUPPORTED_MODEL
    assert "WanPipeline" in error.message


@pytest.mark.parametrize(
    ("tensors", "what"),
    [
        (["model.diffusion_model.input_blocks.0.0.weight"], "lacks its VAE"),
        (
            ["model.diffusion_model.input_blocks.0.0.weight", "first_stage_model.x"],
            "lacks the text encoder",
        ),
        (["lora_unet_down_blocks_0.lora_up.weight"], "is no Stable Diffusion checkpoint"),
        (["control_model.time_embed.0.weight"], "is no Stable Diffusion checkpoint"),
    ],
)
def test_a_file_that_is_only_a_part_is_unsupported(
    tmp_path: Path, tensors: list[str], what: str
) -> None:
    save_file(
        {name: np.zeros((2, 4), np.float32) for name in tensors}, tmp_path / "part.safetensors"
    )
    error = find_error(tmp_path, "part.safetensors")
    assert error.code is ErrorCode.UNSUPPORTED_MODEL
    assert what in error.message


def test_a_file_of_anything_else_is_unsupported(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no model")
    assert find_error(tmp_path, str(tmp_path / "notes.txt")).code is ErrorCode.UNSUPPORTED_MODEL


def test_other_safetensors_files_are_taken_for_upscalers(tmp_path: Path) -> None:
    save_file(
        {"conv_first.weight": np.zeros((4, 3), np.float32)}, tmp_path / "4x-Sharp.safetensors"
    )
    (tmp_path / "x2.pth").write_bytes(b"read by spandrel alone")
    catalog = Catalog([tmp_path], tmp_path / "none")
    assert isinstance(catalog.find("4x-Sharp.safetensors"), UpscalerSource)
    assert [(info.id, info.kind, info.scale) for info in catalog.list()] == [
        ("4x-Sharp.safetensors", ModelKind.UPSCALER, 4),
        ("x2.pth", ModelKind.UPSCALER, 2),
        ("lanczos", ModelKind.UPSCALER, 1),
    ]


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("4x-UltraSharp", 4),
        ("RealESRGAN_x4plus", 4),
        ("2xNomos", 2),
        ("realsr", 1),
        ("v1024x1024", 1),
    ],
)
def test_the_factor_in_the_name_of_an_upscaler(name: str, factor: int) -> None:
    assert named_factor(name) == factor


def test_an_unknown_model_comes_with_near_matches(made: Path) -> None:
    error = find_error(made, "sdlx")
    assert error.code is ErrorCode.UNKNOWN_MODEL
    assert "'sdlx'" in error.message
    assert "sdxl" in error.hint


def test_a_path_and_a_hub_id_are_models_too(made: Path, tmp_path: Path) -> None:
    catalog = Catalog([tmp_path], tmp_path / "none")
    assert catalog.find(str(made / "sd1")).id == str(made / "sd1")
    assert catalog.find("somebody/some-model") == HubSource("somebody/some-model")


def test_a_fetched_model_is_found_by_its_hub_id(models: Path) -> None:
    catalog = Catalog([models], models / "none")
    (models / "sd1").rename(catalog.place_for("somebody/some-model"))
    assert [info.id for info in catalog.list()][-2] == "somebody/some-model"
    assert not isinstance(catalog.find("somebody/some-model"), HubSource)


def test_hidden_folders_are_no_models(models: Path) -> None:
    (models / "sd1").rename(models / ".incoming-sd1")
    assert [info.id for info in Catalog([models], models).list()] == [
        "sd1-file.safetensors",
        "lanczos",
    ]


def test_a_model_asked_for_by_its_path_is_listed_while_it_is_in_memory(
    made: Path, tmp_path: Path
) -> None:
    catalog = Catalog([tmp_path], tmp_path / "none")
    path = str(made / "sd1")
    assert path not in {info.id for info in catalog.list()}
    listed = {info.id: info for info in catalog.list([path, "lanczos", str(tmp_path / "gone")])}
    assert set(listed) == {path, "lanczos"}
    assert listed[path].loaded


def test_headers_tell_types_and_shapes(tmp_path: Path) -> None:
    save_file({"a": np.zeros((2, 3), np.float16)}, tmp_path / "a.safetensors", {"by": "test"})
    header = read_header(tmp_path / "a.safetensors")
    assert [(name, t.dtype, t.shape, t.parameters) for name, t in header.items()] == [
        ("a", "F16", (2, 3), 6)
    ]


def test_listing_models_needs_no_torch(made: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from scumble_server.models.catalog import Catalog; "
        "found = Catalog([Path(sys.argv[1])], Path('none')).list(); assert len(found) == 9, found; "
        "assert not {'torch', 'diffusers', 'transformers', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(made)], check=True)
