"""A picture file, a studio and a real server in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from scumble_cli.pictures.canvas import PictureCanvas
from scumble_protocol.client import Client, local_server
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.studio import Applied, JobFailed, Studio, StudioEvent, Unplaced
from scumble_protocol.geometry import Rect, Size
from tests.cli.picture_files import picture_of
from tests.end_to_end.server_process import PATIENCE, running_server


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of a server that serves all tests here which don't end it."""
    folder = tmp_path_factory.mktemp("state")
    with running_server(folder, "--port", "0"):
        yield folder


KEEP_ALL = Settings(strength=0.0, steps=1)


@contextmanager
def studio_for(state: Path, canvas: PictureCanvas) -> Iterator[tuple[Studio, Client]]:
    """A studio that has met the server with this state folder."""
    client = Client(local_server(state), name="test", version="1")
    client.start()
    try:
        studio = Studio(client, canvas)
        while not studio.models:
            assert client.wait(PATIENCE)
            studio.tick()
        yield studio, client
    finally:
        client.close()


def end_of(studio: Studio, client: Client, job: str) -> StudioEvent:
    while True:
        assert client.wait(PATIENCE)
        for event in studio.tick():
            if isinstance(event, (Applied, JobFailed, Unplaced)) and event.job == job:
                return event


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (4, 8), (3, 16), (2, 16)])
def test_at_strength_0_the_file_stays_as_it_is(state: Path, channels: int, bits: int) -> None:
    picture = picture_of(channels, bits, height=101, width=77)
    canvas = PictureCanvas(picture, selection=Rect(60, 3, 30, 21))
    with studio_for(state, canvas) as (studio, client):
        done = end_of(studio, client, studio.regenerate(KEEP_ALL))
    assert isinstance(done, Applied), done
    assert len(canvas.groups) == 1
    np.testing.assert_array_equal(canvas.flattened().samples, picture.samples)


def test_a_job_put_in_while_the_server_is_dead_is_done_by_the_next_one(tmp_path: Path) -> None:
    canvas = PictureCanvas(picture_of(3, 8), selection=Rect(5, 5, 9, 9))
    with running_server(tmp_path, "--port", "0") as server, studio_for(tmp_path, canvas) as pair:
        studio, client = pair
        server.kill()
        job = studio.regenerate(KEEP_ALL)
        with running_server(tmp_path, "--port", "0"):
            assert isinstance(end_of(studio, client, job), Applied)
    assert [len(group.layers) for group in canvas.groups] == [1]


def test_a_picture_is_enlarged(state: Path) -> None:
    canvas = PictureCanvas(picture_of(3, 16))
    profile = canvas.picture.profile
    with studio_for(state, canvas) as (studio, client):
        assert isinstance(end_of(studio, client, studio.upscale(1.5)), Applied)
    assert canvas.bounds() == Size(80, 56)
    assert canvas.picture.samples.dtype == np.uint16
    assert canvas.picture.profile == profile
