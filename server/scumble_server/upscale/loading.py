"""From a file to an upscaling network on its device."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import torch
from spandrel import ImageModelDescriptor, ModelDescriptor, ModelLoader, UnsupportedModelError

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.models.headers import damaged
from scumble_server.upscale.face_network import FaceNetwork
from scumble_server.upscale.network import Network


def load_network(path: Path, device: torch.device) -> Network | FaceNetwork:
    """Load a `.safetensors` or `.pth` file of a network that spandrel knows.

    Those that enlarge or repair pictures are upscalers; those that repair faces alone are not.

    Pickles go through spandrel's unpickler, which lets nothing pass but tensors. TorchScript is
    refused before: torch would hand it to another reader that runs what it finds.

    Raises:
        RequestError: `UNSAFE_MODEL`, `DAMAGED_MODEL`, or `UNSUPPORTED_MODEL`.
        OSError, ValueError, LookupError, TypeError, RuntimeError, SafetensorError: The libraries'
            own, for files that are damaged in other ways or take too much memory.
    """
    descriptor = _read(path)
    if not isinstance(descriptor, ImageModelDescriptor) or not _is_for_colors(descriptor):
        raise _unsupported(path, "holds a network that does not enlarge colour pictures")
    if device.type == "cuda" and descriptor.supports_half:
        descriptor.half()
    descriptor.to(device).eval()
    descriptor.model.requires_grad_(requires_grad=False)
    return FaceNetwork(descriptor) if _is_for_faces(descriptor) else Network(descriptor)


def _read(path: Path) -> ModelDescriptor:
    try:
        if path.suffix != ".safetensors" and _is_torchscript(path):
            raise _unsafe(path)
        return ModelLoader("cpu").load_from_file(path)
    except zipfile.BadZipFile as error:
        raise damaged(path, "is no whole archive of weights") from error
    except pickle.UnpicklingError as error:
        if "forbidden" in str(error):
            raise _unsafe(path) from error
        raise damaged(path, "can't be read as weights") from error
    except UnsupportedModelError as error:
        raise _unsupported(path, "is no upscaling network that is known here") from error
    except (EOFError, AttributeError) as error:
        raise damaged(path, "is cut short, or holds something else than weights") from error


def _is_for_colors(descriptor: ImageModelDescriptor[torch.nn.Module]) -> bool:
    channels = (descriptor.input_channels, descriptor.output_channels)
    return descriptor.purpose in {"SR", "Restoration", "FaceSR"} and channels == (3, 3)


def _is_for_faces(descriptor: ImageModelDescriptor[torch.nn.Module]) -> bool:
    return bool(descriptor.purpose == "FaceSR")


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(Path(name).name == "constants.pkl" for name in archive.namelist())


def _unsafe(path: Path) -> RequestError:
    return RequestError(
        ErrorCode.UNSAFE_MODEL,
        f"The model file {path} wants to run a program when it is opened.",
        "Don't use it; get the model as .safetensors from someone you trust.",
    )


def _unsupported(path: Path, what: str) -> RequestError:
    return RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The file {path} {what}.",
        "Choose an upscaler of the ESRGAN family, as .safetensors or .pth.",
    )
