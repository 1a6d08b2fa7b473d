"""The seed: a new one each time, or one that is kept."""

from __future__ import annotations

import secrets

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.style import flat_button, sign
from scumble_protocol.checks import MAX_SEED
from scumble_protocol.editor.language import Translate

_SEEDS = 2**32
"""New seeds are below this, so that they are short enough to be written down."""


class SeedField:
    """A number with a lock: open means a new seed each time, closed keeps the number.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        self._tr = tr
        self._last: int | None = None
        self._tip = tr("The same seed and settings give the same picture.")
        self.number = Gtk.Entry(name="scumble_seed", width_chars=6, hexpand=True)
        self.number.set_input_purpose(Gtk.InputPurpose.DIGITS)
        dice = flat_button("scumble_seed_dice", "dice", tr("Roll another seed and keep it"))
        self._lock = flat_button("scumble_seed_lock", "unlocked", tr("Keep the last seed"))
        self.widget = Gtk.Box()
        self.widget.pack_start(self.number, True, True, 0)
        self.widget.pack_start(dice, False, False, 0)
        self.widget.pack_start(self._lock, False, False, 0)
        self.number.connect("changed", lambda _: self._written())
        dice.connect("clicked", lambda _: self.set_value(secrets.randbelow(_SEEDS)))
        self._lock.connect("clicked", lambda _: self._toggle())
        self._written()

    def value(self) -> int | None:
        """The seed that is kept; None for a new one each time."""
        written = self.number.get_text()
        return min(int(written), MAX_SEED) if written else None

    def set_value(self, seed: int | None) -> None:
        """Keep this seed, or none."""
        self.number.set_text("" if seed is None else str(seed))

    def show_last(self, seed: int | None) -> None:
        """The seed that was used last, which closing the lock keeps."""
        if seed != self._last:
            self._last = seed
            self._written()

    def _toggle(self) -> None:
        if self.value() is not None:
            self.set_value(None)
        else:
            self.set_value(secrets.randbelow(_SEEDS) if self._last is None else self._last)

    def _written(self) -> None:
        tr, written = self._tr, self.number.get_text()
        digits = "".join(filter(_is_digit, written))
        if digits != written:
            self.number.set_text(digits)  # which comes back here
            return
        name = tr("Use a new seed each time") if digits else tr("Keep the last seed")
        self._lock.set_image(sign("locked" if digits else "unlocked"))
        self._lock.set_tooltip_text(name)
        self._lock.get_accessible().set_name(name)
        last, each_time = self._last, tr("New each time")
        self.number.set_placeholder_text(each_time)
        # There is not enough room in the field for both.
        named = each_time if last is None else tr("New each time, last {seed}", seed=last)
        self.number.set_tooltip_text(self._tip if digits else named)


def _is_digit(letter: str) -> bool:
    return letter in "0123456789"
