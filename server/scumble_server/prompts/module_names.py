"""The names under which LoRAs know a model's modules: diffusers', and those of the original UNet.

kohya's tools name SDXL's UNet as the original code does (`input_blocks_4_1_…`), which numbers the
blocks through from one level to the next.
"""

from __future__ import annotations

import re
from typing import Any

from scumble_server.prompts.lora_file import TEXT, TEXT_2, UNET, Target

_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
}
_MIDDLE = {"resnets.0": "0", "attentions.0": "1", "resnets.1": "2"}
_RESNET = {
    "conv1": "in_layers.2",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_BLOCK = re.compile(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.?(.*)")


def modules_by_target(pipeline: Any) -> dict[Target, Any]:
    """Every linear layer and convolution of a pipeline's UNet and text encoders, by its names."""
    modules: dict[Target, Any] = {}
    for part in (UNET, TEXT, TEXT_2):
        model = getattr(pipeline, part, None)
        for name, module in model.named_modules() if model is not None else ():
            if not hasattr(module, "weight") or module.weight.ndim not in {2, 4}:
                continue
            modules[target_of(part, name)] = module
            if part == UNET and (other := original_name(name, model)):
                modules[target_of(part, other)] = module
    return modules


def target_of(part: str, module: str) -> Target:
    """The target for a module of diffusers' or transformers' name, with dots or underscores.

    transformers' CLIP has or has not the prefix `text_model`, from one version to the next.
    """
    return Target(part, module.replace(".", "_").removeprefix("text_model_"))


def original_name(name: str, unet: Any) -> str:
    """The name of a UNet's module in the original code; empty if that has no such module."""
    if name in _ENDS:
        return _ENDS[name]
    if name.startswith("mid_block."):
        kind, _, rest = name.removeprefix("mid_block.").partition(".")
        number, _, rest = rest.partition(".")
        return f"middle_block.{_MIDDLE.get(f'{kind}.{number}', '')}.{_inner(kind, rest)}"
    found = _BLOCK.fullmatch(name)
    if found is None:
        return ""
    side, level, kind, layer, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    layers = unet.config.layers_per_block
    per_level = (layers if isinstance(layers, int) else layers[level]) + 1
    stem, first = ("input_blocks", 1) if side == "down" else ("output_blocks", 0)
    if kind == "downsamplers":
        return f"{stem}.{first + level * per_level + per_level - 1}.0.op"
    if kind == "upsamplers":
        place = 2 if hasattr(unet.up_blocks[level], "attentions") else 1
        return f"{stem}.{level * per_level + per_level - 1}.{place}.conv"
    place = 0 if kind == "resnets" else 1
    return f"{stem}.{first + level * per_level + layer}.{place}.{_inner(kind, rest)}"


def _inner(kind: str, rest: str) -> str:
    return _RESNET.get(rest, rest) if kind == "resnets" else rest
