"""The results in a picture: groups that carry the request which made them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from scumble_gimp.host import Gimp
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.errors import ErrorCode, RequestError

REQUEST: Final = "scumble-request"
"""The name of the parasite on a result group and on its layers; its data is a record as JSON.

A group has that of its first layer. Groups of earlier versions have none on their layers.
"""


def attach_request(item: Gimp.Layer, request_json: str) -> None:
    """Keep a record with a layer or group that is not in its image yet; XCF files keep it too."""
    flags = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE
    item.attach_parasite(Gimp.Parasite.new(REQUEST, flags, request_json.encode()))


def result_groups(image: Gimp.Image) -> list[Gimp.GroupLayer]:
    """All groups of results, the newest first, wherever the painter has put them."""
    groups = [item for item in _all(image.get_layers()) if is_result(item)]
    # Tattoos only rise, and XCF files keep them.
    return sorted(groups, key=lambda group: -group.get_tattoo())


def is_result(item: Gimp.Item) -> bool:
    """Whether it is a group of results."""
    return bool(item.is_group()) and item.get_parasite(REQUEST) is not None


def variations_in(group: Gimp.GroupLayer) -> Iterator[Variation]:
    """The variations of a result group from top to bottom."""
    of_group = group.get_parasite(REQUEST)
    for layer in group.get_children():
        record = layer.get_parasite(REQUEST) or of_group
        yield Variation(
            group=str(group.get_tattoo()),
            layer=str(layer.get_tattoo()),
            name=layer.get_name(),
            is_visible=layer.get_visible(),
            request_json=bytes(record.get_data()).decode("utf-8", "replace"),
        )


def layer_of(image: Gimp.Image, variation: Variation) -> Gimp.Layer:
    """The layer of a variation.

    Raises:
        RequestError: It is gone, or is not in its group any longer.
    """
    layer = image.get_layer_by_tattoo(int(variation.layer))
    group = layer.get_parent() if layer is not None else None
    if group is None or str(group.get_tattoo()) != variation.group:
        raise RequestError(
            ErrorCode.CANVAS_GONE,
            f"The layer “{variation.name}” is not there any longer.",
            "Undo brings it back if it was deleted.",
        )
    return layer


def _all(layers: Sequence[Gimp.Layer]) -> Iterator[Gimp.Layer]:
    for layer in layers:
        yield layer
        if layer.is_group():
            yield from _all(layer.get_children())
