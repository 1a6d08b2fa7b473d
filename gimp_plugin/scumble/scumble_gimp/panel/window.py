"""The panel's window, between the panel and the widgets."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from scumble_gimp.canvas import GimpPicture
from scumble_gimp.host import GLib
from scumble_gimp.host_window import Gdk, GimpUi, Gtk
from scumble_gimp.panel.content import Actions, Content
from scumble_gimp.panel.dropping import accept_files, accept_files_in_text
from scumble_gimp.panel.images import OpenImages
from scumble_gimp.panel.server_dialog import ServerDialog
from scumble_gimp.panel.single import Reception
from scumble_protocol.editor.dropped import settings_from_file
from scumble_protocol.editor.gallery import Variation
from scumble_protocol.editor.guard import Guard
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.panel import Panel
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import Pixels

_PLACING_MS: Final = 2
_WORKING_MS: Final = 20
_IDLE_MS: Final = 80
_LOOK_SECONDS: Final = 0.5
"""How often to see which images are open."""

_VARIATIONS_SECONDS: Final = 1.0
_SHARE: Final = 50
"""Looking for variations takes no more than one part in so many of GIMP's time."""

_MEASURE_MS: Final = 300
"""How long no letter has to be typed before the prompt is measured."""

_SIZE: Final = (330, 680)
_FRAME: Final = 40
"""Pixels that the window's frame may need."""


