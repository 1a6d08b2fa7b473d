"""Which measurements there are, and which of them make a suite."""

from __future__ import annotations

from scumble_protocol.errors import ErrorCode, RequestError

MEASUREMENTS = {
    "help": "programs:start_of_help",
    "server": "programs:start_of_server",
    "first": "programs:first_result",
    "path": "whole_path:whole_path",
    "pathlimit": "limits:path_limit",
    "canvas": "whole_path:large_canvas",
    "again": "unchanged:unchanged_pixels",
    "copies": "copies:copies",
    "jobs": "jobs:starter_jobs",
    "phases": "jobs:phases",
    "cancel": "jobs:cancel",
    "preview": "jobs:first_preview",
    "repeat": "repeated:repeated_request",
    "steps": "steps:steps",
    "steplimit": "limits:step_limit",
    "compiled": "steps:compiled_steps",
    "fast": "fast:fast_steps",
    "fastcompiled": "fast:compiled_fast_steps",
    "pipeline": "steps:whole_pipeline",
    "document": "memory:large_document",
    "upscale": "memory:large_upscale",
    "live": "live:live",
    "krita": "editors:krita",
    "gimp": "editors:gimp",
    "selection": "growth:selection",
    "documents": "growth:documents",
    "count": "growth:count",
    "stepcount": "growth:step_count",
    "clients": "growth:clients",
    "journal": "journal_growth:journal",
    "ladder": "ladder:ladder",
    "gpu-sd1": "gpu:sd1",
    "gpu-sdxl": "gpu:sdxl",
    "gpu-inpainting": "gpu:sdxl_inpainting",
    "gpu-few": "gpu:sdxl_few",
    "gpu-flux": "gpu:flux",
    "gpu-bridge": "gpu_bridge:bridge",
    "gpu-compiled": "gpu_compiled:sdxl",
    "gpu-blocks": "gpu_compiled:flux",
    "gpu-sizes": "gpu_sizes:sizes",
    "gpu-loading": "gpu_loading:loading",
    "gpu-memory": "gpu_memory:memory",
    "gpu-attention": "gpu_attention:attention",
    "gpu-kernels": "gpu_attention:unet_attention",
    "gpu-preview": "gpu_preview:preview",
}
"""Where each measurement is, below `scumble_cli.benchmarks`: imported when it is its turn."""

SUITES = {
    "bridge": ("path", "pathlimit", "canvas", "again", "copies", "jobs", "phases"),
    "sampling": ("cancel", "preview", "repeat"),
    "memory": ("document", "upscale"),
    "cold": ("help", "server", "first"),
    "live": ("live",),
    "editor": ("krita", "gimp"),
    "growth": ("selection", "documents", "count", "stepcount", "clients", "journal"),
    "gpu": tuple(name for name in MEASUREMENTS if name.startswith("gpu-")),
}
"""By what they are about."""

BESIDE_DIFFUSERS = ("steps", "steplimit", "compiled", "fast", "fastcompiled", "pipeline")
"""Part of the suite `sampling` where diffusers' own pipeline is asked to run beside ours."""

ASKED_FOR = frozenset({"editor", "growth", "gpu"})
"""Suites that take minutes, or need an editor or a GPU: they run where they are named only."""


def chosen(only: str | None, suites: list[str], *, against: bool) -> list[str]:
    """The names of the measurements to make, in the order in which they are made.

    Args:
        only: One measurement, whatever the suites.
        suites: Names of suites; none for all but those that have to be asked for.
        against: Whether diffusers' own pipeline runs beside ours.

    Raises:
        RequestError: There is no such measurement.
    """
    if only is not None:
        if only not in MEASUREMENTS:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"There is no measurement {only!r}.",
                f"Choose one of: {', '.join(MEASUREMENTS)}.",
            )
        return [only]
    named = suites or [name for name in SUITES if name not in ASKED_FOR]
    wanted = {measurement for suite in named for measurement in SUITES[suite]}
    if against and "sampling" in named:
        wanted.update(BESIDE_DIFFUSERS)
    return [name for name in MEASUREMENTS if name in wanted]
