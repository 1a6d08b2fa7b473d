"""Weights in fewer bits: which packages read them, and whether those are there."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from scumble_protocol.errors import ErrorCode, RequestError

if TYPE_CHECKING:
    from pathlib import Path

GGUF = ".gguf"
"""The ending of llama.cpp's format, in which the denoiser of a model may come."""

PACKAGES = {
    "bitsandbytes": ("bitsandbytes", "bitsandbytes"),
    "torchao": ("torchao", "torchao"),
    "quanto": ("optimum", "optimum-quanto"),
    "gguf": ("gguf", "gguf"),
}
"""By the method's name in configs: the module to import, and the package that brings it."""


def check_readable(component: Path, config: dict[str, Any]) -> None:
    """Make sure that the package which reads a component's weights is installed.

    Raises:
        RequestError: `UNSUPPORTED_MODEL` naming the package.
    """
    quantised = config.get("quantization_config")
    if not isinstance(quantised, dict):
        return
    method = str(quantised.get("quant_method", ""))
    if method not in PACKAGES:
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"The weights in {component} are quantised in a way that Scumble can't read "
            f"({method or 'unnamed'}).",
            f"Choose a model that is quantised with {', '.join(PACKAGES)}, or one that is not.",
        )
    module, package = PACKAGES[method]
    if importlib.util.find_spec(module) is None:
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"{component} is quantised with {package}, and that is not installed.",
            f"Install it into the environment that the server runs in "
            f"(`python -m pip install {package}`), or choose another model.",
        )


def gguf_file(component: Path) -> Path | None:
    """The file in llama.cpp's format that holds a component's weights, if there is one."""
    files = sorted(component.glob(f"*{GGUF}"))
    return files[0] if files else None
