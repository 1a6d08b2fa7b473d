"""What the plug-in asks a painter, besides its dialog."""

from __future__ import annotations

import enum

from scumble_gimp.host_window import GimpUi, Gtk
from scumble_protocol.editor.language import Translate


class LeftBehind(enum.Enum):
    """What to do about a result that is not in the picture yet."""

    PLACE = enum.auto()
    DROP = enum.auto()
    LATER = enum.auto()


def ask_about_left_behind(title: str, tr: Translate) -> LeftBehind:
    """What to do about the job of an earlier run, which was asked for with `title`."""
    answer = _ask(
        tr("“{title}” was asked for, but its result is not in this picture yet.", title=title),
        tr("It can be put in now, or thrown away."),
        (
            (tr("_Later"), Gtk.ResponseType.CANCEL),
            (tr("_Throw away"), Gtk.ResponseType.NO),
            (tr("_Put it in"), Gtk.ResponseType.YES),
        ),
    )
    answers = {Gtk.ResponseType.YES: LeftBehind.PLACE, Gtk.ResponseType.NO: LeftBehind.DROP}
    return answers.get(answer, LeftBehind.LATER)


def ask_to_convert(tr: Translate) -> bool:
    """Whether to go on with a copy of an indexed picture in RGB."""
    answer = _ask(
        tr("This picture has a palette (indexed colours), in which no result can be shown."),
        tr("Scumble can go on with a copy of it in RGB; the picture itself stays as it is."),
        (
            (tr("_Cancel"), Gtk.ResponseType.CANCEL),
            (tr("_Make a copy"), Gtk.ResponseType.YES),
        ),
    )
    return bool(answer == Gtk.ResponseType.YES)


def _ask(
    sentence: str, more: str, answers: tuple[tuple[str, Gtk.ResponseType], ...]
) -> Gtk.ResponseType:
    """Ask in a window of its own; the last answer is the one for Return."""
    dialog = Gtk.MessageDialog(text=sentence, secondary_text=more, title="Scumble")
    for label, answer in answers:
        dialog.add_button(label, answer)
    dialog.set_default_response(answers[-1][1])
    GimpUi.window_set_transient(dialog)
    answer = dialog.run()
    dialog.destroy()
    return answer
