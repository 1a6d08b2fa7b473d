"""Where a model comes from, and what it says of itself before it is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from scumble_protocol.choices import Sampler
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import ModelInfo, ModelKind
from scumble_server.models.checkpoints import Checkpoint, is_checkpoint, read_checkpoint
from scumble_server.models.configs import read_spec, read_title
from scumble_server.models.face_files import repairs_faces
from scumble_server.models.file_names import can_be_told
from scumble_server.models.folders import check_folder, unsafe
from scumble_server.models.headers import TensorHeader, damaged, read_header
from scumble_server.models.memory import with_memory
from scumble_server.models.quantised import GGUF
from scumble_server.spec import ModelSpec

INDEX = "model_index.json"
LANCZOS = "lanczos"
PICKLED_CHECKPOINTS = (".ckpt", ".pt", ".bin")
PICKLED_UPSCALER = ".pth"
UPSCALERS = (PICKLED_UPSCALER, ".safetensors")
"""Upscalers are read by spandrel, whose unpickler lets nothing but tensors pass."""

_LARGEST_SIDE = 2**16

OTHER_PARTS = re.compile(r"lora|^(control_model|first_stage_model|conditioner|cond_stage_model)\.")
"""Names of tensors in files that are parts of, or changes to, a diffusion model."""

_FACTOR = re.compile(r"(?<![a-z0-9])(?:([2348])x|x([2348]))(?![0-9])", re.IGNORECASE)


@dataclass(frozen=True)
class FolderSource:
    """A diffusers folder; whole when it was looked at."""

    id: str
    path: Path
    spec: ModelSpec

    @property
    def bytes(self) -> int:
        """Size of its weights."""
        return self.spec.bytes


@dataclass(frozen=True)
class CheckpointSource:
    """A single file in the original layout of SD 1.x or SDXL."""

    id: str
    path: Path
    checkpoint: Checkpoint

    @property
    def spec(self) -> ModelSpec:
        """What the model needs."""
        return self.checkpoint.spec

    @property
    def bytes(self) -> int:
        """Size of its weights."""
        return self.spec.bytes


@dataclass(frozen=True)
class UpscalerSource:
    """A file with an upscaling network."""

    id: str
    path: Path

    @property
    def bytes(self) -> int:
        """Size of its weights."""
        return self.path.stat().st_size


@dataclass(frozen=True)
class LanczosSource:
    """Upscaling without a model."""

    id: str = LANCZOS


@dataclass(frozen=True)
class HubSource:
    """A model of a hub that is not on this machine yet; `id` is `owner/name`."""

    id: str


FileSource = FolderSource | CheckpointSource | UpscalerSource
Source = FileSource | LanczosSource | HubSource


def is_model(path: Path) -> bool:
    """Whether something in a folder of models looks like one, usable or not."""
    if path.name.startswith(".") or not can_be_told(path.name):
        return False
    if path.is_dir():
        # A folder beside a single file only holds the configs for it.
        return (path / INDEX).exists() and not path.with_name(f"{path.name}.safetensors").exists()
    return path.suffix in {*PICKLED_CHECKPOINTS, *UPSCALERS, GGUF}


def read_source(name: str, path: Path) -> Source:
    """The source at a path, with everything checked that can be without loading it.

    Raises:
        RequestError: As `Catalog.find`.
    """
    if path.is_dir():
        return FolderSource(name, path, _sane(read_spec(path, weights=check_folder(path)), path))
    if path.suffix in PICKLED_CHECKPOINTS:
        raise unsafe(path)
    if path.suffix == GGUF:
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"The file {path} holds only the part of a model that denoises.",
            "Put it into the folder `transformer` of that model's diffusers folder, "
            "in place of the weights there.",
        )
    if path.suffix == ".safetensors":
        header = read_header(path)
        if is_checkpoint(header) or not _is_upscaler(header):
            checkpoint = read_checkpoint(path)
            _sane(checkpoint.spec, path)
            return CheckpointSource(name, path, checkpoint)
    if path.suffix in UPSCALERS:
        return UpscalerSource(name, path)
    raise RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The file {path} is no model.",
        "Choose a diffusers folder or a .safetensors file.",
    )


def _sane(spec: ModelSpec, path: Path) -> ModelSpec:
    """The spec, whose numbers come from files that may say anything."""
    sides = (spec.native_side, spec.min_side, spec.max_side, spec.multiple, spec.latent_scale)
    small = all(1 <= side <= _LARGEST_SIDE for side in sides)
    numbers = [value for value in vars(spec).values() if isinstance(value, (int, float))]
    if not small or not all(0 <= value < 2**53 for value in numbers):
        raise damaged(path, "says impossible numbers of itself in its configs")
    return spec


def describe(
    source: FolderSource | CheckpointSource, *, loaded: bool, device: str = ""
) -> ModelInfo:
    """What an editor is told of a diffusion model, on a kind of device if that is known."""
    spec = source.spec
    configs = source.path if isinstance(source, FolderSource) else source.path.with_suffix("")
    info = ModelInfo(
        id=source.id,
        title=read_title(configs, source.id.removesuffix(".safetensors")),
        kind=ModelKind.DIFFUSION,
        family=spec.family,
        native_side=spec.native_side,
        max_side=spec.max_side,
        multiple=spec.multiple,
        inpaint=spec.inpaint,
        loaded=loaded,
        bytes=spec.bytes,
        scale=0,
        steps=spec.steps,
        cfg=spec.cfg,
        sampler=spec.sampler,
        schedule=spec.schedule,
        base=spec.base,
        samplers=spec.samplers,
        abilities=tuple(ability.value for ability in spec.abilities),
    )
    return with_memory(info, spec, device) if device else info


def describe_upscaler(source: UpscalerSource | LanczosSource, *, loaded: bool) -> ModelInfo:
    """What an editor is told of an upscaler."""
    lanczos = ModelInfo(
        id=source.id,
        title="Lanczos",
        kind=ModelKind.UPSCALER,
        family="lanczos",
        native_side=0,
        max_side=0,
        multiple=1,
        inpaint=False,
        loaded=True,
        bytes=0,
        scale=1,
        steps=0,
        cfg=0.0,
        sampler=Sampler.EULER,
    )
    if isinstance(source, LanczosSource):
        return lanczos
    is_for_faces = repairs_faces(source.path)
    return replace(
        lanczos,
        title=source.path.stem,
        kind=ModelKind.FACES if is_for_faces else ModelKind.UPSCALER,
        family="network",
        loaded=loaded,
        bytes=source.bytes,
        scale=named_factor(source.path.stem),
    )


def named_factor(name: str) -> int:
    """The factor in an upscaler's file name, as their authors write it (`4x-Sharp`, `Net_x2`).

    1 when there is none. It is only shown: what the network really does is known once it is loaded.
    """
    match = _FACTOR.search(name)
    return int(match[1] or match[2]) if match else 1


def _is_upscaler(header: Mapping[str, TensorHeader]) -> bool:
    return not any(OTHER_PARTS.search(name) for name in header)
