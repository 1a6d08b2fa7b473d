"""Additions on disk: what each is for and which models it fits, from headers and configs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import ControlKind
from scumble_server.control.bases import base_of
from scumble_server.control.kinds import FLUX_UNION, UNION_OF_TRANSFORMERS, named_kinds, union_kinds
from scumble_server.control.layout import Files, read_files
from scumble_server.control.places import Role
from scumble_server.models.headers import SENSELESS, TensorHeader, damaged

Header = Mapping[str, TensorHeader]

SDXL_WIDTH = 2048
VAE_INPUT = ("decoder.conv_in.weight", "first_stage_model.decoder.conv_in.weight")
SDXL_SCALING = 0.13025
"""The factor between latents and what the VAE of SDXL makes; it is how the two VAEs differ."""


@dataclass(frozen=True)
class Sight:
    """Pictures as numbers: the whole in one, or part by part; so many numbers each."""

    of_parts: bool
    width: int


@dataclass(frozen=True)
class AdditionSource:
    """An addition before it is loaded.

    Args:
        id: Its folder's role and its name, such as `controlnet/canny.safetensors`.
        files: Where it lies.
        role: What it is for.
        fits: The bases of the models that it goes with; empty where its files don't say.
        controls: Of a ControlNet: the kinds that it was made for; empty where nothing says.
        tells: Of a preprocessor: what of a picture, as `tells_of` says.
        sees: Of an IP-Adapter and of an image encoder: as what it sees pictures, `Sight`s.
    """

    id: str
    files: Files
    role: Role
    fits: tuple[str, ...] = ()
    controls: tuple[ControlKind, ...] = ()
    tells: str = ""
    sees: tuple[Sight, ...] = ()

    @property
    def path(self) -> Path:
        """Its file or folder."""
        return self.files.path

    @property
    def bytes(self) -> int:
        """Size of its weights."""
        return self.files.bytes


def read_addition(name: str, path: Path, role: Role) -> AdditionSource:
    """An addition at a path, with everything checked that can be without loading it.

    Raises:
        RequestError: `DAMAGED_MODEL`, `UNSAFE_MODEL` or `UNSUPPORTED_MODEL`.
    """
    try:
        files = read_files(path)
        return _READERS[role](name, files, files.header())
    except SENSELESS as error:
        raise damaged(path, "has configs or weights that make no sense") from error


def _control(name: str, files: Files, header: Header) -> AdditionSource:
    if base := TRANSFORMERS.get(str(files.config.get("_class_name"))):
        if files.config.get("extra_conditioning_channels"):
            raise _unsupported(files, "reads a mask too, which Scumble can't show it")
        return AdditionSource(name, files, Role.CONTROL, (base,), _transformer_kinds(files))
    for mark, what in _OTHER_CONTROLS.items():
        if any(mark in key for key in header):
            raise _unsupported(files, f"is {what}, which Scumble can't run")
    if not any(mark in key for key in header for mark in _CONTROLNET_MARKS):
        raise _unsupported(files, "is no ControlNet for Stable Diffusion")
    width = _text_width(files, header)
    types = header.get("task_embedding")
    if types is not None or files.config.get("_class_name") == "ControlNetUnionModel":
        count = types.shape[0] if types else int(files.config.get("num_control_type", 6))
        kinds = union_kinds(count)
    else:
        kinds = named_kinds(files.path.name)
    return AdditionSource(name, files, Role.CONTROL, (base_of(width),) if width else (), kinds)


_CONTROLNET_MARKS = ("controlnet_cond_embedding.", "input_hint_block.")
TRANSFORMERS = {
    "SD3ControlNetModel": "sd3",
    "FluxControlNetModel": "flux1",
    "QwenImageControlNetModel": "qwen-image",
}
"""The bases of ControlNets for transformers, by diffusers' classes."""


def _transformer_kinds(files: Files) -> tuple[ControlKind, ...]:
    if files.config.get("num_mode") is not None:
        return FLUX_UNION
    return (
        UNION_OF_TRANSFORMERS
        if "union" in files.path.name.lower()
        else named_kinds(files.path.name)
    )


_OTHER_CONTROLS = {
    "lllite_": "a ControlNet-LLLite",
    "lora_controlnet": "a Control-LoRA",
    "controlnet_blocks.": "a ControlNet for a transformer without its config",
}


