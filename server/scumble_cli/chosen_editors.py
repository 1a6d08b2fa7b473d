"""The editors that `scumble install` and `scumble uninstall` were asked to work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_installer.plugins import plan, seek
from scumble_installer.plugins.found import FoundEditors

if TYPE_CHECKING:
    from argparse import Namespace


def chosen_editors(arguments: Namespace) -> FoundEditors:
    """Those that the arguments name, or else every one that is found; may be none.

    Raises:
        EditorError: An editor was named, and is not there.
    """
    user = seek.this_user()
    if arguments.resources:
        krita = seek.krita_at(arguments.resources, arguments.kritarc, user)
        return FoundEditors(kritas=(krita,))
    if arguments.plug_ins:
        return FoundEditors(gimps=(seek.gimp_at(arguments.plug_ins),))
    found = seek.find_editors(user)
    if arguments.editor == "krita":
        if not found.kritas:
            raise plan.why_no_krita()
        return FoundEditors(kritas=found.kritas)
    if arguments.editor == "gimp":
        if not found.gimps:
            raise plan.why_no_gimp(found)
        return FoundEditors(gimps=found.gimps)
    return found
