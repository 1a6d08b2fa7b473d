"""Building the layers of a result, and putting them into the picture as one undo step."""

from __future__ import annotations

from collections.abc import Generator

from scumble_gimp import buffers
from scumble_gimp.calls import must
from scumble_gimp.host import Gimp
from scumble_gimp.precision import mix_as_stored
from scumble_gimp.results import attach_request, is_result
from scumble_gimp.seeing import Drawables, owning_layer
from scumble_protocol.editor.canvas import Layer, ResultGroup
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.pixels import Pixels

_LAYER_TYPES = {
    Gimp.ImageBaseType.RGB: Gimp.ImageType.RGBA_IMAGE,
    Gimp.ImageBaseType.GRAY: Gimp.ImageType.GRAYA_IMAGE,
}


class Loose:
    """A result group and its layers that are not in the image yet; they hold their pixels."""

    def __init__(self, image: Gimp.Image, group: ResultGroup) -> None:
        self._image = image
        self.group = Gimp.GroupLayer.new(image, group.name)
        mix_as_stored(self.group, image)
        attach_request(self.group, group.layers[0].request_json)
        self.layers: list[Gimp.Layer] = []
        self._is_inserted = False

    def build(self, group: ResultGroup) -> Generator[None, None, None]:
        """Make all layers and masks, a strip a portion."""
        for layer in group.layers:
            yield from self._build_layer(layer)

    def insert(self, position: int) -> None:
        """Put everything into the image, at the top level; make the first layer the active one.

        Raises:
            ServerError: GIMP refused; the image has no part of it then.
        """
        image = self._image
        must(image.insert_layer(self.group, None, position))
        self._is_inserted = True
        try:
            for number, layer in enumerate(self.layers):
                must(image.insert_layer(layer, self.group, number))
                # Else the painter would paint on the mask, and the next job would be given it.
                layer.set_edit_mask(False)
            must(image.set_selected_layers(self.layers[:1]))
        except BaseException:
            image.remove_layer(self.group)
            raise

    def discard(self) -> None:
        """Forget all of it, unless it was inserted."""
        if not self._is_inserted and self._image.is_valid():
            for layer in (*self.layers, self.group):
                layer.delete()

    def _build_layer(self, layer: Layer) -> Generator[None, None, None]:
        image, size = self._image, layer.rect.size
        kind = _LAYER_TYPES[image.get_base_type()]
        normal = Gimp.LayerMode.NORMAL
        made = Gimp.Layer.new(image, layer.name, size.width, size.height, kind, 100.0, normal)
        self.layers.append(made)
        mix_as_stored(made, image)
        attach_request(made, layer.request_json)
        yield from self._fill(made, layer.pixels)
        made.set_offsets(layer.rect.x, layer.rect.y)
        mask = made.create_mask(Gimp.AddMaskType.BLACK)
        yield from self._fill(mask, layer.mask)
        must(made.add_mask(mask))
        made.set_visible(layer.visible)

    def _fill(self, drawable: Gimp.Drawable, pixels: Pixels) -> Generator[None, None, None]:
        for _ in buffers.fill(drawable, pixels):
            yield
            if not self._image.is_valid():
                raise closed()


def position_above(image: Gimp.Image, drawables: Drawables) -> int:
    """Where a result goes in the top level of the layers: above what is active.

    Not into its group, or groups would nest with every run; and above the results that lie
    directly on it, which would hide the new one.
    """
    layers = image.get_layers()
    owners = (owning_layer(drawable) for drawable in drawables if drawable.is_valid())
    tops = [_top(owner) for owner in owners if owner is not None]
    position = min((image.get_item_position(top) for top in tops), default=0)
    while position > 0 and is_result(layers[position - 1]):
        position -= 1
    return position


def closed() -> RequestError:
    """The picture is gone."""
    return RequestError(
        ErrorCode.CANVAS_GONE,
        "The picture was closed before the result was there.",
        "Open it again to get the result.",
    )


def _top(item: Gimp.Item) -> Gimp.Item:
    while (parent := item.get_parent()) is not None:
        item = parent
    return item