def _text_width(files: Files, header: Header) -> int:
    """The width of the text that a UNet of the same making attends to; 0 if nothing says."""
    if "cross_attention_dim" in files.config:
        return int(files.config["cross_attention_dim"])
    for key, entry in header.items():
        if key.endswith("attn2.to_k.weight"):
            return entry.shape[1]
    # SDXL's smaller ControlNets have no attention, but they are told the picture's size.
    told = any(key.startswith(("add_embedding.", "label_emb.")) for key in header)
    return SDXL_WIDTH if told else 0


def _reference(name: str, files: Files, header: Header) -> AdditionSource:
    widths = {entry.shape[1] for key, entry in header.items() if key.endswith(".to_k_ip.weight")}
    if len(widths) != 1 or not any(key.startswith("image_proj.") for key in header):
        raise _unsupported(files, "is no IP-Adapter for Stable Diffusion")
    if any("perceiver_resampler." in key or ".lora" in key or "_lora" in key for key in header):
        raise _unsupported(files, "is an IP-Adapter for face recognition, which Scumble can't run")
    fits = (base_of(widths.pop()),)
    return AdditionSource(name, files, Role.REFERENCE, fits, sees=(_sight(files, header),))


def _sight(files: Files, header: Header) -> Sight:
    """What an IP-Adapter reads: the plain ones the whole picture, Plus and Full-Face its parts."""
    for key, of_parts in {"proj": False, "proj_in": True, "proj.0": True}.items():
        if weight := header.get(f"image_proj.{key}.weight"):
            return Sight(of_parts, weight.shape[1])
    raise _unsupported(files, "is an IP-Adapter of a kind that Scumble can't run")


def _vae(name: str, files: Files, header: Header) -> AdditionSource:
    if not any(key in header for key in VAE_INPUT) and "decoder.layers.0.weight" not in header:
        raise _unsupported(files, "is no VAE for Stable Diffusion")
    scaling = files.config.get("scaling_factor")
    is_tiny = files.config.get("_class_name") == "AutoencoderTiny"
    if scaling is None or is_tiny:
        return AdditionSource(name, files, Role.VAE, _named_bases(files.path.name))
    fits = ("sdxl",) if abs(scaling - SDXL_SCALING) < 1e-3 else ("sd1", "sd2")
    return AdditionSource(name, files, Role.VAE, fits)


def _named_bases(name: str) -> tuple[str, ...]:
    """What a VAE's name tells of its models: files of both families look alike inside."""
    return ("sdxl",) if "xl" in name.lower() else ("sd1", "sd2")


def _encoder(name: str, files: Files, _header: Header) -> AdditionSource:
    config = files.config
    if "projection_dim" not in config or "hidden_size" not in config:
        raise _unsupported(files, "is no image encoder with its config")
    sees = (Sight(False, int(config["projection_dim"])), Sight(True, int(config["hidden_size"])))
    return AdditionSource(name, files, Role.IMAGE_ENCODER, sees=sees)


def _preprocessor(name: str, files: Files, _header: Header) -> AdditionSource:
    tells = tells_of(architecture(files))
    if not tells:
        raise _unsupported(
            files, f"is a {architecture(files) or 'nameless model'} and no preprocessor"
        )
    return AdditionSource(name, files, Role.PREPROCESSOR, tells=tells)


def architecture(files: Files) -> str:
    """The class of transformers that a model is for, as its config names it; else empty."""
    names = files.config.get("architectures") or [""]
    return str(names[0])


def tells_of(name: str) -> str:
    """What a class of models tells of a picture; empty if nothing of use."""
    return next((tells for mark, tells in _TELLS.items() if mark in name), "")


_TELLS = {
    "DepthEstimation": "depth",
    "SemanticSegmentation": "segmentation",
    "PoseEstimation": "pose",
    "ObjectDetection": "people",
}
"""What transformers' models for a task tell."""


_READERS: dict[Role, Callable[[str, Files, Header], AdditionSource]] = {
    Role.CONTROL: _control,
    Role.REFERENCE: _reference,
    Role.VAE: _vae,
    Role.IMAGE_ENCODER: _encoder,
    Role.PREPROCESSOR: _preprocessor,
}


def _unsupported(files: Files, what: str) -> RequestError:
    return RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The file {files.path} {what}.",
        "Take it out of that folder, or choose another.",
    )
