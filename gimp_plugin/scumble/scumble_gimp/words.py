"""The plug-in's words in the language that GIMP speaks."""

from __future__ import annotations

from scumble_gimp.host import GLib
from scumble_protocol.editor.language import Language, Translate
from scumble_protocol.errors import ScumbleError


def translation() -> Translate:
    """Translates into GIMP's language, which it passes on to its plug-ins."""
    return Language.of(GLib.get_language_names()[0]).tr


def said(error: ScumbleError, tr: Translate) -> str:
    """An error in the painter's language, with what to do next."""
    return f"{tr(error.message)} {tr(error.hint)}".rstrip()
