"""Tiny random additions to tiny models, in the layouts in which real ones are published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import diffusers
import torch
import transformers
from safetensors.torch import save_file

from tests.server.models.checkpoints import make_unet, make_vae

if TYPE_CHECKING:
    from pathlib import Path

READER = (4, 8, 8, 16)
"""Channels of the layers that read a control picture."""


def make_control(folder: Path, family: str, *, seed: int = 1) -> Path:
    """A diffusers folder with a ControlNet; gives the folder back."""
    torch.manual_seed(seed)
    module = diffusers.ControlNetModel.from_unet(
        make_unet(family, channels=4), conditioning_embedding_out_channels=READER
    )
    _awake(module)
    module.save_pretrained(folder)
    return folder


def make_union(folder: Path, *, types: int = 8, seed: int = 2) -> Path:
    """A diffusers folder with a union network for SDXL."""
    torch.manual_seed(seed)
    unet = make_unet("sdxl", channels=4)
    names = (
        "down_block_types block_out_channels layers_per_block norm_num_groups cross_attention_dim "
        "transformer_layers_per_block attention_head_dim use_linear_projection addition_embed_type "
        "addition_time_embed_dim projection_class_embeddings_input_dim"
    )
    module = diffusers.ControlNetUnionModel(
        **{name: unet.config[name] for name in names.split()},
        conditioning_embedding_out_channels=READER,
        num_control_type=types,
        num_trans_channel=16,
        num_trans_head=2,
        num_proj_channel=16,
    )
    _awake(module)
    module.save_pretrained(folder)
    return folder


def make_original_control(path: Path, folder: Path) -> Path:
    """The ControlNet of a diffusers folder in the layout of the first ControlNets, as one file.

    Its config goes into a folder beside it, since it is of no usual size.
    """
    from tests.server.models.original_layout import unet_name

    module = diffusers.ControlNetModel.from_pretrained(folder)
    layers = module.config.layers_per_block
    names = {
        "controlnet_cond_embedding.conv_in": "input_hint_block.0",
        "controlnet_cond_embedding.conv_out": "input_hint_block.14",
        "controlnet_mid_block": "middle_block_out.0",
    }
    names |= {
        f"controlnet_cond_embedding.blocks.{at}": f"input_hint_block.{2 * at + 2}"
        for at in range(6)
    }
    names |= {f"controlnet_down_blocks.{at}": f"zero_convs.{at}.0" for at in range(16)}

    def original(name: str) -> str:
        stem, _, end = name.rpartition(".")
        return f"{names[stem]}.{end}" if stem in names else unet_name(name, layers, module)

    tensors = {original(name): value.clone() for name, value in module.state_dict().items()}
    save_file(tensors, path)
    module.save_config(path.with_suffix(""))
    return path


def make_encoder(folder: Path, *, seed: int = 3) -> Path:
    """A transformers folder with an image encoder that sees 32 numbers in all, 24 by parts."""
    torch.manual_seed(seed)
    config = transformers.CLIPVisionConfig(
        hidden_size=24,
        intermediate_size=32,
        projection_dim=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=32,
        patch_size=16,
    )
    transformers.CLIPVisionModelWithProjection(config).save_pretrained(folder)
    return folder


def make_adapter(path: Path, unet: Any, *, plus: bool = False, seed: int = 4) -> Path:
    """A file with an IP-Adapter for a UNet and the encoder above, plain or Plus."""
    torch.manual_seed(seed)
    width = unet.config.cross_attention_dim
    tensors = _resampler(width) if plus else _projection(width)
    attention = [name for name in unet.attn_processors if "attn2" in name]
    for number, name in enumerate(attention):
        layer = unet.get_submodule(name.removesuffix(".processor"))
        for part in ("k", "v"):
            tensors[f"ip_adapter.{2 * number + 1}.to_{part}_ip.weight"] = torch.randn(
                layer.to_k.out_features, width
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    return path


def make_other_vae(folder: Path, *, channels: int = 4, scaling: float = 0.18215) -> Path:
    """A diffusers folder with a VAE that is not that of the tiny models."""
    torch.manual_seed(5)
    vae = make_vae()
    if channels != 4:
        vae = diffusers.AutoencoderKL(**(dict(vae.config) | {"latent_channels": channels}))
    vae.register_to_config(scaling_factor=scaling)
    vae.save_pretrained(folder)
    return folder


def make_depth(folder: Path, *, seed: int = 6) -> Path:
    """A transformers folder with a DPT that estimates depth."""
    torch.manual_seed(seed)
    config = transformers.DPTConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=32,
        patch_size=8,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        reassemble_factors=[4, 2, 1, 0.5],
    )
    transformers.DPTForDepthEstimation(config).save_pretrained(folder)
    transformers.DPTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def make_segmentation(folder: Path, *, kinds: int = 150, seed: int = 7) -> Path:
    """A transformers folder with a Segformer that tells kinds of things apart."""
    torch.manual_seed(seed)
    config = transformers.SegformerConfig(
        num_labels=kinds,
        num_encoder_blocks=4,
        hidden_sizes=[8, 8, 8, 8],
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 1, 1],
        decoder_hidden_size=16,
    )
    transformers.SegformerForSemanticSegmentation(config).save_pretrained(folder)
    transformers.SegformerImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def make_pose(folder: Path, *, seed: int = 9) -> Path:
    """A transformers folder with a ViTPose for COCO's 17 points."""
    torch.manual_seed(seed)
    backbone = transformers.VitPoseBackboneConfig(
        image_size=[32, 32],
        patch_size=[8, 8],
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        out_features=["stage2"],
        part_features=8,
    )
    config = transformers.VitPoseConfig(backbone_config=backbone, num_labels=17)
    transformers.VitPoseForPoseEstimation(config).save_pretrained(folder)
    transformers.VitPoseImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def make_finder(folder: Path, *, seed: int = 10) -> Path:
    """A transformers folder with a YOLOS that calls everything a person."""
    torch.manual_seed(seed)
    config = transformers.YolosConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=[32, 32],
        patch_size=8,
        num_detection_tokens=3,
        num_labels=1,
        id2label={0: "person"},
    )
    model = transformers.YolosForObjectDetection(config)
    with torch.no_grad():
        model.class_labels_classifier.layers[-1].bias.copy_(torch.tensor([9.0, 0.0]))
    model.save_pretrained(folder)
    size = {"shortest_edge": 32, "longest_edge": 64}
    transformers.YolosImageProcessor(size=size).save_pretrained(folder)
    return folder


