"""The panel's content: everything laid out, drawn from the panel's `View`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scumble_gimp.host_window import Gtk
from scumble_gimp.panel.choice import Choice
from scumble_gimp.panel.form import Form
from scumble_gimp.panel.light import ConnectionLight
from scumble_gimp.panel.offers import Offers
from scumble_gimp.panel.preview import PreviewField
from scumble_gimp.panel.progress import ProgressLines
from scumble_gimp.panel.server_buttons import ServerButtons
from scumble_gimp.panel.strip import VariationStrip
from scumble_gimp.panel.style import GAP, flat_button, small_label
from scumble_gimp.panel.thumbnail import Wishes
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.names import mode_names
from scumble_protocol.editor.prompt_words import measured_line
from scumble_protocol.editor.view import Light, View
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import Pixels


@dataclass(frozen=True)
class Actions:
    """What the painter can have done, besides filling in the form."""

    run: Callable[[], object]
    cancel: Callable[[], object]
    choose_picture: Callable[[], object]
    start_server: Callable[[], object]
    show_log: Callable[[], object]
    choose_server: Callable[[], object]
    """Open the window about which server is used."""
    insert: Callable[[str], object]
    drop: Callable[[str], object]
    show: Callable[[Variation], object]
    keep: Callable[[Variation], object]
    see_mask: Callable[[], object]
    canvas: Callable[[], Size | None]
    """The size of the picture that is worked on."""
    look: Callable[[Rect, Size], Pixels | None]
    """What the painter sees there, in a small picture of that size."""


class Content:
    """Shows a view and says what the painter wants.

    Args:
        actions: What is called.
        tr: Translates.
    """

    def __init__(self, actions: Actions, tr: Translate) -> None:
        self._tr = tr
        self._actions = actions
        self._view: View | None = None
        self.picture = Choice("scumble_picture", tr("Picture"), tr("No picture is open"))
        self.picture.chosen = actions.choose_picture
        self._light = ConnectionLight(actions.choose_server)
        self.form = Form(actions.canvas, tr)
        self._tokens = small_label("scumble_tokens")
        self._memory = small_label("scumble_memory")
        self.progress = ProgressLines(tr)
        self._preview = PreviewField(tr)
        self._offers = Offers(actions.insert, actions.drop, tr)
        self.strip = VariationStrip(Wishes(actions.show, actions.keep, self.form.reuse), tr)
        self._server = ServerButtons(
            actions.start_server, actions.show_log, actions.choose_server, tr
        )
        self._run = Gtk.Button(name="scumble_run", hexpand=True)
        self._run.get_style_context().add_class("scumble-run")
        self._run.connect("clicked", lambda _: actions.run())
        self._cancel = flat_button("scumble_cancel", "stop", tr("Cancel"))
        self._cancel.set_sensitive(False)
        self._cancel.connect("clicked", lambda _: actions.cancel())
        self._mask = flat_button("scumble_mask", "mask", tr("Show the mask"))
        self._mask.set_tooltip_text(tr("Show what will be made anew, and how strongly"))
        self._mask.connect("clicked", lambda _: actions.see_mask())
        for prompt in (self.form.prompt, self.form.negative):
            prompt.submitted = self._submit
        self.form.changed = self._show_form
        self.widget = self._laid_out()

    @property
    def is_working(self) -> bool:
        """Whether something is going on that the painter watches."""
        view = self._view
        return view is not None and (view.job is not None or view.is_starting)

    def show_view(self, view: View) -> None:
        """Show this, as far as it is new."""
        if view == self._view:
            return
        self._view = view
        self._light.show_view(view)
        self.form.show_view(view)
        self.progress.show_view(view)
        room = self.widget.get_allocated_width() - 4 * GAP
        look = self._actions.look if view.is_mask_shown else None
        self._preview.show_preview(view.preview, room, look)
        self._offers.show_offers(view.offers)
        self._server.show_view(view)
        self._cancel.set_sensitive(view.job is not None and not view.job.is_stopping)
        self._mask.set_sensitive(view.can_show_mask or view.is_mask_shown)
        style = self._mask.get_style_context()
        (style.add_class if view.is_mask_shown else style.remove_class)("scumble-on")
        self._show_form()

    def show_memory(self, text: str) -> None:
        """Show how much memory the job would take."""
        _tell(self._memory, text)

    def natural_height(self, width: int) -> int:
        """How high everything together is in a window of this width, in pixels."""
        _, height = self.widget.get_child().get_preferred_height_for_width(width)
        return int(height)

    def _submit(self) -> None:
        if self._run.get_sensitive():
            self._actions.run()

    def _show_form(self) -> None:
        """Show what depends on the form too."""
        self._show_button()
        prompt, view = self.form.prompt, self._view
        is_asked = prompt.widget.get_visible() and bool(prompt.text().strip())
        measured = view.measured if view is not None and is_asked else None
        _tell(self._tokens, measured_line(measured, self._tr) if measured else "")

    def _show_button(self) -> None:
        mode = Mode(self.form.mode.id())
        name = mode_names(self._tr)[mode]
        reason = self._reason(mode)
        self._run.set_label(name)
        self._run.set_sensitive(not reason)
        tip = reason or self._tr("{name} (Ctrl+Return in the prompt)", name=name)
        self._run.set_tooltip_text(tip)

    def _reason(self, mode: Mode) -> str:
        """Why the button can't be pressed; empty if it can."""
        if self._view is None:
            return self._tr("Not ready yet")
        if not self._view.can_run:
            return self._tr("Open a picture first.")
        reason = self._view.modes[mode]
        return self._view.light_text if reason and self._view.light is Light.OFF else reason

    def _laid_out(self) -> Gtk.Widget:
        form = self.form
        button = _row(self._run, form.count.widget, self._cancel)
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=GAP, margin=2 * GAP)
        for widget in (
            _row(self.picture.widget, self._light.widget),
            _row(form.mode.widget, self._mask),
            form.prompt.widget,
            self._tokens,
            form.near.widget,
            button,
            self._memory,
            self.progress.widget,
            self._preview.widget,
            self._server.widget,
            self._offers.widget,
            self.strip.widget,
            # What is set once and kept comes last: in a low window the button stays in sight.
            form.negative.widget,
            form.far.widget,
            *form.sections,
        ):
            column.pack_start(widget, False, False, 0)
        for hidden in (self._preview, self._server, self._offers, self.strip):
            hidden.widget.show_all()
            hidden.widget.hide()
            hidden.widget.set_no_show_all(True)
        for label in (self._tokens, self._memory):
            label.set_no_show_all(True)
        self.progress.widget.set_no_show_all(True)
        scrolled = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER)
        scrolled.get_style_context().add_class("scumble-panel")
        scrolled.add(column)
        scrolled.show_all()
        return scrolled


def _tell(label: Gtk.Label, text: str) -> None:
    if label.get_text() != text:
        label.set_text(text)
    label.set_visible(bool(text))


def _row(first: Gtk.Widget, *others: Gtk.Widget) -> Gtk.Box:
    row = Gtk.Box(spacing=GAP)
    row.pack_start(first, True, True, 0)
    for other in others:
        row.pack_start(other, False, False, 0)
    return row
