"""A canvas without an editor and a client without a server, which remember what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scumble_protocol.client import ClientEvent, Draft
from scumble_protocol.editor.canvas import LayerInfo, Margins, ResultGroup, Snapshot, Source, Work
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat, Pixels
from scumble_protocol.requests import Request

SIZE = Size(100, 80)
SELECTED = Rect(10, 20, 30, 40)


@dataclass(eq=False)
class GreyCanvas:
    """A canvas of one colour, whose selection is a white rectangle in a black mask.

    Args:
        size: The size of the canvas.
        selected: What is selected; None if there is a selection but it selects nothing.
        format: `rgba8` or `rgba16`.
        is_mask_black: Whether the mask is black even where something is selected.
        error: What `insert` and `enlarge` raise.
        portions: How many ticks inserting takes before the last.
    """

    size: Size = SIZE
    selected: Rect | None = SELECTED
    format: PixelFormat = PixelFormat.RGBA8
    is_mask_black: bool = False
    error: Exception | None = None
    read_rects: list[Rect] = field(default_factory=list)
    groups: list[ResultGroup] = field(default_factory=list)
    enlarged: list[Size] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    portions: int = 0
    read_layers: list[tuple[str, Rect]] = field(default_factory=list)

    def bounds(self) -> Size:
        return self.size

    def depth(self) -> PixelFormat:
        return self.format

    def selection(self) -> Rect | None:
        return self.selected

    def read(self, rect: Rect, source: Source) -> Snapshot:
        assert Rect.of(self.size).contains(rect)
        self.read_rects.append(rect)
        self.sources.append(source)
        length = rect.size.pixels * self.format.bytes_per_pixel
        return lambda: Pixels(rect.size, self.format, b"\x80" * length)

    def layers(self) -> tuple[LayerInfo, ...]:
        return (
            LayerInfo("group", "Regions", SELECTED, is_group=True),
            LayerInfo("sketch", "Sketch", SELECTED, group="group"),
            LayerInfo("empty", "Empty", None),
        )

    def read_layer(self, layer: str, rect: Rect) -> Snapshot:
        assert layer in {info.id for info in self.layers()}
        self.read_layers.append((layer, rect))
        return self.read(rect, Source.ACTIVE_LAYER)

    def read_mask(self, rect: Rect) -> Pixels:
        assert Rect.of(self.size).contains(rect)
        value = b"\x00" if self.is_mask_black else b"\xff"
        return Pixels(rect.size, PixelFormat.GRAY8, value * rect.size.pixels)

    def insert(self, group: ResultGroup) -> Work:
        for _ in range(self.portions):
            yield
        if self.error is not None:
            raise self.error
        self.groups.append(group)

    def enlarge(self, size: Size, group: ResultGroup) -> Work:
        yield from self.insert(group)
        self.enlarged.append(size)

    def expand(self, margins: Margins) -> None:
        self.size = margins.around(self.size)


class Clerk:
    """Takes jobs and gives the events that a test puts in."""

    def __init__(self, *events: ClientEvent) -> None:
        self.requests: dict[str, Request] = {}
        self.blobs: dict[str, Mapping[str, bytes]] = {}
        self.events: list[ClientEvent] = list(events)
        self.attached: list[str] = []
        self.asked_of: dict[str, str | None] = {}
        self.cancelled: list[str] = []
        self.acknowledged: list[str] = []
        self.retries = 0
        self.reconnections = 0
        self.measured: list[tuple[str, str]] = []
        self.asked_names = 0

    def submit_draft(self, draft: Draft) -> str:
        job = f"job{len(self.requests) + 1}"
        self.requests[job], self.blobs[job] = draft()
        return job

    def attach(self, job: str, after: int = 0, server: str | None = None) -> None:
        assert after == 0
        self.attached.append(job)
        self.asked_of[job] = server

    def cancel(self, job: str) -> None:
        self.cancelled.append(job)

    def acknowledge(self, job: str) -> None:
        self.acknowledged.append(job)

    def retry(self) -> None:
        self.retries += 1

    def reconnect(self) -> None:
        self.reconnections += 1

    def measure(self, text: str, model: str) -> None:
        self.measured.append((text, model))

    def ask_names(self) -> None:
        self.asked_names += 1

    def poll(self) -> list[ClientEvent]:
        events, self.events = self.events, []
        return events
