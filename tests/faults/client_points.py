"""The named points of a job's life in a client, as `points.py` has those of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scumble_protocol.client.link import Link
from scumble_protocol.editor import memory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from scumble_protocol.messages import ClientMessage


def instrument(reached: Callable[[str], None]) -> None:
    """Have `reached` called at every point.

    `said.TYPE:before` and `:after` around sending a message, `said.piece:after` when a piece of a
    picture was sent, `heard.TYPE` when a message came (`heard.BlobArrived` when a picture is
    complete), `remembered` when the panel's memory is on disk, and, by the document itself,
    `placed`.
    """
    send, send_piece, receive, write = Link.send, Link.send_piece, Link.receive, memory._write  # noqa: SLF001

    def told_send(self: Link, message: ClientMessage) -> None:
        reached(f"said.{message.type}:before")
        send(self, message)
        reached(f"said.{message.type}:after")

    def told_piece(self: Link) -> bool:
        is_sent = send_piece(self)
        if is_sent:
            reached("said.piece:after")
        return is_sent

    def told_receive(self: Link, arrival: Any) -> Any:
        messages = receive(self, arrival)
        for message in messages:
            reached(f"heard.{getattr(message, 'type', type(message).__name__)}")
        return messages

    def told_write(file: Path, remembered: Mapping[str, object]) -> None:
        write(file, remembered)
        reached("remembered")

    Link.send = told_send  # type: ignore[method-assign]
    Link.send_piece = told_piece  # type: ignore[method-assign]
    Link.receive = told_receive  # type: ignore[method-assign]
    memory._write = told_write  # noqa: SLF001
