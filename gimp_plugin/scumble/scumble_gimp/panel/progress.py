"""What goes on: a bar, a line about the running job, and what is to be said besides."""

from __future__ import annotations

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.style import GAP, text_label
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.progress import progress_line
from scumble_protocol.editor.view import View


class ProgressLines:
    """A bar above two lines of text; it keeps its place when nothing goes on.

    Args:
        tr: Translates.
    """

    def __init__(self, tr: Translate) -> None:
        self._tr = tr
        self._is_endless = False
        self._bar = Gtk.ProgressBar(name="scumble_progress", pulse_step=0.02)
        self._phase = text_label("scumble_phase")
        self._status = text_label("scumble_status")
        # So that an error can be searched for elsewhere.
        self._status.set_selectable(True)
        self._sign = Gtk.Image.new_from_icon_name("dialog-warning", Gtk.IconSize.MENU)
        self._sign.set_valign(Gtk.Align.START)
        self._sign.get_accessible().set_name(tr("Error"))
        line = Gtk.Box(spacing=GAP)
        line.pack_start(self._sign, False, False, 0)
        line.pack_start(self._status, True, True, 0)
        self.widget = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=GAP // 2)
        for each in (self._bar, self._phase, line):
            self.widget.pack_start(each, False, False, 0)
        self.widget.show_all()
        self._bar.set_opacity(0)
        self._phase.hide()
        self._sign.hide()

    def show_view(self, view: View) -> None:
        """Show how the view's job goes, and what the view says."""
        job = view.job
        # Nothing below jumps when a job begins or ends.
        self._bar.set_opacity(1 if job else 0)
        self._is_endless = job is not None and job.fraction is None
        if job is not None and job.fraction is not None:
            self._bar.set_fraction(job.fraction)
        self._bar.set_tooltip_text(job.title if job else None)
        self._phase.set_text(progress_line(job, view.queued, self._tr) if job else "")
        self._phase.set_visible(job is not None)
        self._status.set_text(view.status)
        # One line is there at any time, so that little moves.
        self._status.set_visible(bool(view.status) or job is None)
        self._sign.set_visible(view.is_error and bool(view.status))

    def pulse(self) -> None:
        """Let an endless bar move; to be called often."""
        if self._is_endless:
            self._bar.pulse()
