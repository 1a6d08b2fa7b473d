"""A call of a procedure, as GIMP hands it over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scumble_gimp.host import Gimp


@dataclass(frozen=True)
class Call:
    """A call of a procedure.

    Args:
        procedure: The procedure.
        run_mode: Whether a painter can be asked, Ctrl+F repeats it, or a script calls.
        image: The image.
        drawables: What is active in the image.
        config: The values of its arguments; remembered by GIMP if the call succeeds.
    """

    procedure: Gimp.Procedure
    run_mode: Gimp.RunMode
    image: Gimp.Image
    drawables: Sequence[Gimp.Drawable]
    config: Gimp.ProcedureConfig

    @property
    def may_ask(self) -> bool:
        """Whether a painter is there to be asked."""
        return bool(self.run_mode == Gimp.RunMode.INTERACTIVE)

    @property
    def is_by_script(self) -> bool:
        """Whether no painter is there at all."""
        return bool(self.run_mode == Gimp.RunMode.NONINTERACTIVE)
