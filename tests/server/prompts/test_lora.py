"""LoRAs change what a model makes as merging them would, and leave no trace."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.packed import pack_convolutions, unpack_convolutions
from scumble_server.models.shelf import Shelf
from scumble_server.prompts.lora import read_alphas
from scumble_server.prompts.lora_file import check_fit, read_lora_header
from scumble_server.prompts.wording import Lora, Wording
from scumble_server.work.report import Cancelled, Report, silent
from tests.server.prompts.additions_files import (
    PARTS,
    attention_places,
    lie_about_lengths,
    merge,
    places,
    save_diffusers,
    save_kohya,
    save_three_factors,
)
from tests.server.prompts.conftest import FAMILIES, Get
from tests.server.sampling.jobs import make_crop, make_request, sample_one

FORMS = ("kohya", "peft", "plain", "oldest")


def with_loras(*loras: Lora) -> Wording:
    return Wording("a fox", "", "a fox", loras)


def lora(path: Path, weight: float = 1.0, unet: float | None = None) -> Lora:
    return Lora(path.stem, path, weight, weight if unet is None else unet)


def picture(model: DiffusionModel, wording: Wording) -> NDArray[np.float32]:
    with model.using(wording):
        return sample_one(make_crop(), model, make_request(prompt=wording.text, steps=3), 1, silent)


def copied(model: DiffusionModel) -> DiffusionModel:
    """A model with weights of its own, and convolutions that read them anew each time."""
    pipeline = copy.copy(model.pipeline)
    unpack_convolutions(model.unet)
    for part in PARTS:
        if hasattr(pipeline, part):
            setattr(pipeline, part, copy.deepcopy(getattr(pipeline, part)))
    pack_convolutions(model.unet)
    return DiffusionModel(model.spec, pipeline, model.device)


def weights(model: DiffusionModel) -> dict[str, torch.Tensor]:
    return {
        f"{part}.{name}": tensor.clone()
        for part in PARTS
        if hasattr(model.pipeline, part)
        for name, tensor in getattr(model.pipeline, part).state_dict().items()
    }


def hooks(model: DiffusionModel) -> int:
    """How many hooks there are; transformers has some of its own."""
    modules = (
        module
        for part in PARTS
        if hasattr(model.pipeline, part)
        for module in getattr(model.pipeline, part).modules()
    )
    return sum(len(module._forward_hooks) for module in modules)  # noqa: SLF001 (nothing else tells)


def save(form: str, path: Path, model: DiffusionModel) -> Path:
    if form == "kohya":
        return save_kohya(path, model, attention_places(model))
    # The oldest form knows nothing but attention.
    chosen = [p for p in attention_places(model) if form != "oldest" or "mlp" not in p[1]]
    return save_diffusers(path, model, chosen, form)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_file_does_what_merging_it_would(
    family: str, form: str, tiny: Get, tmp_path: Path
) -> None:
    model = tiny(family)
    path = save(form, tmp_path / "ink.safetensors", model)
    merged = copied(model)
    chosen = [p for p in attention_places(merged) if form != "oldest" or "mlp" not in p[1]]
    merge(merged, chosen, 0.8)
    plain = picture(model, with_loras())
    ours = picture(model, with_loras(lora(path, 0.8)))
    assert np.abs(ours - plain).mean() > 1 / 255
    np.testing.assert_allclose(ours, picture(merged, with_loras()), atol=1 / 255)


@pytest.mark.parametrize("family", FAMILIES)
def test_all_linear_layers_and_convolutions_can_be_changed(
    family: str, tiny: Get, tmp_path: Path
) -> None:
    model = tiny(family)
    path = save_kohya(tmp_path / "all.safetensors", model, places(model))
    merged = copied(model)
    merge(merged, places(merged), 0.3)
    ours = picture(model, with_loras(lora(path, 0.3)))
    np.testing.assert_allclose(ours, picture(merged, with_loras()), atol=2 / 255)
    assert np.abs(ours - picture(model, with_loras())).mean() > 1 / 255


@pytest.mark.parametrize("family", FAMILIES)
def test_afterwards_every_weight_and_the_next_picture_are_the_same_to_the_bit(
    family: str, tiny: Get, tmp_path: Path
) -> None:
    model = tiny(family)
    one = save_kohya(tmp_path / "one.safetensors", model, places(model))
    two = save_diffusers(tmp_path / "two.safetensors", model, attention_places(model), "peft", 5)
    before, plain, hooked = weights(model), picture(model, with_loras()), hooks(model)
    changed = picture(model, with_loras(lora(one, 0.5), lora(two, -1)))
    after = weights(model)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert picture(model, with_loras()).tobytes() == plain.tobytes() != changed.tobytes()
    assert hooks(model) == hooked


def test_a_cancelled_job_leaves_no_trace_either(tiny: Get, tmp_path: Path) -> None:
    model = tiny("sd1")
    path = save_kohya(tmp_path / "ink.safetensors", model, attention_places(model))
    plain = picture(model, with_loras())

    def cancel(_report: Report) -> None:
        raise Cancelled

    with pytest.raises(Cancelled), model.using(with_loras(lora(path))):
        sample_one(make_crop(), model, make_request(), 1, cancel)
    assert picture(model, with_loras()).tobytes() == plain.tobytes()


def test_the_weights_for_text_and_unet_count_apart(tiny: Get, tmp_path: Path) -> None:
    model = tiny("sd1")
    path = save_kohya(tmp_path / "ink.safetensors", model, attention_places(model))
    with torch.inference_mode():
        plain = model.encode_text("a fox", "", guided=False).hidden
        for text, same in ((0.0, True), (1.0, False)):
            with model.using(with_loras(lora(path, text, 1.0))):
                hidden = model.encode_text("a fox", "", guided=False).hidden
            assert torch.equal(hidden, plain) is same
    pictures = [picture(model, with_loras(lora(path, 0.0, unet))) for unet in (0.0, 0.5, 1.0)]
    assert pictures[0].tobytes() == picture(model, with_loras()).tobytes()
    changes = [float(np.abs(changed - pictures[0]).mean()) for changed in pictures[1:]]
    assert 0 < changes[0] < changes[1]


def test_a_file_that_was_replaced_is_read_anew(tiny: Get, tmp_path: Path) -> None:
    model = tiny("sd1")
    path = save_kohya(tmp_path / "ink.safetensors", model, attention_places(model), seed=1)
    first = picture(model, with_loras(lora(path)))
    path.unlink()
    save_kohya(path, model, attention_places(model)[:8], seed=2)
    assert picture(model, with_loras(lora(path))).tobytes() != first.tobytes()


def test_three_factors_do_what_their_product_would(tiny: Get, tmp_path: Path) -> None:
    model = tiny("sd1")
    path = save_three_factors(tmp_path / "three.safetensors", model)
    stored = load_file(path)
    merged = copied(model)
    for part, name, module in places(merged):
        stem = f"lora_unet_{name.replace('.', '_')}"
        if part == "unet" and f"{stem}.lora_mid.weight" in stored:
            down, mid, up = (stored[f"{stem}.lora_{r}.weight"] for r in ("down", "mid", "up"))
            product = torch.einsum("or,rsyx,si->oiyx", up[..., 0, 0], mid, down[..., 0, 0])
            module.weight.data += 0.5 * product
    ours = picture(model, with_loras(lora(path, 0.5)))
    np.testing.assert_allclose(ours, picture(merged, with_loras()), atol=2 / 255)
    assert np.abs(ours - picture(model, with_loras())).mean() > 1 / 255


@pytest.mark.parametrize(("made_for", "used_with"), [("sd1", "sdxl"), ("sdxl", "sd1")])
@pytest.mark.parametrize("form", ["kohya", "peft"])
def test_a_lora_of_another_family_is_refused_in_one_sentence(
    made_for: str, used_with: str, form: str, tiny: Get, tmp_path: Path
) -> None:
    path = save(form, tmp_path / "ink.safetensors", tiny(made_for))
    model = tiny(used_with)
    before = picture(model, with_loras())
    with pytest.raises(RequestError, match="'ink' is made for another kind of model") as raised:
        picture(model, with_loras(lora(path)))
    assert raised.value.code is ErrorCode.UNSUPPORTED_MODEL
    family = {"sd1": "a Stable Diffusion 1.x model", "sdxl": "an SDXL model"}[used_with]
    assert family in raised.value.message
    assert picture(model, with_loras()).tobytes() == before.tobytes()


@pytest.mark.parametrize(
    ("width", "base", "fits"),
    [
        (768, "sd1", True),
        (768, "sdxl", False),
        (2048, "sd1", False),
        (2048, "", True),
        (768, "unet-192", False),
        (320, "unet-320", True),
    ],
)
def test_another_family_s_lora_is_told_by_its_header(
    width: int, base: str, fits: bool, tmp_path: Path
) -> None:
    stem = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    path = tmp_path / "ink.safetensors"
    save_file(
        {
            f"{stem}.lora_down.weight": torch.zeros(4, width),
            f"{stem}.lora_up.weight": torch.zeros(640, 4),
        },
        path,
    )
    if fits:
        check_fit("ink", path, base)
        return
    with pytest.raises(RequestError, match="'ink' is made for") as raised:
        check_fit("ink", path, base)
    assert raised.value.code is ErrorCode.UNSUPPORTED_MODEL


def test_the_family_is_named_where_it_shows(tmp_path: Path) -> None:
    for width, family in ((768, "Stable Diffusion 1.x"), (2048, "SDXL"), (320, "")):
        stem = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
        tensors = {
            f"{stem}.lora_down.weight": torch.zeros(4, width),
            f"{stem}.lora_up.weight": torch.zeros(640, 4),
        }
        save_file(tensors, tmp_path / "ink.safetensors")
        assert read_lora_header("ink", tmp_path / "ink.safetensors").made_for == family


@pytest.mark.parametrize(
    ("keys", "said", "code"),
    [
        (["unet.x.lora_A.weight"], "other half", ErrorCode.DAMAGED_MODEL),
        (["lora_unet_x.alpha"], "other half", ErrorCode.DAMAGED_MODEL),
        (["lora_unet_x.hada_w1_a"], "kind that Scumble", ErrorCode.UNSUPPORTED_MODEL),
        (["unet.x.lora_A.weight", "unet.x.dora_scale"], "kind", ErrorCode.UNSUPPORTED_MODEL),
        (["model.diffusion_model.x.weight"], "no LoRA", ErrorCode.UNSUPPORTED_MODEL),
    ],
)
def test_a_file_that_is_no_lora_is_refused_by_its_header(
    keys: list[str], said: str, code: ErrorCode, tmp_path: Path
) -> None:
    path = tmp_path / "ink.safetensors"
    save_file({key: torch.zeros(2, 2) for key in keys}, path)
    with pytest.raises(RequestError, match=said) as raised:
        read_lora_header("ink", path)
    assert raised.value.code is code


def test_a_file_with_values_that_are_no_numbers_is_refused(tiny: Get, tmp_path: Path) -> None:
    model = tiny("sd1")
    path = save_kohya(tmp_path / "ink.safetensors", model, attention_places(model))
    tensors = load_file(path)
    next(tensor for key, tensor in tensors.items() if "lora_up" in key)[0, 0] = float("nan")
    save_file(tensors, path)
    with pytest.raises(RequestError, match="no numbers"):
        picture(model, with_loras(lora(path)))


def test_a_file_that_lies_about_its_lengths_is_refused(tiny: Get, tmp_path: Path) -> None:
    model = tiny("sd1")
    path = save_kohya(tmp_path / "ink.safetensors", model, attention_places(model))
    lie_about_lengths(path)
    with pytest.raises(RequestError, match="can't be read") as raised:
        picture(model, with_loras(lora(path)))
    assert raised.value.code is ErrorCode.DAMAGED_MODEL


def test_a_file_that_went_away_is_said(tiny: Get, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is missing"):
        picture(tiny("sd1"), with_loras(lora(tmp_path / "ink.safetensors")))


@pytest.mark.parametrize("config", ["{", "[]", '{"unet.lora_alpha": "8"}', "{}"])
def test_metadata_that_say_no_alpha_mean_none(config: str) -> None:
    assert read_alphas({"lora_adapter_metadata": config}) == {}


STEMS = ("lora_unet_mid_block_attentions_0_proj_in", "unet.conv_in", "lora_te_x", "text_encoder.x")
ENDS = ("lora_down.weight", "lora_up.weight", "lora_mid.weight", "alpha", "lora_A.weight",
        "lora_B.weight", "dora_scale", "lora.down.weight", "x", "")  # fmt: skip
SHAPES = (
    (),
    (1,),
    (0, 4),
    (2, 32),
    (32, 2),
    (2, 4),
    (16, 2),
    (2, 4, 3, 3),
    (16, 2, 1, 1),
    (2, 32, 1),
)
FILES = st.dictionaries(
    st.tuples(st.sampled_from(STEMS), st.sampled_from(ENDS)).map(".".join),
    st.sampled_from(SHAPES),
    max_size=6,
)


@given(FILES)
def test_any_tensors_are_loaded_or_refused(
    shelf: Shelf, shapes: dict[str, tuple[int, ...]]
) -> None:
    model = shelf.get("sd1", silent)
    assert isinstance(model, DiffusionModel)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ink.safetensors"
        save_file({key: torch.ones(shape) for key, shape in shapes.items()}, path)
        try:
            with model.using(with_loras(lora(path))):
                image = sample_one(make_crop(), model, make_request(steps=1), 1, silent)
        except RequestError:
            return
    assert np.isfinite(image).all()


def test_a_file_that_was_cut_short_is_refused_by_its_header(tiny: Get, tmp_path: Path) -> None:
    path = save_kohya(tmp_path / "ink.safetensors", tiny("sd1"), attention_places(tiny("sd1")))
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(RequestError, match="bytes long") as raised:
        read_lora_header("ink", path)
    assert raised.value.code is ErrorCode.DAMAGED_MODEL
