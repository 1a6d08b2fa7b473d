"""The plug-in as GIMP sees it: what it can do, and how each call of it ends."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from scumble_gimp.host import Gimp, GLib
from scumble_gimp.panel.procedure import PANEL, make_panel, open_panel
from scumble_gimp.procedures import ENTRIES, make
from scumble_gimp.words import said, translation
from scumble_protocol.errors import ErrorCode, ScumbleError

_log = logging.getLogger(__name__)

_CALLERS_FAULT = frozenset({ErrorCode.INVALID_VALUE, ErrorCode.UNKNOWN_MODEL})


class Scumble(Gimp.PlugIn):
    """The plug-in; GIMP starts a process of its own for each call."""

    def do_set_i18n(self, procedure_name: str) -> bool:
        """No catalogue of GIMP's kind; `editor.language` has the words."""
        del procedure_name
        return False

    def do_query_procedures(self) -> list[str]:
        """The names of all procedures."""
        return [*ENTRIES, PANEL]

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        """A procedure by its name."""
        if name == PANEL:
            return make_panel(self, call_panel, translation())
        return make(self, name, call_procedure, translation())


def call_procedure(
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
    *data: Any,
) -> Gimp.ValueArray:
    """Do what a procedure is for; whatever goes wrong becomes a sentence."""
    del data

    def do() -> bool:
        # This imports the client, which takes longer than GIMP's question for the procedures.
        from scumble_gimp.call import Call
        from scumble_gimp.run import run

        entry = ENTRIES[procedure.get_name()]
        call = Call(procedure, run_mode, image, tuple(drawables), config)
        return run(call, entry.mode, translation()(entry.title))

    return _answered(procedure, run_mode, do)


def call_panel(
    procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None, *data: Any
) -> Gimp.ValueArray:
    """Show the panel; whatever goes wrong becomes a sentence."""
    del data

    def do() -> bool:
        open_panel(procedure, run_mode, image)
        return True

    return _answered(procedure, run_mode, do)


def main(arguments: list[str]) -> None:
    """Talk to the GIMP that started this program."""
    Gimp.main(Scumble.__gtype__, arguments)


def _answered(
    procedure: Gimp.Procedure, run_mode: Gimp.RunMode, do: Callable[[], bool]
) -> Gimp.ValueArray:
    """What a procedure returns; `do` says whether it did anything."""
    tr, status = translation(), Gimp.PDBStatusType
    try:
        is_done = do()
    except ScumbleError as error:
        is_by_script = run_mode == Gimp.RunMode.NONINTERACTIVE
        is_theirs = is_by_script and error.code in _CALLERS_FAULT
        kind = status.CALLING_ERROR if is_theirs else status.EXECUTION_ERROR
        return _ended(procedure, kind, said(error, tr))
    except Exception:  # noqa: BLE001  (the plug-in's one entry: no painter should see a traceback)
        _log.exception("The plug-in failed.")
        sentence = tr("Scumble failed in a way that it should not. GIMP's output says more.")
        return _ended(procedure, status.EXECUTION_ERROR, sentence)
    return _ended(procedure, status.SUCCESS if is_done else status.CANCEL)


def _ended(
    procedure: Gimp.Procedure, status: Gimp.PDBStatusType, sentence: str = ""
) -> Gimp.ValueArray:
    if not sentence:
        return procedure.new_return_values(status, GLib.Error())
    error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), sentence, 0)
    return procedure.new_return_values(status, error)
