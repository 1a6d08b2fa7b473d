"""What ComfyUI's pictures say of themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.editor.comfy_graph import read_graph
from scumble_protocol.errors import RequestError

GRAPH: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 42, "steps": 25, "cfg": 6.5, "sampler_name": "euler_ancestral",
            "scheduler": "sgm_uniform", "denoise": 0.7, "model": ["10", 0], "positive": ["6", 0],
            "negative": ["7", 0], "latent_image": ["5", 0],
        },
    },
    "4": {
        "class_type": "CheckpointLoaderSimple",
        "inputs": {"ckpt_name": "good.safetensors"},
    },
    "5": {"class_type": "VAEEncode", "inputs": {"pixels": ["9", 0], "vae": ["4", 2]}},
    "6": {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["8", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "dogs", "clip": ["4", 1]}},
    "8": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["4", 1]}},
    "10": {"class_type": "LoraLoader", "inputs": {"model": ["4", 0], "strength_model": 1.0}},
}  # fmt: skip


def changed(**inputs: Any) -> str:
    sampler = {**GRAPH["3"], "inputs": {**GRAPH["3"]["inputs"], **inputs}}
    return json.dumps({**GRAPH, "3": sampler})


def test_a_sampler_with_its_prompts_and_checkpoint_is_read() -> None:
    recipe = read_graph(json.dumps(GRAPH))
    settings = recipe.settings
    assert (settings.prompt, settings.negative, settings.model) == ("a cat", "dogs", "good")
    assert (settings.seed, settings.steps, settings.cfg, settings.strength) == (42, 25, 6.5, 0.7)
    assert (settings.sampler, settings.schedule) == (Sampler.EULER_A, Schedule.SGM_UNIFORM)
    assert recipe.passed_over == ()


def test_a_ring_of_nodes_ends() -> None:
    ring = {"class_type": "X", "inputs": {"a": ["6", 0], "b": ["99", 0], "c": 1}}
    recipe = read_graph(json.dumps({**json.loads(changed(negative=3)), "6": ring}))
    assert recipe.passed_over == ("prompt", "negative")


def test_what_settings_cannot_say_is_passed_over() -> None:
    recipe = read_graph(changed(sampler_name="ddpm", cfg=900, seed="7", model=["1", 0]))
    assert recipe.passed_over == ("model", "seed", "cfg", "sampler")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"1": {}}', '{"1": {"class_type": "KSampler"}}'])
def test_a_graph_without_a_sampler_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="no sampler is found"):
        read_graph(text)
