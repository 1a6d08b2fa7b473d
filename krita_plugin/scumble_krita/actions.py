"""What can be done from Tools ▸ Scripts and by keys.

The shortcuts are in `scumble_krita.action`, where Krita reads them from.
"""

from __future__ import annotations

import enum

from scumble_protocol.editor.language import Translate


class ActionName(str, enum.Enum):
    """The actions, by the names that Krita keeps their shortcuts under."""

    REGENERATE = "scumble_regenerate"
    AGAIN = "scumble_again"
    FILL = "scumble_fill"
    REMOVE = "scumble_remove"
    UPSCALE = "scumble_upscale"
    CANCEL = "scumble_cancel_job"
    PROMPT = "scumble_focus_prompt"


def action_titles(tr: Translate) -> dict[ActionName, str]:
    """What the menu calls them."""
    return {
        ActionName.REGENERATE: tr("Regenerate selection"),
        ActionName.AGAIN: tr("Regenerate again with a new seed"),
        ActionName.FILL: tr("Fill selection"),
        ActionName.REMOVE: tr("Remove what is selected"),
        ActionName.UPSCALE: tr("Upscale picture"),
        ActionName.CANCEL: tr("Cancel Scumble's job"),
        ActionName.PROMPT: tr("Write Scumble's prompt"),
    }
