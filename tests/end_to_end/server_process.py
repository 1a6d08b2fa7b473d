"""A real server in a process of its own, and a client's view of it, for the tests."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scumble_protocol import endpoint
from scumble_protocol.blobs import blob_id
from scumble_protocol.choices import Sampler
from scumble_protocol.client import Client, ClientEvent, Connected, Result, local_server
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.messages import Cancelled, Failed, Progress, Refused
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate
from tests.timing import MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from scumble_protocol.endpoint import Endpoint
    from scumble_protocol.requests import Request

PATIENCE = 240_000 * MS
"""For the next sign of life. Importing torch takes minutes on a machine that is busy elsewhere."""

TINY = "tiny"
"""The id of the model that `tiny_state` puts into a state folder."""

SIDE = 64

PROGRAM = (sys.executable, "-m", "scumble_server")


class ServerProcess:
    """A server that was started on a state folder.

    Args:
        state: The state folder.
        arguments: Further arguments of the command.
        command: The program.

    Attributes:
        is_closed: Whether it was ended from here, so that nothing is left to be read of it.
        last_words: What it had said on stderr by then.
    """

    def __init__(self, state: Path, *arguments: str, command: tuple[str, ...] = PROGRAM) -> None:
        self.state = state
        self.last_words = ""
        self.is_closed = False
        self.process = subprocess.Popen(
            [*command, "--state", str(state), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def listening(self) -> Endpoint:
        """Where it listens, as soon as it does."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = endpoint.read(self.state)
            if found is not None and found.pid == self.process.pid:
                return found
            assert self.process.poll() is None, self.process.communicate()[1]
            time.sleep(10 * MS)
        raise TimeoutError

    def terminate(self) -> int:
        """Ask it to end, as a shell does; its exit code."""
        return self.signal(signal.SIGTERM)

    def signal(self, number: int) -> int:
        """Send it a signal and wait for its end; its exit code."""
        self.process.send_signal(number)
        return self._ended()

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        self.process.kill()
        self._ended()

    def failed(self) -> str:
        """What it says when it can't start: everything on stderr, after checking the exit code."""
        assert self._ended() == 1
        return self.last_words

    def _ended(self) -> int:
        _, self.last_words = self.process.communicate(timeout=PATIENCE)
        self.is_closed = True
        return self.process.returncode


def state_with(model: Path, folder: Path) -> Path:
    """A new state folder with this model in it."""
    (folder / "models").mkdir(parents=True)
    (folder / "models" / TINY).symlink_to(model, target_is_directory=True)
    return folder


@contextlib.contextmanager
def running_server(
    state: Path, *arguments: str, command: tuple[str, ...] = PROGRAM
) -> Iterator[ServerProcess]:
    """A server that listens, and is ended at the end."""
    server = ServerProcess(state, *arguments, command=command)
    try:
        server.listening()
        yield server
    finally:
        if server.process.poll() is None:
            server.terminate()


@dataclass
class Painter:
    """A client and everything it heard.

    Args:
        client: The client.
        heard: Its events in order.
    """

    client: Client
    heard: list[ClientEvent] = field(default_factory=list)

    def until(self, is_it: Callable[[ClientEvent], bool]) -> ClientEvent:
        """The first event from now on that it is."""
        place = len(self.heard)
        while True:
            while place < len(self.heard):
                if is_it(self.heard[place]):
                    return self.heard[place]
                place += 1
            assert self.client.wait(PATIENCE), f"only {self.heard} came"
            self.heard += self.client.poll()

    def end_of(self, job: str) -> ClientEvent:
        """How the job ends, also if it has been heard already."""
        for event in self.heard:
            if is_end(event, job):
                return event
        return self.until(lambda event: is_end(event, job))

    def result(self, job: str) -> Result:
        """The job's result."""
        end = self.end_of(job)
        assert isinstance(end, Result), end
        return end

    def refusal(self, job: str) -> Refused:
        """The refusal of the job."""
        end = self.end_of(job)
        assert isinstance(end, Refused), end
        return end

    def sampling(self, job: str) -> None:
        """Wait until the job is in the middle of sampling."""
        self.until(
            lambda event: isinstance(event, Progress) and event.job == job and event.step > 1
        )

    def submit(self, request: Request, blobs: Mapping[str, bytes]) -> str:
        """Submit a job; its id."""
        return self.client.submit(request, blobs)


def is_end(event: ClientEvent, job: str) -> bool:
    """Whether nothing more will come of the job."""
    ends = (Result, Failed, Cancelled, Refused)
    return isinstance(event, ends) and event.job == job


@contextlib.contextmanager
def painter(state: Path, name: str = "test") -> Iterator[Painter]:
    """A client that is connected to the server with this state folder."""
    client = Client(local_server(state), name=name, version="1")
    client.start()
    try:
        here = Painter(client)
        here.until(lambda event: isinstance(event, Connected))
        yield here
    finally:
        client.close()


def picture(value: int = 100, side: int = SIDE) -> bytes:
    """An RGBA8 square with a gradient and an opaque alpha."""
    rows = (bytes((x * 3 % 256, value, y * 3 % 256, 255)) for y in range(side) for x in range(side))
    return b"".join(rows)


def regenerate(
    model: str = TINY, side: int = SIDE, **changes: Any
) -> tuple[Regenerate, dict[str, bytes]]:
    """A request to regenerate the middle of a picture, and its blobs."""
    image = picture(side=side)
    quarter = side // 4
    row = bytes(quarter) + b"\xff" * (side - 2 * quarter) + bytes(quarter)
    mask = bytes(side * quarter) + row * (side - 2 * quarter) + bytes(side * quarter)
    size = Size(side, side)
    request = Regenerate(
        model=model,
        prompt="a red apple",
        negative="",
        strength=0.8,
        sampler=Sampler.DDIM,
        steps=5,
        cfg=2.0,
        seed=42,
        count=1,
        grow=2,
        feather=2,
        match_color=True,
        canvas=size,
        context=Rect.of(size),
        image=ImageRef(blob_id(image), size, PixelFormat.RGBA8),
        mask=ImageRef(blob_id(mask), size, PixelFormat.GRAY8),
    )
    return replace(request, **changes), {blob_id(image): image, blob_id(mask): mask}
