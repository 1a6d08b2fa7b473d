"""From diffusers' tensor names to those of the original SD and SDXL checkpoints."""

from __future__ import annotations

import re
from typing import Any

import torch

Tensors = dict[str, torch.Tensor]

UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
}
RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}
OPENCLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


def original_tensors(pipeline: Any) -> Tensors:
    """All tensors of a Stable Diffusion or SDXL pipeline under their original names."""
    clip = "cond_stage_model.transformer."
    tensors: Tensors = {}
    if hasattr(pipeline, "text_encoder_2"):
        clip = "conditioner.embedders.0.transformer."
        for name, value in openclip_tensors(pipeline.text_encoder_2.state_dict()).items():
            tensors[f"conditioner.embedders.1.model.{name}"] = value
    for name, value in pipeline.text_encoder.state_dict().items():
        tensors[f"{clip}text_model.{name.removeprefix('text_model.')}"] = value
    layers = pipeline.unet.config.layers_per_block
    for name, value in pipeline.unet.state_dict().items():
        tensors[f"model.diffusion_model.{unet_name(name, layers, pipeline.unet)}"] = value
    levels = len(pipeline.vae.config.block_out_channels)
    for name, value in pipeline.vae.state_dict().items():
        own = vae_name(name, levels)
        is_matrix = ".attn_1." in own and value.ndim == 2
        tensors[f"first_stage_model.{own}"] = value[:, :, None, None] if is_matrix else value
    return {name: value.contiguous().clone() for name, value in tensors.items()}


def unet_name(name: str, layers: int, unet: torch.nn.Module) -> str:
    """The original name of a UNet's tensor."""
    for ours, theirs in UNET_ENDS.items():
        if name.startswith(f"{ours}."):
            return _resnet(name.replace(ours, theirs, 1))
    match = re.fullmatch(r"(down|up)_blocks\.(\d+)\.(\w+?)\.(\d+)\.(.+)", name)
    assert match, name
    side, block, kind, layer, rest = match[1], int(match[2]), match[3], int(match[4]), match[5]
    offset, stem = (1, "input_blocks") if side == "down" else (0, "output_blocks")
    place = offset + block * (layers + 1)
    if kind == "downsamplers":
        return f"{stem}.{place + layers}.0.op.{rest.removeprefix('conv.')}"
    if kind == "upsamplers":
        has_attention = hasattr(unet.get_submodule(f"up_blocks.{block}"), "attentions")
        return f"{stem}.{place + layers}.{2 if has_attention else 1}.{rest}"
    return _resnet(f"{stem}.{place + layer}.{0 if kind == 'resnets' else 1}.{rest}")


def vae_name(name: str, levels: int) -> str:
    """The original name of a VAE's tensor."""
    if ".mid_block.attentions.0." in name:
        for ours, theirs in VAE_ATTENTION.items():
            name = name.replace(f".{ours}.", f".{theirs}.")
        return name.replace("mid_block.attentions.0", "mid.attn_1")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    name = re.sub(r"down_blocks\.(\d+)", r"down.\1", name)
    name = re.sub(r"up_blocks\.(\d+)", lambda m: f"up.{levels - 1 - int(m[1])}", name)
    name = re.sub(r"resnets\.(\d+)", r"block.\1", name)
    name = name.replace("downsamplers.0", "downsample").replace("upsamplers.0", "upsample")
    return name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")


def openclip_tensors(tensors: Tensors) -> Tensors:
    """The tensors of a CLIP text encoder as OpenCLIP names and packs them."""
    packed: Tensors = {"text_projection": tensors["text_projection.weight"].T}
    attention: dict[str, dict[str, torch.Tensor]] = {}
    for full, value in tensors.items():
        name = full.removeprefix("text_model.")
        if match := re.fullmatch(r"encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(\w+)", name):
            key = f"transformer.resblocks.{match[1]}.attn.in_proj_{match[3]}"
            attention.setdefault(key, {})[match[2]] = value
        elif name.startswith("encoder.layers."):
            for ours, theirs in OPENCLIP.items():
                name = name.replace(ours, theirs)
            packed[name.replace("encoder.layers", "transformer.resblocks")] = value
    for key, parts in attention.items():
        packed[key] = torch.cat([parts[letter] for letter in "qkv"])
    prefix = "text_model." if "text_model.final_layer_norm.weight" in tensors else ""
    packed["positional_embedding"] = tensors[f"{prefix}embeddings.position_embedding.weight"]
    packed["token_embedding.weight"] = tensors[f"{prefix}embeddings.token_embedding.weight"]
    for end in ("weight", "bias"):
        packed[f"ln_final.{end}"] = tensors[f"{prefix}final_layer_norm.{end}"]
    return packed


def _resnet(name: str) -> str:
    block = r"(?:input_blocks|output_blocks)\.\d+\.0|middle_block\.[02]"
    match = re.fullmatch(rf"({block})\.(\w+)\.(\w+)", name)
    return f"{match[1]}.{RESNET.get(match[2], match[2])}.{match[3]}" if match else name
