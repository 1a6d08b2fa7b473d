"""The modules of the real architectures have the names that LoRAs in use have for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import diffusers
import pytest
import torch
import transformers

from scumble_server.models.checkpoints import SHIPPED_CONFIGS
from scumble_server.models.headers import TensorHeader
from scumble_server.prompts import lora_file
from scumble_server.prompts.lora_file import TEXT, TEXT_2, UNET, Target
from scumble_server.prompts.module_names import modules_by_target, original_name, target_of
from tests.server.prompts.conftest import FAMILIES


@pytest.fixture(scope="module", params=FAMILIES)
def pipeline(request: pytest.FixtureRequest) -> Any:
    """The parts of a real model, at its real size, without weights."""
    folder = SHIPPED_CONFIGS / request.param
    config = diffusers.UNet2DConditionModel.load_config(folder / "unet")
    kinds = {TEXT: transformers.CLIPTextModel, TEXT_2: transformers.CLIPTextModelWithProjection}
    with torch.device("meta"):
        encoders = {
            part: kind(transformers.CLIPTextConfig.from_pretrained(folder / part))
            for part, kind in kinds.items()
            if (folder / part).exists()
        }
        return SimpleNamespace(unet=diffusers.UNet2DConditionModel.from_config(config), **encoders)


def is_sdxl(pipeline: Any) -> bool:
    return hasattr(pipeline, TEXT_2)


def test_names_that_are_in_use_lead_to_their_modules(pipeline: Any) -> None:
    modules = modules_by_target(pipeline)
    unet, text = pipeline.unet, pipeline.text_encoder
    block = unet.down_blocks[1].attentions[0].transformer_blocks[0]
    expected = {
        (UNET, "down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"): block.attn2.to_k,
        (UNET, "mid_block_attentions_0_proj_in"): unet.mid_block.attentions[0].proj_in,
        (TEXT, "text_model_encoder_layers_11_mlp_fc2"): text.encoder.layers[11].mlp.fc2,
    }
    if is_sdxl(pipeline):
        second = pipeline.text_encoder_2.text_model.encoder.layers[31].self_attn.out_proj
        up = unet.up_blocks[0]
        expected |= {
            (UNET, "input_blocks_4_1_transformer_blocks_0_attn2_to_k"): block.attn2.to_k,
            (UNET, "middle_block_1_transformer_blocks_9_ff_net_0_proj"): (
                unet.mid_block.attentions[0].transformer_blocks[9].ff.net[0].proj
            ),
            (UNET, "output_blocks_2_1_proj_out"): up.attentions[2].proj_out,
            (UNET, "output_blocks_2_2_conv"): up.upsamplers[0].conv,
            (UNET, "input_blocks_3_0_op"): unet.down_blocks[0].downsamplers[0].conv,
            (UNET, "input_blocks_1_0_in_layers_2"): unet.down_blocks[0].resnets[0].conv1,
            (UNET, "output_blocks_8_0_skip_connection"): unet.up_blocks[2].resnets[2].conv_shortcut,
            (UNET, "label_emb_0_2"): unet.add_embedding.linear_2,
            (TEXT_2, "text_model_encoder_layers_31_self_attn_out_proj"): second,
        }
    for (part, name), module in expected.items():
        assert modules[target_of(part, name)] is module, name


def test_no_two_modules_share_a_name(pipeline: Any) -> None:
    names = [
        original_name(name, pipeline.unet)
        for name, module in pipeline.unet.named_modules()
        if isinstance(module, (torch.nn.Linear, torch.nn.Conv2d))
    ]
    assert all(names)
    assert len(set(names)) == len(names)


def test_diffusers_own_conversion_leads_to_the_same_modules(pipeline: Any) -> None:
    attention = {
        name: module
        for name, module in pipeline.unet.named_modules()
        if isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)) and "attentions" in name
    }
    spelled = original_name if is_sdxl(pipeline) else lambda name, _unet: name
    stems = [f"lora_unet_{spelled(name, pipeline.unet).replace('.', '_')}" for name in attention]
    kohya = {
        f"{stem}.{end}": torch.zeros(())
        for stem in stems
        for end in ("lora_down.weight", "lora_up.weight", "alpha")
    }
    kind = "StableDiffusionXLPipeline" if is_sdxl(pipeline) else "StableDiffusionPipeline"
    converted, *_ = getattr(diffusers, kind).lora_state_dict(
        dict(kohya), unet_config=pipeline.unet.config
    )
    modules = modules_by_target(pipeline)
    for keys in (kohya, converted):
        assert {id(modules[target]) for target in targets(keys)} == set(map(id, attention.values()))


def targets(keys: Any) -> list[Target]:
    """Where a file with tensors of these names would change a model."""
    header = {key: TensorHeader("F32", (1, 1)) for key in keys}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lora_file, "read_header", lambda _path: header)
        return list(lora_file.read_lora_header("ink", SHIPPED_CONFIGS).factors)