class PanelWindow:
    """Shows one of the images that are open.

    Args:
        panel: Does what is ordered here.
        images: The images that are open.
        reception: Where another image may be asked for.
        tr: Translates.
    """

    def __init__(
        self, panel: Panel, images: OpenImages, reception: Reception, tr: Translate
    ) -> None:
        self._panel = panel
        self._images = images
        self._reception = reception
        self._guard = Guard(lambda error: panel.say(self._picture, error))
        self._chosen: int | None = None
        self._looked = 0.0
        self._next_variations = 0.0
        self._words = 0
        self._is_open = True
        self._content = Content(self._actions(), tr)
        self._content.form.fill(panel.memory.order)
        self._content.form.prompt.used(panel.memory.prompts)
        self._window = Gtk.Window(title="Scumble", type_hint=Gdk.WindowTypeHint.UTILITY)
        self._window.set_default_size(*_SIZE)
        self._window.set_icon_name("gimp-tool-ink")
        self._window.add(self._content.widget)
        self._window.connect("destroy", lambda _: self._closed())
        connect, use = self._guard(panel.connect), self._guard(panel.use_server)
        self._server = ServerDialog(self._window, connect, use, tr)
        self._take_files()
        grow = self._guard(self._grow)
        for section in self._content.form.sections:
            section.connect("notify::expanded", lambda *_: GLib.idle_add(grow))
        self._content.form.worded = self._measure_soon

    def show(self, image: int | None) -> None:
        """Open it for an image, or for none; returns when it is closed."""
        # So that it stays above GIMP's window.
        GimpUi.window_set_transient(self._window)
        self._look()
        self.choose(image)
        self._window.show()
        self._content.form.prompt.text_view.grab_focus()
        self._beat()
        Gtk.main()

    def choose(self, image: int | None) -> None:
        """Work on this image from now on; on the newest one if it is not open."""
        known = self._images.of(image) is not None
        self._chosen = image if known else self._images.newest
        self._content.picture.offer(self._images.items())
        self._content.picture.choose(str(self._chosen))
        self._next_variations = 0.0
        self.refresh()

    def refresh(self) -> None:
        """Show what there is to show now."""
        picture = self._picture
        if picture is not None and not picture.is_open():
            picture = None
        view = self._panel.view(picture)
        self._content.show_view(view)
        self._server.show_view(view.server)
        if time.monotonic() >= self._next_variations and not self._panel.is_placing:
            self._look_at_variations(picture)

    # From here on: details

    @property
    def _picture(self) -> GimpPicture | None:
        return self._images.of(self._chosen)

    def _actions(self) -> Actions:
        panel, guard = self._panel, self._guard
        return Actions(
            run=guard(self._run),
            cancel=guard(self._cancel),
            choose_picture=guard(lambda: self.choose(int(self._content.picture.id()))),
            start_server=guard(panel.start_server),
            show_log=guard(self._show_log),
            choose_server=guard(self._choose_server),
            insert=guard(self._insert),
            drop=guard(panel.drop),
            show=guard(partial(self._show_variation, GimpPicture.show)),
            keep=guard(partial(self._show_variation, GimpPicture.keep)),
            see_mask=guard(self._see_mask),
            canvas=self._canvas,
            look=self._look_at_canvas,
        )

    def _look_at_canvas(self, rect: Rect, size: Size) -> Pixels | None:
        picture = self._picture
        return picture.look(rect, size) if picture is not None and picture.is_open() else None

    def _canvas(self) -> Size | None:
        picture = self._picture
        return picture.bounds() if picture is not None and picture.is_open() else None

    def _run(self) -> None:
        picture = self._picture
        if picture is not None:
            self._panel.run(picture, self._content.form.order())
            self._content.form.prompt.used(self._panel.memory.prompts)
            self.refresh()

    def _take_files(self) -> None:
        """Use the settings of picture files again that are dropped here."""
        reuse, form = self._guard(self._reuse), self._content.form
        accept_files(self._window, reuse)
        for prompt in (form.prompt, form.negative):
            accept_files_in_text(prompt.text_view, reuse)

    def _reuse(self, file: Path) -> None:
        self._content.form.reuse(settings_from_file(file))

    def _see_mask(self) -> None:
        picture = self._picture
        if picture is not None:
            self._panel.see_mask(picture, self._content.form.order())
            self.refresh()

    def _measure_soon(self) -> None:
        """Have the prompt measured once no more of it is typed."""
        self._words += 1
        GLib.timeout_add(_MEASURE_MS, self._guard(self._measure), self._words)

    def _measure(self, words: int) -> None:
        if words == self._words and self._is_open:
            form = self._content.form
            self._panel.measure(form.prompt.text(), form.style.id(), form.model.id())

    def _cancel(self) -> None:
        picture = self._picture
        if picture is not None:
            self._panel.cancel(picture)
            self.refresh()

    def _insert(self, job: str) -> None:
        picture = self._picture
        if picture is not None:
            self._panel.place(picture, job)

    def _show_variation(
        self, how: Callable[[GimpPicture, Variation], None], variation: Variation
    ) -> None:
        picture = self._picture
        if picture is not None and picture.is_open():
            how(picture, variation)
            self._look_at_variations(picture)

    def _choose_server(self) -> None:
        self._server.open()
        self.refresh()

    def _show_log(self) -> None:
        log = self._panel.log
        try:
            Gtk.show_uri_on_window(self._window, log.as_uri(), Gdk.CURRENT_TIME)
        except GLib.Error as error:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"The log can't be shown: {error.message}.",
                f"It is the file {log}.",
            ) from error

    def _look(self) -> None:
        """See what happened in GIMP."""
        self._looked = time.monotonic()
        self._images.look()
        self._content.picture.offer(self._images.items())
        if self._picture is None and self._chosen != self._images.newest:
            self.choose(self._images.newest)
        wish = self._reception.wish()
        if wish is not None:
            self.choose(wish[0])
            self._window.present_with_time(Gtk.get_current_event_time())

    def _look_at_variations(self, picture: GimpPicture | None) -> None:
        """See which variations the picture has; the painter, or undo, may have changed that."""
        begun = time.monotonic()
        variations = picture.variations() if picture else ()
        load = picture.thumbnail if picture else _nothing
        self._content.strip.show_variations(variations, load)
        self._content.form.show_newest(variations)
        self._look_at_layers(picture)
        now = time.monotonic()
        self._next_variations = now + max(_VARIATIONS_SECONDS, _SHARE * (now - begun))

    def _look_at_layers(self, picture: GimpPicture | None) -> None:
        """See what guides can be read from, and what memory the job would take."""
        form = self._content.form
        form.show_layers(picture.layers() if picture else ())
        text = ""
        if picture is not None:
            with suppress(RequestError):
                text = self._panel.memory_line(picture, form.order())
        self._content.show_memory(text)

    def _grow(self) -> None:
        """Make room for what was unfolded, as far as the screen has any."""
        width, height = self._window.get_size()
        shown = self._window.get_display().get_monitor_at_window(self._window.get_window())
        room = shown.get_workarea()
        _, top = self._window.get_position()
        most = room.y + room.height - top - _FRAME
        wanted = min(self._content.natural_height(width), most)
        if wanted > height:
            self._window.resize(width, wanted)

    def _beat(self) -> bool:
        """The panel's clock."""
        if self._is_open:
            self._guard(self._tick)()
            GLib.timeout_add(self._pace(), self._beat)
        return bool(GLib.SOURCE_REMOVE)

    def _tick(self) -> None:
        was_placing = self._panel.is_placing
        has_news = self._panel.tick()
        if was_placing and not self._panel.is_placing:
            self._next_variations = 0.0
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            self._look()
            has_news = True
        if has_news:
            self.refresh()
        self._content.progress.pulse()

    def _pace(self) -> int:
        if self._panel.is_placing:
            return _PLACING_MS
        return _WORKING_MS if self._content.is_working else _IDLE_MS

    def _closed(self) -> None:
        """The painter closed it; what is on its way into a picture gets there first."""
        self._is_open = False
        while self._panel.is_placing:
            self._guard(self._panel.tick)()
        Gtk.main_quit()


def _nothing(variation: Variation, side: int) -> Pixels:
    raise AssertionError(variation, side)
