"""Tiny random models of each family, as diffusers folders.

They have every part of the real ones, at a few channels. Their tokenizers know bytes alone, but
for that of Kolors.
"""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import diffusers
import torch
import transformers

from tests.server.families.tiny_kolors import make_kolors
from tests.server.models.checkpoints import make_text_encoder, make_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NATIVE_SIDE = 64

CHAT = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
"""A chat's template: what was said, nothing around it."""

CHAT_OF_PARTS = (
    "{% for message in messages %}{% for part in message['content'] %}{{ part['text'] }}"
    "{% endfor %}{% endfor %}"
)
"""The same where what was said comes in parts."""

MARKS = (
    "<|image_pad|>",
    "<|video_pad|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[IMG]",
)

WIDTH = 32
"""Of text."""


def make_family(folder: Path, name: str, seed: int = 0) -> Path:
    """Write a model of that family, as `Family.id`; gives the folder back."""
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        # Of names that diffusers itself still uses inside.
        warnings.simplefilter("ignore", FutureWarning)
        pipeline = make_kolors(folder) if name == KOLORS else MAKERS[name]()
        pipeline.save_pretrained(folder)
    recommended = {
        "native_side": NATIVE_SIDE,
        "min_side": NATIVE_SIDE,
        "max_side": 2 * NATIVE_SIDE,
        "max_pixels": 2 * NATIVE_SIDE**2,
        "steps": 4,
    }
    (folder / "scumble.json").write_text(json.dumps(recommended), "utf-8")
    return folder


def make_flux1() -> Any:
    """FLUX.1 dev."""
    return diffusers.FluxPipeline(**_flux_parts(64))


def make_schnell() -> Any:
    """FLUX.1 schnell: it does not read a guidance scale."""
    return diffusers.FluxPipeline(**_flux_parts(64, guidance_embeds=False))


def make_fill() -> Any:
    """FLUX.1 Fill: it reads the picture and the mask too."""
    return diffusers.FluxFillPipeline(**_flux_parts(64 + 64 + 256))


def make_kontext() -> Any:
    """FLUX.1 Kontext."""
    return diffusers.FluxKontextPipeline(**_flux_parts(64))


def make_chroma() -> Any:
    """Chroma: FLUX.1 with one text encoder."""
    transformer = diffusers.ChromaTransformer2DModel(
        in_channels=64,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        axes_dims_rope=(4, 4, 8),
        approximator_num_channels=8,
        approximator_hidden_dim=16,
        approximator_layers=1,
    )
    return diffusers.ChromaPipeline(
        scheduler=_shifted(),
        vae=_vae(16),
        text_encoder=_t5(),
        tokenizer=make_tokenizer(),
        transformer=transformer,
    )


def make_sd3() -> Any:
    """Stable Diffusion 3."""
    tokenizer = make_tokenizer()
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=NATIVE_SIDE // 8,
        in_channels=16,
        out_channels=16,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=WIDTH + 48,
        caption_projection_dim=32,
        pooled_projection_dim=WIDTH + 40,
        pos_embed_max_size=32,
    )
    return diffusers.StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=_vae(16),
        text_encoder=_projected(WIDTH, tokenizer),
        tokenizer=tokenizer,
        text_encoder_2=make_text_encoder(40, tokenizer),
        tokenizer_2=tokenizer,
        text_encoder_3=_t5(WIDTH + 48),
        tokenizer_3=tokenizer,
    )


def make_qwen() -> Any:
    """Qwen-Image."""
    return diffusers.QwenImagePipeline(**_qwen_parts())


def make_qwen_edit() -> Any:
    """Qwen-Image-Edit."""
    return diffusers.QwenImageEditPipeline(**_qwen_parts(), processor=_qwen_processor())


def make_qwen_edit_plus() -> Any:
    """Qwen-Image-Edit-Plus."""
    return diffusers.QwenImageEditPlusPipeline(**_qwen_parts(), processor=_qwen_processor())


def make_z_image() -> Any:
    """Z-Image."""
    transformer = diffusers.ZImageTransformer2DModel(
        in_channels=16,
        dim=64,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=4,
        n_kv_heads=4,
        cap_feat_dim=WIDTH,
        axes_dims=[4, 4, 8],
        axes_lens=[600, 64, 64],
    )
    return diffusers.ZImagePipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=_vae(16),
        text_encoder=_qwen3(layers=2),
        tokenizer=_chatting(),
        transformer=transformer,
    )


def make_klein() -> Any:
    """FLUX.2 klein, which needs few steps."""
    return diffusers.Flux2KleinPipeline(
        scheduler=_shifted(),
        vae=_flux2_vae(),
        text_encoder=_qwen3(layers=28),
        tokenizer=_chatting(),
        transformer=_flux2_transformer(guidance_embeds=False),
        is_distilled=True,
    )


def make_flux2() -> Any:
    """FLUX.2 dev, whose text encoder can see too."""
    processor = transformers.PixtralProcessor(
        image_processor=transformers.PixtralImageProcessor(),
        tokenizer=_chatting(),
        image_token=MARKS[-1],
        chat_template=CHAT_OF_PARTS,
    )
    return diffusers.Flux2Pipeline(
        scheduler=_shifted(),
        vae=_flux2_vae(),
        text_encoder=_mistral(),
        tokenizer=processor,
        transformer=_flux2_transformer(),
    )


