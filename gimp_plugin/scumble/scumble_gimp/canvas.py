"""An image that is open in GIMP, as the studio and the panel see it."""

from __future__ import annotations

import os
from collections.abc import Generator

from scumble_gimp import buffers, expansion
from scumble_gimp.calls import must, no_undo_step, one_undo_step
from scumble_gimp.host import Gimp
from scumble_gimp.layers import find_layer, layers_of, see_alone
from scumble_gimp.placing import Loose, closed, position_above
from scumble_gimp.precision import format_of
from scumble_gimp.refusals import refuse_quick_mask, refuse_unworkable
from scumble_gimp.results import layer_of, result_groups, variations_in
from scumble_gimp.seeing import Drawables, active_layer, rect_of, see_layer, see_merged, see_small
from scumble_gimp.thumbnails import thumbnail_of
from scumble_protocol.editor.canvas import LayerInfo, Margins, ResultGroup, Snapshot, Source
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat, Pixels


class GimpPicture:
    """A `Picture`: everything that Scumble does to an image in GIMP.

    After `expand`, all places are in the canvas to be, until `bounds` or `selection` is asked for.

    Args:
        image: The image.
        drawables: What counts as active, as GIMP gives it to a procedure; None for whatever is
            active when it is asked for.
    """

    def __init__(self, image: Gimp.Image, drawables: Drawables | None = None) -> None:
        self.image = image
        self._drawables = drawables
        self._margins = Margins()

    # What the studio needs

    def bounds(self) -> Size:
        """The size of the canvas."""
        self._margins = Margins()
        return rect_of(self.image).size

    def depth(self) -> PixelFormat:
        """`rgba16` for every image with more than 8 bits a sample."""
        return format_of(self.image)

    def selection(self) -> Rect | None:
        """The bounds of the selection; the whole canvas if nothing is selected.

        A selection that lies wholly outside of the canvas is none to GIMP.

        Raises:
            RequestError: The image is closed, indexed, or has a floating selection, or Quick Mask
                is on.
        """
        refuse_unworkable(self.image)
        refuse_quick_mask(self.image)
        self._margins = Margins()
        _, _, left, top, right, bottom = Gimp.Selection.bounds(self.image)
        return Rect.edges(left, top, right, bottom)

    def read(self, rect: Rect, source: Source) -> Snapshot:
        """What is there now.

        Raises:
            RequestError: The image is closed, indexed, or has a floating selection; or the source
                is the active layer, and not exactly one is active.
        """
        refuse_unworkable(self.image)
        form = self.depth()
        if source is Source.ACTIVE_LAYER:
            data = see_layer(active_layer(self._active()), self._present(rect), form)
        else:
            everything = source is Source.VISIBLE
            data = see_merged(
                self.image, rect, form, with_results=everything, margins=self._margins
            )
        pixels = Pixels(rect.size, form, data)
        return lambda: pixels

    def layers(self) -> tuple[LayerInfo, ...]:
        """The layers from top to bottom; a layer is where its boundary is."""
        canvas = Rect.of(self._margins.around(rect_of(self.image).size))
        return layers_of(self.image, self._present(canvas))

    def read_layer(self, layer: str, rect: Rect) -> Snapshot:
        """What one layer has there as its mask lets it be seen, whether it is shown or not.

        Raises:
            RequestError: It is gone.
        """
        refuse_unworkable(self.image)
        return see_alone(find_layer(self.image, layer), self._present(rect), self.depth())

    def read_mask(self, rect: Rect) -> Pixels:
        """The selection there; white if there is none."""
        if Gimp.Selection.is_empty(self.image):
            return Pixels(rect.size, PixelFormat.GRAY8, b"\xff" * rect.size.pixels)
        data = buffers.read(self.image.get_selection(), rect, PixelFormat.GRAY8)
        return Pixels(rect.size, PixelFormat.GRAY8, data)

    def insert(self, group: ResultGroup) -> Generator[None, None, None]:
        """Put the group above the active layer, and expand the canvas if it was made for that."""
        loose = yield from self._built(group)
        image = self.image
        try:
            margins = expansion.planned(image, group)
            with one_undo_step(image):
                if margins is not None:
                    size = margins.around(self.bounds())
                    must(image.resize(size.width, size.height, margins.left, margins.top))
                loose.insert(position_above(image, self._active()))
        finally:
            loose.discard()
        if margins is not None:
            expansion.carried_out(image)
        Gimp.displays_flush()

    def enlarge(self, size: Size, group: ResultGroup) -> Generator[None, None, None]:
        """Scale the image and put the group on top."""
        loose = yield from self._built(group)
        try:
            with one_undo_step(self.image):
                self._scale(size)
                loose.insert(0)
        finally:
            loose.discard()
        Gimp.displays_flush()

    def expand(self, margins: Margins) -> None:
        """Plan the expansion; `insert` carries it out, so that one undo takes both away.

        Raises:
            RequestError: The image is closed, indexed, or has a floating selection.
        """
        refuse_unworkable(self.image)
        expansion.plan(self.image, margins)
        self._margins = margins

    # What the panel needs besides

    def variations(self) -> tuple[Variation, ...]:
        """All results that are in the image, also those of earlier days."""
        groups = result_groups(self.image)
        return tuple(variation for group in groups for variation in variations_in(group))

    def thumbnail(self, variation: Variation, side: int) -> Pixels:
        """What the layer looks like, without its mask."""
        return thumbnail_of(layer_of(self.image, variation), side)

    def look(self, rect: Rect, size: Size) -> Pixels:
        """What the painter sees there, as `rgba8` in a smaller size."""
        return Pixels(size, PixelFormat.RGBA8, see_small(self.image, rect, size))

    def show(self, variation: Variation) -> None:
        """Make it the only visible layer of its group; no undo step."""
        layer = layer_of(self.image, variation)
        group = layer.get_parent()
        with no_undo_step(self.image):
            for other in group.get_children():
                _set_visible(other, other.get_tattoo() == layer.get_tattoo())
            _set_visible(group, True)
        Gimp.displays_flush()

    def keep(self, variation: Variation) -> None:
        """Like `show`, and hide the other results over the same place; no undo step."""
        layer = layer_of(self.image, variation)
        place, kept = _rect_of(layer), layer.get_parent().get_tattoo()
        with no_undo_step(self.image):
            for group in result_groups(self.image):
                if group.get_tattoo() != kept and place.intersect(_rect_of(group)):
                    _set_visible(group, False)
        self.show(variation)

    def key(self) -> str:
        """Its file; for an image that was never saved, what tells it from others in this GIMP."""
        file = self.image.get_file()
        return str(file.get_uri()) if file else self.unsaved_key(self.image.get_id())

    @staticmethod
    def unsaved_key(number: int) -> str:
        """The key of an image that was never saved, by its id."""
        # The parent of every plug-in is GIMP itself.
        return f"gimp:{os.getppid()}:{number}"

    def title(self) -> str:
        """How GIMP calls it."""
        return str(self.image.get_name())

    def is_open(self) -> bool:
        """Whether it is still open."""
        return bool(self.image.is_valid())

    # From here on: details

    def _present(self, rect: Rect) -> Rect:
        """A place in the canvas to be, in the canvas as it is."""
        return rect.moved(-self._margins.left, -self._margins.top)

    def _active(self) -> Drawables:
        if self._drawables is None:
            return tuple(self.image.get_selected_drawables())
        return self._drawables

    def _built(self, group: ResultGroup) -> Generator[None, None, Loose]:
        """The group with all its layers, not in the image yet."""
        if not self.is_open():
            raise closed()
        refuse_unworkable(self.image)
        loose = Loose(self.image, group)
        try:
            yield from loose.build(group)
        except BaseException:
            loose.discard()
            raise
        return loose

    def _scale(self, size: Size) -> None:
        must(Gimp.context_push())
        try:
            must(Gimp.context_set_interpolation(Gimp.InterpolationType.CUBIC))
            must(self.image.scale(size.width, size.height))
        finally:
            Gimp.context_pop()


def _set_visible(item: Gimp.Item, visible: bool) -> None:
    if item.get_visible() != visible:
        must(item.set_visible(visible))


def _rect_of(layer: Gimp.Layer) -> Rect:
    _, left, top = layer.get_offsets()
    return Rect(left, top, layer.get_width(), layer.get_height())
