"""Results that wait for the picture."""

from __future__ import annotations

from collections.abc import Callable

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.framed import Framed
from scumble_gimp.panel.style import GAP
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.view import Offer


class Offers:
    """A sentence and two buttons for each.

    Args:
        insert: Called with the job whose result the painter wants in the picture.
        drop: Called with the job whose result the painter does not want at all.
        tr: Translates.
    """

    def __init__(
        self, insert: Callable[[str], object], drop: Callable[[str], object], tr: Translate
    ) -> None:
        self._insert = insert
        self._drop = drop
        self._tr = tr
        self._shown: tuple[Offer, ...] = ()
        self.widget = Gtk.Box(
            name="scumble_offers", orientation=Gtk.Orientation.VERTICAL, spacing=GAP
        )

    def show_offers(self, offers: tuple[Offer, ...]) -> None:
        """Show these."""
        if offers == self._shown:
            return
        self._shown = offers
        for frame in self.widget.get_children():
            frame.destroy()
        for offer in offers:
            self.widget.pack_start(self._framed(offer), False, False, 0)
        self.widget.set_visible(bool(offers))

    def _framed(self, offer: Offer) -> Gtk.Widget:
        tr = self._tr
        framed = Framed(
            "scumble_offer", ("scumble_insert", tr("Insert")), ("scumble_drop", tr("Drop"))
        )
        framed.text.set_text(offer.text)
        framed.second.set_tooltip_text(tr("Throw this result away"))
        framed.first.connect("clicked", lambda _: self._insert(offer.job))
        framed.second.connect("clicked", lambda _: self._drop(offer.job))
        return framed.widget
