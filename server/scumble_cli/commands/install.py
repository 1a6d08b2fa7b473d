"""`scumble install`: the plugin into Krita or GIMP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_cli.chosen_editors import chosen_editors
from scumble_cli.plugin_errors import plugin_errors
from scumble_cli.start_command import note_start_command
from scumble_cli.terminal import say
from scumble_installer.errors import EditorError
from scumble_installer.plugins import plan, sources
from scumble_installer.plugins.bundle import GIMP, KRITA, make_bundle
from scumble_installer.plugins.carry_out import carry_out
from scumble_protocol.endpoint import state_folder

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from scumble_installer.plugins.bundled import Bundle
    from scumble_installer.plugins.found import FoundEditors, FoundKrita


def run(arguments: Namespace) -> int:
    """Install into the editor that was named, else into every one that is found.

    Raises:
        ScumbleError: The editor that was named is not there, or runs, or can't be written to.
    """
    note_start_command(state_folder())
    is_named = arguments.editor is not None
    with plugin_errors():
        found = chosen_editors(arguments)
        # What keeps one editor from getting its plugin keeps no other from it.
        faults = [*_into_kritas(found, is_named), *_into_gimps(found, is_named)]
        if faults and is_named:
            raise faults[0]
    for fault in faults:
        say(str(fault))
    return 0


def _into_kritas(found: FoundEditors, is_named: bool) -> Iterator[EditorError]:
    if not found.kritas:
        if not is_named:
            yield plan.why_no_krita()
        return
    if not is_named and sources.component_folder(KRITA.component) is None:
        return
    bundle = make_bundle(KRITA)
    for krita in found.kritas:
        yield from _into_krita(krita, bundle, insist=is_named)


def _into_krita(krita: FoundKrita, bundle: Bundle, *, insist: bool) -> Iterator[EditorError]:
    try:
        moves = plan.install_krita(krita, bundle, insist=insist)
    except EditorError as error:
        yield error
        return
    carry_out(moves, say)


def _into_gimps(found: FoundEditors, is_named: bool) -> Iterator[EditorError]:
    if not found.gimps:
        if not is_named:
            yield plan.why_no_gimp(found)
        return
    if not is_named and sources.component_folder(GIMP.component) is None:
        return
    bundle = make_bundle(GIMP)
    for gimp in found.gimps:
        carry_out(plan.install_gimp(gimp, bundle), say)
