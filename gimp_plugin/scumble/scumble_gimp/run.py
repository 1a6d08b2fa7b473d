"""What a procedure does when it is called: by a painter, by Ctrl+F, or by a script."""

from __future__ import annotations

from scumble_gimp.call import Call
from scumble_gimp.canvas import GimpPicture
from scumble_gimp.errand import Errand
from scumble_gimp.line import Line
from scumble_gimp.memory import GimpMemory
from scumble_gimp.progress import ProgressBar
from scumble_gimp.refusals import refuse_unworkable
from scumble_gimp.wishes import Surroundings, order_of
from scumble_gimp.words import translation
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.styles import OWN, SHIPPED, Styles
from scumble_protocol.endpoint import state_folder


def run(call: Call, mode: Mode, title: str) -> bool:
    """Do what was called for; False if the painter thought better of it.

    Args:
        call: The call.
        mode: What to do.
        title: What the dialog is called.

    Raises:
        ScumbleError: It could not be done.
    """
    tr, state = translation(), state_folder()
    interview = None
    if call.may_ask:
        # Windows need a display, which a script may not have.
        from scumble_gimp.interview import Interview

        interview = Interview(mode, title, tr)
        workable = interview.workable(call)
        if workable is None:
            return False
        call = workable
    refuse_unworkable(call.image)
    styles = Styles.read(SHIPPED, state / OWN)
    picture = GimpPicture(call.image, call.drawables)
    with Line(state, picture) as line, ProgressBar(tr) as bar:
        errand = Errand(picture, line, GimpMemory.of_state(state), bar, tr)
        if interview is not None:
            if interview.settle_left_behind(errand):
                return True
            if not interview.ask(call, line, errand, styles):
                return False
        errand.reach(may_start=not call.is_by_script)
        around = Surroundings(line.studio.models, styles, picture.bounds())
        errand.run(order_of(mode, call.config, around), styles, title)
    return True
