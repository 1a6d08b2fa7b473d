"""An IP-Adapter in memory: from a picture to what a UNet attends to beside the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers
from diffusers.loaders.unet import UNet2DConditionLoadersMixin

from scumble_server.control.loading import read_tensors
from scumble_server.control.networks import weights_bytes
from scumble_server.models.device import weights_type
from scumble_server.models.headers import damaged
from scumble_server.models.shortage import is_out_of_memory

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_server.control.sources import AdditionSource
    from scumble_server.pixels.opencv import Floats


@dataclass(frozen=True)
class Layer:
    """What one attention layer reads of a reference: its keys and its values."""

    key: torch.nn.Linear
    value: torch.nn.Linear


class ImageEncoder:
    """A CLIP that sees.

    Args:
        model: transformers' `CLIPVisionModelWithProjection`, on its device.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        side = int(model.config.image_size)
        self._processor = transformers.CLIPImageProcessor(
            size={"shortest_edge": side}, crop_size={"height": side, "width": side}
        )

    @property
    def bytes(self) -> int:
        """The memory that the weights take."""
        return weights_bytes(self._model)

    @torch.inference_mode()
    def whole(self, picture: Floats) -> torch.Tensor:
        """Nothing, and the picture as a whole, (2, width)."""
        seen = self._model(self._pixels(picture)).image_embeds
        return torch.cat([torch.zeros_like(seen), seen])

    @torch.inference_mode()
    def parts(self, picture: Floats) -> torch.Tensor:
        """A black picture (after its normalisation) and the picture by their parts.

        Shape (2, parts, width): the last hidden states but one, as the adapters were trained.
        """
        pixels = self._pixels(picture)
        both = torch.cat([torch.zeros_like(pixels), pixels])
        seen = self._model(both, output_hidden_states=True).hidden_states[-2]
        return torch.as_tensor(seen)

    def _pixels(self, picture: Floats) -> torch.Tensor:
        whole = np.rint(picture * 255).astype(np.uint8)
        read = self._processor(images=whole, return_tensors="pt")["pixel_values"]
        return torch.as_tensor(read.to(self._model.device, self._model.dtype))


class IPAdapter:
    """An IP-Adapter.

    Args:
        projection: From what the encoder sees to tokens.
        layers: For each attention to text of the UNet.
        sees_parts: Whether it reads a picture's parts, rather than the whole in one.
    """

    def __init__(self, projection: Any, layers: list[Layer], *, sees_parts: bool) -> None:
        self.layers = layers
        self._projection = projection
        self._sees_parts = sees_parts

    @property
    def bytes(self) -> int:
        """The memory that the weights take."""
        pairs = (linear for layer in self.layers for linear in (layer.key, layer.value))
        return weights_bytes(self._projection, *pairs)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """For each layer the width of what it makes, and of what it reads."""
        return [(layer.key.out_features, layer.key.in_features) for layer in self.layers]

    @torch.inference_mode()
    def tokens(self, picture: Floats, encoder: ImageEncoder) -> torch.Tensor:
        """What it tells of nothing, and of a picture as the encoder sees it: (2, tokens, width)."""
        read = encoder.parts if self._sees_parts else encoder.whole
        return torch.as_tensor(self._projection(read(picture)))


def load_adapter(source: AdditionSource, device: torch.device) -> IPAdapter:
    """Load an IP-Adapter: plain, Plus or Full-Face.

    Raises:
        RequestError: `DAMAGED_MODEL`.
    """
    tensors = read_tensors(source.files)
    kept = weights_type(device)
    own = {
        name.removeprefix("image_proj."): value
        for name, value in tensors.items()
        if name.startswith("image_proj.")
    }
    try:
        # It is written as a method of UNets, and asks nothing of one.
        projection = UNet2DConditionLoadersMixin._convert_ip_adapter_image_proj_to_diffusers(  # noqa: SLF001
            UNet2DConditionLoadersMixin(), own, low_cpu_mem_usage=False
        )
        layers = _layers(tensors, device, kept)
    except (KeyError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        lines = str(error).splitlines()
        raise damaged(source.path, f"is no whole IP-Adapter ({lines[-1].strip()})") from error
    projection = projection.to(device, kept).eval().requires_grad_(requires_grad=False)
    return IPAdapter(projection, layers, sees_parts="proj.weight" not in own)


def load_encoder(folder: Path, device: torch.device) -> ImageEncoder:
    """Load an image encoder from a transformers folder.

    Raises:
        RequestError: `DAMAGED_MODEL`.
    """
    model = transformers.CLIPVisionModelWithProjection.from_pretrained(
        str(folder), use_safetensors=True, local_files_only=True, dtype=weights_type(device)
    )
    return ImageEncoder(model.to(device).eval())


def _layers(
    tensors: dict[str, torch.Tensor], device: torch.device, kept: torch.dtype
) -> list[Layer]:
    """The layers of an adapter, whose file gives them odd numbers."""
    count = sum(name.endswith(".to_k_ip.weight") for name in tensors)

    def linear(name: str) -> torch.nn.Linear:
        weight = tensors[name]
        with torch.device("meta"):
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        layer.weight = torch.nn.Parameter(weight.to(device, kept), requires_grad=False)
        return layer

    return [
        Layer(linear(f"ip_adapter.{at}.to_k_ip.weight"), linear(f"ip_adapter.{at}.to_v_ip.weight"))
        for at in range(1, 2 * count, 2)
    ]
