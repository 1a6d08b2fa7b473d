"""Everything that one panel is made of, from its opening to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scumble_gimp.host_window import GimpUi
from scumble_gimp.memory import GimpMemory
from scumble_gimp.panel.images import OpenImages
from scumble_gimp.panel.single import Reception
from scumble_gimp.panel.style import use_style
from scumble_gimp.panel.window import PanelWindow
from scumble_gimp.version import version
from scumble_protocol.client import Client, chosen_server
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.panel import Panel
from scumble_protocol.editor.server_choice import ServerChoice
from scumble_protocol.editor.starter import Starter
from scumble_protocol.editor.studio import Studio
from scumble_protocol.editor.style_shelf import StyleShelf
from scumble_protocol.editor.styles import OWN, SHIPPED

_CLOSING_SECONDS: Final = 0.5


def open_window(state: Path, image: int | None, tr: Translate) -> None:
    """Open the panel, and return when it is closed; what runs then goes on without it.

    Args:
        state: The folder of the server's state.
        image: The id of the image to work on.
        tr: Translates.
    """
    reception = Reception(state)
    if reception.hand_over(image):
        return
    GimpUi.init("scumble")
    use_style()
    client = Client(chosen_server(state), name="gimp", version=version())
    studio = Studio(client)  # each order brings its picture
    styles = StyleShelf(SHIPPED, state / OWN)
    choice = ServerChoice(state, "GIMP", client.reconnect, tr)
    memory, starter = GimpMemory.of_state(state), Starter(state)
    panel = Panel(studio, memory, starter, tr, choice=choice, styles=styles)
    reception.open()
    client.start()
    try:
        PanelWindow(panel, OpenImages(panel), reception, tr).show(image)
    finally:
        reception.close()
        client.close(_CLOSING_SECONDS)