def _awake(module: torch.nn.Module) -> None:
    """New ControlNets add nothing at all: their last layers are zero."""
    for parameter in module.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)


def _projection(width: int) -> dict[str, torch.Tensor]:
    return {
        "image_proj.proj.weight": torch.randn(4 * width, 32) / 4,
        "image_proj.proj.bias": torch.randn(4 * width),
        "image_proj.norm.weight": torch.ones(width),
        "image_proj.norm.bias": torch.zeros(width),
    }


def _resampler(width: int) -> dict[str, torch.Tensor]:
    """Plus: 16 questions of width 64 with one head, asked four times."""
    inner = 64
    shapes = {
        "latents": (1, 16, inner),
        "proj_in.weight": (inner, 24),
        "proj_in.bias": (inner,),
        "proj_out.weight": (width, inner),
        "proj_out.bias": (width,),
        "norm_out.weight": (width,),
        "norm_out.bias": (width,),
    }
    for at in range(4):
        shapes |= {
            f"layers.{at}.0.norm1.weight": (inner,),
            f"layers.{at}.0.norm1.bias": (inner,),
            f"layers.{at}.0.norm2.weight": (inner,),
            f"layers.{at}.0.norm2.bias": (inner,),
            f"layers.{at}.0.to_q.weight": (64, inner),
            f"layers.{at}.0.to_kv.weight": (128, inner),
            f"layers.{at}.0.to_out.weight": (inner, 64),
            f"layers.{at}.1.0.weight": (inner,),
            f"layers.{at}.1.0.bias": (inner,),
            f"layers.{at}.1.1.weight": (4 * inner, inner),
            f"layers.{at}.1.3.weight": (inner, 4 * inner),
        }
    return {f"image_proj.{name}": torch.randn(shape) / 4 for name, shape in shapes.items()}
