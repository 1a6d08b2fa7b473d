"""What a panel shows, as frozen values; the editors' widgets only draw them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from scumble_protocol.choices import Sampler
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.styles import Styles
from scumble_protocol.geometry import Rect
from scumble_protocol.messages import Device, Measured, ModelInfo, Names
from scumble_protocol.pixels import Pixels


class Light(enum.Enum):
    """Whether there is a server."""

    OFF = "off"
    ON = "on"


@dataclass(frozen=True)
class JobView:
    """A job of a picture.

    Args:
        job: Its id.
        title: What was asked for, for people.
        phase: What is being done, for people.
        fraction: How much of it is done, 0 to 1; None while that is not known.
        seconds_left: How long it will take still, in seconds; None while that is not known.
        is_stopping: Whether it was asked to stop.
        is_loading: Whether its model is being loaded, and `fraction` is about that.
    """

    job: str
    title: str
    phase: str
    fraction: float | None = None
    seconds_left: float | None = None
    is_stopping: bool = False
    is_loading: bool = False


@dataclass(frozen=True)
class PreviewView:
    """What the picture of a running job looks like so far.

    Args:
        rect: Where it belongs, in canvas pixels.
        pixels: `rgba8`, mostly of a smaller size than `rect`.
        is_mask: Whether it is the mask that the painter wanted to see, and no picture.
    """

    rect: Rect
    pixels: Pixels
    is_mask: bool = False


@dataclass(frozen=True)
class Offer:
    """A result that waits to be put into this picture.

    Args:
        job: The id of its job.
        text: A sentence about it.
    """

    job: str
    text: str


@dataclass(frozen=True)
class ServerItem:
    """A server that can be used.

    Args:
        id: What `ServerChoice.use` calls it.
        name: What people call it.
    """

    id: str
    name: str


@dataclass(frozen=True)
class ServerView:
    """Which server is used.

    Args:
        used: A sentence that says which.
        others: Those that could be used as well, without a code.
        text: How connecting went, in a sentence; empty while nothing was tried.
        is_error: Whether that went wrong.
        is_busy: Whether it is going on.
    """

    used: str
    others: tuple[ServerItem, ...] = ()
    text: str = ""
    is_error: bool = False
    is_busy: bool = False


@dataclass(frozen=True)
class View:
    """Everything that a panel shows for one picture.

    Args:
        light: Whether there is a server.
        light_text: More about that.
        status: One sentence: what happened last.
        is_error: Whether it tells of something that went wrong.
        modes: For each mode why it is not offered; empty where it is.
        models: The diffusion models of the server.
        upscalers: Its upscalers.
        samplers: Its samplers.
        job: The job of the picture that is worked on, or the next.
        queued: How many more of the picture's jobs wait.
        can_run: Whether there is a picture to work on and a server to do it.
        can_start_server: Whether there is none, and this machine knows how to start one.
        is_starting: Whether one is being started, or starts anew by itself.
        offers: Results that wait to be put into the picture.
        preview: What `job` looks like so far; or the mask that was asked for.
        controls: The server's control models.
        references: Its reference models.
        vaes: Its VAEs.
        faces: Its networks that repair faces, to be chosen as models where only faces are wanted.
        styles: The styles, those of the painter's own among them.
        device: What the server's models run on; None while that is not known.
        measured: How long the prompt is that was measured last; None while that is not known.
        names: What prompts can name; None while that is not known.
        can_show_mask: Whether the server can show the mask.
        is_mask_shown: Whether `preview` is the mask.
        server: Which server is used.
    """

    light: Light
    light_text: str
    status: str
    is_error: bool
    modes: Mapping[Mode, str]
    models: tuple[ModelInfo, ...]
    upscalers: tuple[ModelInfo, ...]
    samplers: tuple[Sampler, ...]
    job: JobView | None
    queued: int
    can_run: bool
    can_start_server: bool
    is_starting: bool
    offers: tuple[Offer, ...]
    preview: PreviewView | None
    controls: tuple[ModelInfo, ...] = ()
    references: tuple[ModelInfo, ...] = ()
    vaes: tuple[ModelInfo, ...] = ()
    faces: tuple[ModelInfo, ...] = ()
    styles: Styles = Styles()  # noqa: RUF009 (frozen, so it can be shared)
    device: Device | None = None
    measured: Measured | None = None
    names: Names | None = None
    can_show_mask: bool = False
    is_mask_shown: bool = False
    server: ServerView = ServerView("")
