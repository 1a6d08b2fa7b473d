"""With `serve --fast on` models calculate in fewer bits, where their device does that right."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from scumble_protocol.errors import RequestError
from scumble_server.config import ServerConfig
from scumble_server.models import fast
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.fast import Way, is_right, offered, quicken, replace_layers, way_for
from scumble_server.models.fast_layers import HalvedLayer, QuantisedLinear
from scumble_server.models.shelf import Shelf
from scumble_server.prompts.wording import Lora, Wording
from scumble_server.work.report import silent
from tests.server.models.checkpoints import make_file, make_folder, make_unet
from tests.server.photos import opaque, photo
from tests.server.prompts.additions_files import attention_places, save_kohya
from tests.server.sampling.jobs import make_crop, make_request, sample_one
from tests.server.tiles.jobs import Desk

CPU = torch.device("cpu")
CUDA = torch.device("cuda")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for family in ("sd1", "sdxl"):
        make_folder(folder / family, family=family)
    make_file(folder / "sd1", folder / "sd1-file.safetensors")
    return folder


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch) -> None:
    """This processor counts as one that is quicker in bf16."""
    monkeypatch.setattr(fast, "offered", lambda _device: (Way.BF16,))


def load(models: Path, name: str, *, quick: bool) -> DiffusionModel:
    model = Shelf(Catalog([models], models / "no-starter"), CPU, fast=quick).get(name, silent)
    assert isinstance(model, DiffusionModel)
    return model


def kinds(module: torch.nn.Module) -> set[str]:
    return {type(part).__name__ for part in module.modules()}


def replaced(module: torch.nn.Module) -> set[str]:
    fewer = (HalvedLayer, QuantisedLinear)
    return {name for name, part in module.named_modules() if isinstance(part, fewer)}


@pytest.mark.usefixtures("half")
@pytest.mark.parametrize("name", ["sd1", "sdxl", "sd1-file.safetensors"])
def test_a_fast_model_makes_nearly_the_same_picture_and_the_same_one_each_time(
    models: Path, name: str
) -> None:
    quick, full = (load(models, name, quick=quick) for quick in (True, False))
    assert (quick.spec.fast, full.spec.fast) == ("bf16", "")
    made, again, wanted = (
        sample_one(make_crop(), model, make_request(), 3, silent) for model in (quick, quick, full)
    )
    assert made.tobytes() == again.tobytes()
    assert 0 < np.abs(made - wanted).mean() < 2 / 255


@pytest.mark.usefixtures("half")
def test_it_takes_less_memory(models: Path) -> None:
    assert load(models, "sd1", quick=True).bytes < 0.9 * load(models, "sd1", quick=False).bytes


@pytest.mark.usefixtures("half")
def test_a_result_says_that_it_was_made_fast(models: Path) -> None:
    picture, mask = opaque(photo()[:64, :64]), np.full((64, 64), 255, np.uint8)
    for quick in (True, False):
        desk = Desk(Shelf(Catalog([models], models / "no-starter"), CPU, fast=quick))
        notes = desk.run(desk.regenerate(picture, mask, "sd1")).notes
        assert any("set to be fast (bf16)" in note for note in notes) == quick


@pytest.mark.parametrize("way", list(Way))
def test_a_lora_adds_what_it_adds_to_a_model_in_full(
    models: Path, way: Way, tmp_path: Path
) -> None:
    full, quick = load(models, "sdxl", quick=False), load(models, "sdxl", quick=False)
    path = save_kohya(tmp_path / "ink.safetensors", full, attention_places(full))
    assert replace_layers(quick.unet, way)
    ink = Wording("a fox", "", "a fox", (Lora("ink", path, 0.8, 0.8),))

    def change(model: DiffusionModel) -> Any:
        with model.using(ink):
            changed = sample_one(make_crop(), model, make_request(steps=2), 1, silent)
        return changed - sample_one(make_crop(), model, make_request(steps=2), 1, silent)

    wanted, made = change(full), change(quick)
    assert np.abs(wanted).mean() > 4 / 255
    assert np.abs(made - wanted).mean() < 0.4 * np.abs(wanted).mean()


def test_on_a_processor_all_layers_within_blocks_are_halved() -> None:
    unet = make_unet("sdxl", channels=4)
    assert replace_layers(unet, Way.BF16) == len(replaced(unet))
    assert {"Conv2d", "Linear", "HalvedLayer"} <= kinds(unet)
    outside = {name for name in replaced(unet) if "block" not in name}
    assert not outside
    for name in ("conv_in", "conv_out", "time_embedding.linear_1", "add_embedding.linear_2"):
        assert not isinstance(unet.get_submodule(name), HalvedLayer)
    for block in (*unet.down_blocks, unet.mid_block, *unet.up_blocks):
        assert not {"Conv2d", "Linear"} & kinds(block)


@pytest.mark.parametrize("way", [Way.INT8, Way.FP8])
def test_only_linear_layers_of_transformer_blocks_are_quantised(way: Way) -> None:
    unet = make_unet("sdxl", channels=4)
    assert replace_layers(unet, way)
    assert all(".transformer_blocks." in name for name in replaced(unet))
    # Its text is 72 wide, which no device multiplies.
    block = "mid_block.attentions.0.transformer_blocks.0"
    assert isinstance(unet.get_submodule(f"{block}.attn1.to_k"), QuantisedLinear)
    assert isinstance(unet.get_submodule(f"{block}.attn2.to_k"), torch.nn.Linear)


def test_layers_of_other_kinds_are_left_alone() -> None:
    other = torch.nn.Module()
    other.blocks = torch.nn.ModuleList(
        [
            torch.nn.Conv2d(4, 4, 3, padding="same"),
            torch.nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"),
            torch.nn.modules.linear.NonDynamicallyQuantizableLinear(16, 16),
            torch.nn.LayerNorm(16),
        ]
    )
    assert not any(replace_layers(other, way) for way in Way)


@pytest.mark.parametrize("way", list(Way))
def test_this_processor_does_every_way_right(way: Way) -> None:
    assert is_right(way, CPU, torch.float32)


def test_trying_a_way_takes_nothing_of_the_chance_that_others_draw_from() -> None:
    before = torch.get_rng_state()
    is_right(Way.INT8, CPU, torch.float32)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_way_that_the_device_refuses_or_does_wrong_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_given: Any, **_named: Any) -> torch.Tensor:
        raise RuntimeError("torch._scaled_mm is only supported on CUDA devices")

    monkeypatch.setattr(fast, "offered", lambda _device: (Way.FP8, Way.INT8))
    monkeypatch.setattr(torch, "_scaled_mm", refused)
    assert way_for(CPU, torch.float32) is Way.INT8
    assert "fp8 can't be used here: torch._scaled_mm" in caplog.text
    own = torch._int_mm  # noqa: SLF001 (there is no public name for it)
    monkeypatch.setattr(torch, "_int_mm", lambda one, other: own(one, other) // 2)
    assert way_for(CPU, torch.float32) is None
    assert "int8 is not used: this device multiplies it wrong." in caplog.text


def test_memory_that_runs_out_while_a_way_is_tried_is_no_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def short(*_given: Any) -> torch.Tensor:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 MiB")

    monkeypatch.setattr(torch, "_int_mm", short)
    with pytest.raises(RuntimeError, match="out of memory"):
        is_right(Way.INT8, CPU, torch.float32)


@pytest.mark.usefixtures("half")
def test_a_model_whose_weights_are_packed_already_may_be_made_fast_too() -> None:
    unet = make_unet("sd1", channels=4)
    packed = torch.nn.Parameter(torch.zeros(4, dtype=torch.uint8), requires_grad=False)
    unet.conv_in.weight = packed
    assert quicken(unet, CPU) == "bf16"


def test_where_nothing_is_quicker_the_model_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fast, "offered", lambda _device: ())
    unet = make_unet("sd1", channels=4)
    assert quicken(unet, CPU) == ""
    assert not replaced(unet)
    assert "has no quicker numbers" in caplog.text


def test_what_takes_turns_on_a_gpu_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    unet = make_unet("sd1", channels=4)
    with caplog.at_level(logging.WARNING):
        assert quicken(unet, CUDA) == ""
    assert not replaced(unet)
    assert "takes turns" in caplog.text


@pytest.mark.parametrize(
    ("capability", "ways"),
    [
        ((7, 5), ()),
        ((8, 0), (Way.INT8,)),
        ((8, 6), (Way.INT8,)),
        ((8, 9), (Way.FP8, Way.INT8)),
        ((9, 0), (Way.FP8, Way.INT8)),
        ((12, 0), (Way.FP8, Way.INT8)),
    ],
)
def test_a_cuda_device_has_the_ways_of_its_generation(
    capability: tuple[int, int], ways: tuple[Way, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)
    monkeypatch.setattr(torch.version, "hip", None)
    assert offered(CUDA) == ways
    monkeypatch.setattr(torch.version, "hip", "6.4")
    assert offered(CUDA) == ()


@pytest.mark.parametrize("has", ["avx512_bf16", "amx_bf16", "avx2"])
def test_a_processor_is_quicker_in_bf16_only_if_it_multiplies_that(
    has: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {has: True})
    assert offered(CPU) == (() if has == "avx2" else (Way.BF16,))


@pytest.mark.parametrize("name", ["mps", "xpu"])
def test_other_devices_have_no_way(name: str) -> None:
    assert offered(torch.device(name)) == ()


@pytest.mark.parametrize("said", ["yes", "", "ON"])
def test_a_config_says_on_or_off(tmp_path: Path, said: str) -> None:
    with pytest.raises(RequestError, match="whether to be fast"):
        ServerConfig(state=tmp_path, fast=said)
