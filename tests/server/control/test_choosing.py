"""Which additions there are, which one a request means, and what is refused with which words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import Control, ControlKind, Reference, ReferenceKind
from scumble_protocol.images import ImageRef
from scumble_protocol.messages import ModelKind
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate
from scumble_server.control.bases import base_of
from scumble_server.control.catalog import Additions
from scumble_server.control.choosing import Chosen, choose
from scumble_server.control.kinds import named_kinds
from scumble_server.control.places import Role
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from tests.server.sampling.jobs import make_request

SD1, SDXL = base_of(32), base_of(72)
PICTURE = ImageRef("3" * 32, make_request().context.size, PixelFormat.RGBA8)


@pytest.fixture
def additions(folder: Path, shelf: Shelf) -> Additions:
    """All of the tiny ones."""
    del shelf  # which made the IP-Adapters
    return Additions([folder])


def controlled(kind: ControlKind, model: str = "", *, preprocess: bool = True) -> Regenerate:
    return make_request(controls=(Control(kind, PICTURE, preprocess, model),))


def refused(request: Regenerate, additions: Additions, base: str) -> RequestError:
    with pytest.raises(RequestError) as caught:
        choose(request, additions, base)
    return caught.value


def only(chosen: Chosen) -> str:
    (control,) = chosen.controls
    return control.network.id


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("control_v11p_sd15_canny", {"canny"}),
        ("control_v11f1e_sd15_tile_fp16.safetensors", {"tile", "blur"}),
        ("control_v11p_sd15s2_lineart_anime", {"lineart"}),
        ("control_v11p_sd15_softedge", {"soft_edge"}),
        ("controlnet-openpose-sdxl-1.0", {"pose"}),
        ("control_v11p_sd15_normalbae", {"normal"}),
        ("control_v11p_sd15_seg", {"segmentation"}),
        ("diffusers_xl_depth_full", {"depth"}),
        ("sargezt_xl_softedge", {"soft_edge"}),
        ("xinsir--controlnet-scribble-sdxl-1.0", {"scribble"}),
        ("control_sd15_hed", {"soft_edge"}),
        ("something", set()),
        ("baseline", set()),
    ],
)
def test_names_tell_kinds(name: str, kinds: set[str]) -> None:
    assert {kind.value for kind in named_kinds(name)} == kinds


def test_additions_are_listed_with_what_they_fit(folder: Path, additions: Additions) -> None:
    del additions
    listed = {model.id: model for model in Catalog([folder], folder / "none").list()}
    canny = listed["controlnet/sd1-canny"]
    assert canny.kind is ModelKind.CONTROL
    assert canny.fits == (SD1,)
    assert canny.controls == ("canny",)
    assert canny.bytes > 0
    assert listed["sd1"].base == SD1
    assert set(listed["controlnet/sdxl-union"].controls) == {kind.value for kind in ControlKind}
    assert listed["vae/other"].kind is ModelKind.VAE
    assert listed["ip_adapter/sdxl-plus.safetensors"].kind is ModelKind.REFERENCE
    assert listed["ip_adapter/sdxl-plus.safetensors"].fits == (SDXL,)


def test_folders_beside_the_models_and_under_other_names_are_found(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder / "controlnet/sd1-canny", tmp_path / "ControlNet/canny")
    (tmp_path / "checkpoints").mkdir()
    additions = Additions([tmp_path / "checkpoints"])
    assert [source.id for source in additions.of(Role.CONTROL)] == ["controlnet/canny"]
    assert additions.find(Role.CONTROL, "Canny").path == tmp_path / "ControlNet/canny"


def test_the_first_that_fits_kind_and_model_is_chosen(additions: Additions) -> None:
    assert only(choose(controlled(ControlKind.CANNY), additions, SD1)) == "controlnet/sd1-canny"
    assert only(choose(controlled(ControlKind.CANNY), additions, SDXL)) == "controlnet/sdxl-canny"
    assert only(choose(controlled(ControlKind.TILE), additions, SDXL)) == "controlnet/sdxl-union"


def test_a_control_can_be_named_in_several_ways(additions: Additions) -> None:
    for name in ("controlnet/sd1-depth", "sd1-depth", "SD1-Depth"):
        request = controlled(ControlKind.CANNY, name)
        assert only(choose(request, additions, SD1)) == "controlnet/sd1-depth"


def test_an_unknown_control_is_named_with_its_neighbour(additions: Additions) -> None:
    error = refused(controlled(ControlKind.CANNY, "sd1-cany"), additions, SD1)
    assert error.code is ErrorCode.UNKNOWN_MODEL
    assert "sd1-cany" in error.message
    assert "sd1-canny" in error.hint


def test_a_control_for_another_model_is_refused(additions: Additions) -> None:
    error = refused(controlled(ControlKind.CANNY, "sdxl-canny"), additions, SD1)
    assert error.code is ErrorCode.UNSUPPORTED_MODEL


@pytest.mark.parametrize("base", ["sd1", "sdxl", SD1])
def test_where_none_is_there_the_hint_says_what_to_fetch_and_where_to_put_it(
    base: str, tmp_path: Path
) -> None:
    error = refused(controlled(ControlKind.SCRIBBLE), Additions([tmp_path / "models"]), base)
    assert error.code is ErrorCode.UNKNOWN_MODEL
    assert "scribble" in error.message
    assert str(tmp_path / "models/controlnet") in error.hint


def test_depth_needs_a_network_that_sees_it(additions: Additions, tmp_path: Path) -> None:
    (control,) = choose(controlled(ControlKind.DEPTH), additions, SD1).controls
    assert control.maker is not None
    assert control.maker.id == "preprocessors/depth"
    error = refused(controlled(ControlKind.DEPTH), Additions([tmp_path]), SD1)
    assert "Depth-Anything" in error.hint
    made = choose(controlled(ControlKind.DEPTH, preprocess=False), additions, SD1)
    assert made.controls[0].maker is None


def test_poses_are_looked_for_in_people_who_are_found_first(
    additions: Additions, folder: Path, tmp_path: Path
) -> None:
    (control,) = choose(controlled(ControlKind.POSE), additions, SDXL).controls
    assert [source and source.id for source in (control.maker, control.finder)] == [
        "preprocessors/pose",
        "preprocessors/people",
    ]
    shutil.copytree(folder / "preprocessors/pose", tmp_path / "preprocessors/pose")
    shutil.copytree(folder / "controlnet", tmp_path / "controlnet")
    (control,) = choose(controlled(ControlKind.POSE), Additions([tmp_path]), SDXL).controls
    assert control.finder is None, "it can be done without"
    ready = choose(controlled(ControlKind.POSE, preprocess=False), additions, SDXL)
    assert ready.controls[0].maker is None


def test_a_reference_finds_its_adapter_and_its_encoder(additions: Additions) -> None:
    request = make_request(references=(Reference(ReferenceKind.ALL, PICTURE),))
    (chosen,) = choose(request, additions, SDXL).references
    assert chosen.network.id.startswith("ip_adapter/sdxl")
    assert chosen.encoder.id == "image_encoder/tiny"


def test_a_reference_to_a_face_needs_an_adapter_for_faces(additions: Additions) -> None:
    request = make_request(references=(Reference(ReferenceKind.FACE, PICTURE),))
    assert "faces" in refused(request, additions, SD1).message


def test_style_alone_is_refused_before_loading_where_it_is_known(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder / "image_encoder", tmp_path / "image_encoder")
    tensors = {"image_proj.proj.weight": torch.zeros(4, 32)}
    tensors |= {f"ip_adapter.1.to_{part}_ip.weight": torch.zeros(4, 768) for part in "kv"}
    (tmp_path / "ip_adapter").mkdir()
    save_file(tensors, tmp_path / "ip_adapter/sd15.safetensors")
    request = make_request(references=(Reference(ReferenceKind.STYLE, PICTURE),))
    assert "style" in refused(request, Additions([tmp_path]), "sd1").message


def test_a_missing_encoder_is_named(folder: Path, tmp_path: Path, shelf: Shelf) -> None:
    del shelf
    shutil.copytree(folder / "ip_adapter", tmp_path / "ip_adapter")
    request = make_request(references=(Reference(ReferenceKind.ALL, PICTURE),))
    error = refused(request, Additions([tmp_path]), SD1)
    assert "image encoder" in error.message
    assert str(tmp_path / "image_encoder") in error.hint


def test_a_model_that_takes_nothing_is_refused(additions: Additions) -> None:
    error = refused(controlled(ControlKind.CANNY), additions, "")
    assert error.code is ErrorCode.UNSUPPORTED_MODEL


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"lllite_unet.down.weight": torch.zeros(1)}, "LLLite"),
        ({"lora_controlnet": torch.zeros(1)}, "Control-LoRA"),
        ({"controlnet_blocks.0.weight": torch.zeros(1)}, "transformer"),
        ({"anything": torch.zeros(1)}, "no ControlNet"),
    ],
)
def test_other_files_in_the_folder_are_told_apart(
    tensors: dict[str, torch.Tensor], words: str, tmp_path: Path
) -> None:
    (tmp_path / "controlnet").mkdir()
    save_file(tensors, tmp_path / "controlnet/canny.safetensors")
    additions = Additions([tmp_path])
    assert not additions.of(Role.CONTROL)
    assert words in additions.broken()[0].message


def test_damaged_and_pickled_files_are_not_offered(tmp_path: Path) -> None:
    (tmp_path / "controlnet").mkdir()
    (tmp_path / "controlnet/canny.safetensors").write_bytes(b"\xff" * 100)
    (tmp_path / "controlnet/depth.pth").write_bytes(b"\x80")
    additions = Additions([tmp_path])
    assert {error.code for error in additions.broken()} == {
        ErrorCode.DAMAGED_MODEL,
        ErrorCode.UNSAFE_MODEL,
    }
    error = refused(controlled(ControlKind.CANNY, "canny"), additions, "sd1")
    assert error.code is ErrorCode.DAMAGED_MODEL


def test_an_addition_is_no_model(folder: Path) -> None:
    with pytest.raises(RequestError) as caught:
        Catalog([folder], folder / "none").find("controlnet/sd1-canny")
    assert "no pictures by itself" in caught.value.message
