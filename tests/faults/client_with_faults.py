"""An editor without windows to which something happens: a real panel, studio, memory and client.

Its document is in memory, as an editor's is, and is saved only when everything is done: whoever is
killed before has lost it, and must be given the result again.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scumble_protocol.blobs import blob_id
from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.client import Client, local_server
from scumble_protocol.editor.language import Language
from scumble_protocol.editor.memory import Memory
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.panel import Panel
from scumble_protocol.editor.server_choice import ServerChoice
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.starter import Starter
from scumble_protocol.editor.studio import Studio
from scumble_protocol.geometry import Rect, Size
from tests.editor.framed_picture import FramedPicture
from tests.faults import client_points
from tests.faults.fault import Fate, Fault
from tests.timing import MS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from scumble_protocol.editor.canvas import ResultGroup, Work

SETTINGS = Settings(
    model="tiny",
    prompt="a red apple",
    sampler=Sampler.DDIM,
    schedule=Schedule.AUTOMATIC,
    steps=5,
    seed=42,
)


@dataclass(eq=False)
class Document(FramedPicture):
    """A picture whose layers are lost unless it is saved.

    Args:
        placed: Called when a result is in.
        layers_in: The content of the layers that came, by their hashes, one list a result.
    """

    size: Size = Size(64, 64)  # noqa: RUF009 (frozen)
    selected: Rect | None = Rect(16, 16, 32, 32)  # noqa: RUF009
    placed: Callable[[], None] = lambda: None
    layers_in: list[list[str]] = field(default_factory=list)

    def insert(self, group: ResultGroup) -> Work:
        yield
        self.layers_in.append(
            [blob_id(layer.pixels.data + layer.mask.data) for layer in group.layers]
        )
        self.placed()


def edit(state: Path, folder: Path, faults: Sequence[str], *, orders: int) -> None:
    """Order, wait for everything that was ever ordered, save the document, and end.

    Args:
        state: The server's state folder.
        folder: Where the memory and the document are kept.
        faults: What happens, as `Fault.parse` reads it.
        orders: How often to press the button.
    """
    fate = Fate([Fault.parse(fault) for fault in faults], state)
    client_points.instrument(fate.reached)
    client = Client(local_server(state), name="test", version="1")
    document = Document(file="picture", placed=lambda: fate.reached("placed"))
    studio = Studio(client, document)
    memory = Memory.of(folder / "panel.json", client.soon)
    tr = Language({}).tr
    choice = ServerChoice(state, "test", client.reconnect, tr)
    panel = Panel(studio, memory, Starter(state, {}), tr, choice=choice)
    panel.open(document)
    client.start()
    while not studio.models:
        _tick(panel, document)
    for _ in range(orders):
        panel.run(document, Order(settings=SETTINGS))
    while memory.pending or panel.is_placing:
        _tick(panel, document)
    client.close()
    saved = {"layers": document.layers_in, "status": panel.view(document).status}
    (folder / "document.json").write_text(json.dumps(saved))
    os._exit(0)


def _tick(panel: Panel, document: Document) -> None:
    panel.tick()
    for offer in panel.view(document).offers:
        panel.place(document, offer.job)
    time.sleep(2 * MS)
