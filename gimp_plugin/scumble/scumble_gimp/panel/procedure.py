"""The procedure that opens the panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scumble_gimp.host import Gimp
from scumble_gimp.procedures import FILTERS_MENU
from scumble_gimp.words import translation
from scumble_protocol.editor.language import Translate
from scumble_protocol.endpoint import state_folder
from scumble_protocol.errors import ErrorCode, RequestError

PANEL: Final = "scumble-panel"


def make_panel(
    plug_in: Gimp.PlugIn, run: Callable[..., Gimp.ValueArray], tr: Translate
) -> Gimp.ImageProcedure:
    """The procedure, with its place in the menu."""
    procedure = Gimp.ImageProcedure.new(plug_in, PANEL, Gimp.PDBProcType.PLUGIN, run, None)
    procedure.set_image_types("*")
    procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.ALWAYS)
    procedure.set_menu_label(tr("_Panel"))
    procedure.add_menu_path(FILTERS_MENU)
    blurb = tr("Keep a window open to work with Scumble")
    procedure.set_documentation(blurb, blurb, PANEL)
    procedure.set_attribution("Scumble", "Scumble", "2026")
    return procedure


def open_panel(procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None) -> None:
    """Open the panel for an image, and return when it is closed.

    If this GIMP has one open, that is shown instead.

    Raises:
        RequestError: A script called, for whom there is nothing to see.
    """
    if run_mode == Gimp.RunMode.NONINTERACTIVE:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "The panel is a window for painters.",
            "Call one of the other procedures of Scumble.",
        )
    # Windows need a display, and the client takes long to import.
    from scumble_gimp.panel.opening import open_window

    # GIMP would show what we ask of an image that was closed just now as an error.
    procedure.get_plug_in().set_pdb_error_handler(Gimp.PDBErrorHandler.PLUGIN)
    open_window(state_folder(), image.get_id() if image else None, translation())
