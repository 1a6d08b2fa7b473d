"""A tiny random model of Kolors: a UNet like SDXL's, its own text encoder and tokenizer."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import diffusers
import sentencepiece
import torch

from tests.server.models.checkpoints import NATIVE_SIDE, make_vae

with warnings.catch_warnings():
    # It is compiled in a way that torch wants changed.
    warnings.simplefilter("ignore", DeprecationWarning)
    from diffusers.pipelines.kolors import ChatGLMModel, ChatGLMTokenizer
    from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig

SAYINGS = ("make the apple green", "a red apple on a table", "a blue cup", "the sky over a house")
"""What its tokenizer has read."""

WIDTH = 32
"""Of text."""


def make_kolors(folder: Path) -> Any:
    """The pipeline of a model to be written to `folder`, where its tokenizer lies already."""
    tokenizer = _tokenizer(folder / "tokenizer" / "tokenizer.model")
    return diffusers.KolorsPipeline(
        vae=make_vae(),
        text_encoder=_text_encoder(tokenizer.vocab_size),
        tokenizer=tokenizer,
        unet=_unet(),
        scheduler=diffusers.EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.014,
            beta_schedule="scaled_linear",
            num_train_timesteps=1100,
            steps_offset=1,
            timestep_spacing="leading",
        ),
    )


def _tokenizer(path: Path) -> Any:
    path.parent.mkdir(parents=True)
    with path.open("wb") as model:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(SAYINGS),
            model_writer=model,
            vocab_size=40,
            hard_vocab_limit=False,
            minloglevel=2,
        )
    return ChatGLMTokenizer(str(path))


def _text_encoder(words: int) -> Any:
    config = ChatGLMConfig(
        num_layers=2,
        padded_vocab_size=words,
        hidden_size=WIDTH,
        ffn_hidden_size=32,
        kv_channels=16,
        num_attention_heads=2,
        seq_length=256,
        multi_query_attention=True,
        add_qkv_bias=True,
        original_rope=True,
    )
    encoder: Any = ChatGLMModel(config, empty_init=False)
    for weight in encoder.parameters():
        # Some of its layers are made without values.
        torch.nn.init.normal_(weight, std=0.1)
    return encoder.eval()


def _unet() -> Any:
    return diffusers.UNet2DConditionModel(
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=NATIVE_SIDE // 8,
        block_out_channels=(16, 32, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=(2, 4, 4),
        use_linear_projection=True,
        encoder_hid_dim=WIDTH,
        encoder_hid_dim_type="text_proj",
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=WIDTH + 6 * 8,
    ).eval()
