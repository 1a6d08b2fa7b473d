"""What ComfyUI's graph, as it lies in its pictures, means as settings.

A graph is a JSON object of nodes by their numbers; an input is a value, or `[node, output]`. Of all
that can be in one, the last sampler with its prompts and its checkpoint is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.editor.foreign_recipe import Recipe
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError

_SAMPLERS = {
    "euler_ancestral": Sampler.EULER_A,
    "dpm_2": Sampler.DPM2,
    "dpm_2_ancestral": Sampler.DPM2_A,
    "uni_pc": Sampler.UNIPC,
    "dpmpp_2m_sde_gpu": Sampler.DPMPP_2M_SDE,
    "dpmpp_3m_sde_gpu": Sampler.DPMPP_3M_SDE,
    "dpmpp_sde_gpu": Sampler.DPMPP_SDE,
    **{sampler.value: sampler for sampler in Sampler},
}
_SCHEDULES = {schedule.value: schedule for schedule in Schedule}

_Graph = Mapping[str, Any]
_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)


def read_graph(text: str) -> Recipe:
    """The recipe in a graph.

    Raises:
        RequestError: It is no graph, or has no sampler of ComfyUI's own.
    """
    try:
        graph = json.loads(text)
        nodes = [node for node in graph.values() if "KSampler" in node["class_type"]]
        inputs = dict(nodes[-1]["inputs"])
    except _DAMAGE as error:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "The picture has a graph of ComfyUI's in which no sampler is found.",
            "Set the settings by hand.",
        ) from error
    model = _found(graph, inputs.get("model"), "ckpt_name", "unet_name")
    wanted = {
        "prompt": _found(graph, inputs.get("positive"), "text"),
        "negative": _found(graph, inputs.get("negative"), "text"),
        "model": model and model.removesuffix(".safetensors"),
        "seed": inputs.get("seed", inputs.get("noise_seed")),
        "steps": inputs.get("steps"),
        "cfg": inputs.get("cfg"),
        "strength": inputs.get("denoise"),
        "sampler": _SAMPLERS.get(str(inputs.get("sampler_name"))),
        "schedule": _SCHEDULES.get(str(inputs.get("scheduler"))),
    }
    said = {name: value for name, value in wanted.items() if _is_legal(name, value)}
    return Recipe({**said, "count": 1}, tuple(name for name in wanted if name not in said))


def _found(graph: _Graph, link: object, *names: str) -> str | None:
    """The text in the nearest node of those that lead to an input."""
    here, passed = [link], set[str]()
    while here:
        linked = {str(link[0]) for link in here if isinstance(link, list) and link} - passed
        passed |= linked
        nodes = [graph.get(number) for number in sorted(linked)]
        found = [node.get("inputs") for node in nodes if isinstance(node, dict)]
        inputs = [values for values in found if isinstance(values, dict)]
        for values in inputs:
            for name in names:
                if isinstance(values.get(name), str):
                    return str(values[name])
        here = [value for values in inputs for value in values.values()]
    return None


_KINDS: Mapping[str, tuple[type, ...]] = {
    "seed": (int,),
    "steps": (int,),
    "cfg": (int, float),
    "strength": (int, float),
}
"""What is no text."""


def _is_legal(name: str, value: object) -> bool:
    if not isinstance(value, _KINDS.get(name, (str,))):
        return False
    try:
        Settings(**{name: cast("Any", value)})
    except RequestError:
        return False
    return True