def make_kandinsky3() -> Any:
    """Kandinsky 3."""
    unet = diffusers.Kandinsky3UNet(
        in_channels=4,
        time_embedding_dim=16,
        groups=4,
        attention_head_dim=4,
        layers_per_block=2,
        block_out_channels=(8, 16, 32, 64),
        cross_attention_dim=16,
        encoder_hid_dim=WIDTH,
    )
    movq = diffusers.VQModel(
        # The norms of its decoder have 32 groups.
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        num_vq_embeddings=12,
        vq_embed_dim=4,
        norm_type="spatial",
    )
    return diffusers.Kandinsky3Pipeline(
        tokenizer=make_tokenizer(),
        text_encoder=_t5(),
        unet=unet,
        scheduler=diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        movq=movq,
    )


MAKERS: dict[str, Callable[[], Any]] = {
    "flux1": make_flux1,
    "flux1-schnell": make_schnell,
    "flux1-fill": make_fill,
    "flux1-kontext": make_kontext,
    "sd3": make_sd3,
    "chroma": make_chroma,
    "qwen-image": make_qwen,
    "qwen-image-edit": make_qwen_edit,
    "qwen-image-edit-plus": make_qwen_edit_plus,
    "z-image": make_z_image,
    "flux2-klein": make_klein,
    "flux2": make_flux2,
    "kandinsky3": make_kandinsky3,
}

KOLORS = "kolors"

NAMES = (*MAKERS, KOLORS)
"""What `make_family` makes."""


def _flux_parts(channels: int, *, guidance_embeds: bool = True) -> dict[str, Any]:
    tokenizer = make_tokenizer()
    transformer = diffusers.FluxTransformer2DModel(
        in_channels=channels,
        out_channels=64,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        pooled_projection_dim=WIDTH,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=guidance_embeds,
    )
    return {
        "scheduler": _shifted(),
        "vae": _vae(16),
        "text_encoder": make_text_encoder(WIDTH, tokenizer),
        "tokenizer": tokenizer,
        "text_encoder_2": _t5(),
        "tokenizer_2": tokenizer,
        "transformer": transformer,
    }


def _qwen_parts() -> dict[str, Any]:
    transformer = diffusers.QwenImageTransformer2DModel(
        in_channels=64,
        out_channels=16,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        axes_dims_rope=(4, 4, 8),
    )
    vae = diffusers.AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=16,
        dim_mult=[1, 1, 2, 2],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
    )
    return {
        "scheduler": _shifted(),
        "vae": vae.eval(),
        "text_encoder": _qwen_reader(),
        "tokenizer": _chatting(),
        "transformer": transformer,
    }


def _flux2_transformer(**options: Any) -> Any:
    return diffusers.Flux2Transformer2DModel(
        in_channels=128,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * WIDTH,
        axes_dims_rope=(4, 4, 4, 4),
        **options,
    )


def _flux2_vae() -> Any:
    vae = diffusers.AutoencoderKLFlux2(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=32,
        norm_num_groups=4,
    )
    return vae.eval()


def _vae(channels: int) -> Any:
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=channels,
        norm_num_groups=4,
        scaling_factor=1.5,
        shift_factor=0.1,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    return vae.eval()


def _shifted() -> Any:
    return diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)


def _t5(width: int = WIDTH) -> Any:
    config = transformers.T5Config(
        vocab_size=514, d_model=width, d_kv=8, d_ff=32, num_layers=2, num_heads=4
    )
    return transformers.T5EncoderModel(config).eval()


def _projected(width: int, tokenizer: transformers.CLIPTokenizer) -> Any:
    config = make_text_encoder(width, tokenizer).config
    return transformers.CLIPTextModelWithProjection(config).eval()


def _chatting() -> Any:
    tokenizer = make_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": list(MARKS)})
    tokenizer.chat_template = CHAT
    return tokenizer


def _qwen3(layers: int) -> Any:
    config = transformers.Qwen3Config(
        vocab_size=530,
        hidden_size=WIDTH,
        intermediate_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
    )
    return transformers.Qwen3ForCausalLM(config).eval()


def _mistral() -> Any:
    config = transformers.Mistral3Config(
        text_config={
            "model_type": "mistral",
            "vocab_size": 530,
            "hidden_size": WIDTH,
            "intermediate_size": 32,
            "num_hidden_layers": 31,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 16,
        },
        vision_config={
            "model_type": "pixtral",
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
        },
    )
    return transformers.Mistral3ForConditionalGeneration(config).eval()


def _qwen_reader() -> Any:
    tokenizer = _chatting()
    marks = dict(zip(MARKS, tokenizer.convert_tokens_to_ids(list(MARKS)), strict=True))
    config = transformers.Qwen2_5_VLConfig(
        text_config={
            "vocab_size": 530,
            "hidden_size": WIDTH,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "rope_scaling": {"type": "default", "mrope_section": [2, 3, 3]},
        },
        vision_config={
            "depth": 1,
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_heads": 2,
            "out_hidden_size": WIDTH,
            "fullatt_block_indexes": [0],
        },
        image_token_id=marks["<|image_pad|>"],
        video_token_id=marks["<|video_pad|>"],
        vision_start_token_id=marks["<|vision_start|>"],
        vision_end_token_id=marks["<|vision_end|>"],
    )
    return transformers.Qwen2_5_VLForConditionalGeneration(config).eval()


def _qwen_processor() -> Any:
    return transformers.Qwen2VLProcessor(
        image_processor=transformers.Qwen2VLImageProcessor(),
        tokenizer=_chatting(),
        video_processor=transformers.Qwen2VLVideoProcessor(),
    )
