"""`scumble uninstall`: the plugin out of Krita or GIMP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_cli.chosen_editors import chosen_editors
from scumble_cli.plugin_errors import plugin_errors
from scumble_cli.services.this_machine import is_service_installed
from scumble_cli.terminal import say
from scumble_installer.errors import EditorError
from scumble_installer.plugins import plan
from scumble_installer.plugins.carry_out import carry_out

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from scumble_installer.plugins.found import FoundKrita


def run(arguments: Namespace) -> int:
    """Take the plugin out of the editor that was named, else out of every one that has it.

    Raises:
        ScumbleError: An editor runs, or was named and is not there, or can't be written to.
    """
    with plugin_errors():
        found = chosen_editors(arguments)
        kritas = [krita for krita in found.kritas if krita.installed is not None]
        gimps = [gimp for gimp in found.gimps if gimp.installed is not None]
        for gimp in gimps:
            carry_out(plan.uninstall_gimp(gimp), say)
        faults = [fault for krita in kritas for fault in _out_of(krita)]
        if faults:
            raise faults[0]
    if not kritas and not gimps:
        say("No editor has the plugin.")
    if is_service_installed():
        say("The service that starts the server is left: `scumble service uninstall` removes it.")
    return 0


def _out_of(krita: FoundKrita) -> Iterator[EditorError]:
    try:
        moves = plan.uninstall_krita(krita)
    except EditorError as error:
        yield error
        return
    carry_out(moves, say)
