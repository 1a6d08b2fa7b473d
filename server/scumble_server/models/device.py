"""The device that models run on: which one, how exactly it calculates, how much it holds."""

from __future__ import annotations

import platform

import psutil
import torch

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import Device


def choose_device(name: str) -> torch.device:
    """The device for a name: `auto` takes CUDA (or ROCm), XPU, MPS, then the CPU.

    Raises:
        RequestError: `INVALID_VALUE` when the name is no device of this machine.
    """
    present = _present()
    if name == "auto":
        return torch.device(next(iter(present)))
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise _no_device(name, present) from error
    if device.type not in present or (device.index or 0) >= present[device.type]:
        raise _no_device(name, present)
    return device


def describe_device(device: torch.device) -> Device:
    """The device for people: its id, name and memory in bytes."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        # `cuda` alone means the current one.
        index = torch.cuda.current_device() if device == torch.device("cuda") else device.index
        return Device(f"cuda:{index}", str(properties.name), int(properties.total_memory))
    memory = int(psutil.virtual_memory().total)
    if device.type == "cpu":
        return Device("cpu", platform.processor() or platform.machine(), memory)
    return Device(str(device), device.type.upper(), memory)


def prepare_device(device: torch.device) -> None:
    """Set up torch for this device, once, before the first model is loaded.

    One thread per physical core is fastest on a CPU; two on one core wait for each other. On CUDA,
    cuDNN must not choose between algorithms by timing them, since the same request has to give
    the same pixels.
    """
    if device.type == "cpu":
        torch.set_num_threads(psutil.cpu_count(logical=False) or 1)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


def weights_type(device: torch.device) -> torch.dtype:
    """The type of a model's weights: half precision where the device calculates in it."""
    return torch.float32 if device.type == "cpu" else torch.float16


def careful_type(device: torch.device) -> torch.dtype:
    """The type for a part that overflows in fp16: bf16 where the device has it, else fp32."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.float32


def _present() -> dict[str, int]:
    """The kinds of device here, best first, with their number."""
    counts = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "xpu": torch.xpu.device_count() if torch.xpu.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    return {kind: count for kind, count in counts.items() if count}


def _no_device(name: str, present: dict[str, int]) -> RequestError:
    names = ", ".join(
        kind if count == 1 else f"{kind}:0 to {kind}:{count - 1}" for kind, count in present.items()
    )
    return RequestError(
        ErrorCode.INVALID_VALUE,
        f"There is no device {name!r} on this machine.",
        f"Choose auto, {names}.",
    )


def default_budget(device: torch.device) -> int:
    """Bytes of weights to keep when nobody says: most of a GPU, half of the machine for a CPU."""
    share = 0.5 if device.type in {"cpu", "mps"} else 0.8
    return int(describe_device(device).memory * share)
