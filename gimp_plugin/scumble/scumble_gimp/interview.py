"""What a painter is asked before anything is done."""

from __future__ import annotations

from dataclasses import replace

from scumble_gimp.call import Call
from scumble_gimp.calls import must
from scumble_gimp.dialog import Dialog
from scumble_gimp.errand import Errand
from scumble_gimp.host import Gimp
from scumble_gimp.host_window import GimpUi
from scumble_gimp.line import Line
from scumble_gimp.questions import LeftBehind, ask_about_left_behind, ask_to_convert
from scumble_gimp.refusals import is_indexed
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.styles import Styles


class Interview:
    """The windows of one call.

    Args:
        mode: What is to be done.
        title: What the dialog is called.
        tr: Translates what painters read.
    """

    def __init__(self, mode: Mode, title: str, tr: Translate) -> None:
        GimpUi.init("scumble")
        self._mode = mode
        self._title = title
        self._tr = tr

    def workable(self, call: Call) -> Call | None:
        """The call, on a copy in RGB if its image is indexed; None if the painter wants none."""
        if not is_indexed(call.image):
            return call
        if not ask_to_convert(self._tr):
            return None
        copy = call.image.duplicate()
        must(copy.convert_rgb())
        Gimp.Display.new(copy)
        return replace(call, image=copy, drawables=tuple(copy.get_selected_drawables()))

    def settle_left_behind(self, errand: Errand) -> bool:
        """Fetch or drop what earlier runs left behind; whether anything came into the picture.

        Raises:
            ScumbleError: It can't be had.
        """
        has_placed = False
        for job, pending in errand.left_behind().items():
            wish = ask_about_left_behind(pending.title, self._tr)
            if wish is LeftBehind.LATER:
                continue
            errand.reach(may_start=True)
            if wish is LeftBehind.DROP:
                errand.drop(job)
            else:
                errand.fetch(job, pending.title)
                has_placed = True
        return has_placed

    def ask(self, call: Call, line: Line, errand: Errand, styles: Styles) -> bool:
        """Show the dialog; whether to go on."""
        dialog = Dialog(call, self._mode, self._title, styles, self._tr)
        return dialog.ask(line, errand)
