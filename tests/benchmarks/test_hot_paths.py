"""What every job goes through, timed one by one by `pytest tests/benchmarks --benchmark-enable`.

In an ordinary run each is done once, to see that it still works; no time is asserted.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from scumble_cli.benchmarks.samples import noise, regeneration
from scumble_cli.benchmarks.whole_path import SPEC
from scumble_protocol import codec
from scumble_protocol.blobs import Assembler, blob_id, chunks
from scumble_protocol.geometry import Size
from scumble_protocol.messages import CLIENT_MESSAGES, Accepted, Cancelled, Encoding, Limits, Submit
from scumble_protocol.packing import Layout, pack, unpack
from scumble_server.jobs.blobstore import BlobStore
from scumble_server.jobs.journal import Journal, Sender
from scumble_server.pixels.compose import compose
from scumble_server.pixels.opencv import unit
from scumble_server.pixels.prepare import prepare

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

    from scumble_protocol.requests import Regenerate

SIDE = 1024
LAYOUT = Layout(row=SIDE * 4, pixel=4)
PIECE = 2**20


@pytest.fixture(scope="module")
def picture() -> bytes:
    return noise(Size(SIDE, SIDE), 0)


def test_codec_takes_a_request_there_and_back(benchmark: BenchmarkFixture) -> None:
    submit = Submit("job", regeneration(64, 0, model="none", strength=0)[0])
    assert benchmark(lambda: codec.decode(codec.encode(submit), CLIENT_MESSAGES)) == submit


def test_picture_goes_through_chunks_and_is_whole(
    benchmark: BenchmarkFixture, picture: bytes
) -> None:
    name = blob_id(picture)

    def travel() -> object:
        arriving = Assembler(Limits())
        come = [arriving.add(chunk) for chunk in chunks(name, picture, Encoding.RAW, PIECE)]
        return come[-1]

    assert benchmark(travel) == (name, picture)


def test_piece_is_packed(benchmark: BenchmarkFixture, picture: bytes) -> None:
    packed = benchmark(pack, picture[:PIECE], LAYOUT)
    assert unpack(packed, LAYOUT, PIECE) == picture[:PIECE]


def test_piece_is_unpacked(benchmark: BenchmarkFixture, picture: bytes) -> None:
    packed = pack(picture[:PIECE], LAYOUT)
    assert benchmark(unpack, packed, LAYOUT, PIECE) == picture[:PIECE]


def test_context_is_prepared(benchmark: BenchmarkFixture) -> None:
    request, image, mask = _asked()
    crop = benchmark(lambda: prepare(request, image, mask, SPEC))
    assert crop.image.shape[:2] == (crop.working.height, crop.working.width)


def test_result_is_composed(benchmark: BenchmarkFixture) -> None:
    request, image, mask = _asked()
    crop = prepare(request, image, mask, SPEC)
    size = crop.working
    pixels = np.frombuffer(noise(size, 1), np.uint8).reshape(size.height, size.width, 4)
    made = unit(pixels[..., :3])
    layer = benchmark(lambda: compose(crop, made, strength=0.8, match_color=True))
    assert layer.pixels.shape == (*layer.mask.shape, 4)


def test_journal_takes_a_job_to_its_end(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    request, _ = regeneration(64, 0, model="none", strength=0)
    numbers = itertools.count()

    def live() -> str:
        name = f"job-{next(numbers)}"
        journal.accept(Accepted(name, 1, 0), Sender("local", "bench"), request)
        journal.finish(Cancelled(name, 2))
        return name

    assert journal.knows(benchmark(live))
    journal.close()


def test_blob_is_stored_and_read(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    store = BlobStore(tmp_path, budget=2**26, memory=0)
    names = itertools.count()

    def keep() -> bool:
        data = noise(Size(512, 512), next(names))
        name = blob_id(data)
        store.put(name, data)
        return store.get(name) == data

    assert benchmark(keep)


def _asked() -> tuple[Regenerate, NDArray[np.uint8], NDArray[np.uint8]]:
    request, blobs = regeneration(SIDE, 0, model="none", strength=0.8)
    image = np.frombuffer(blobs[request.image.blob], np.uint8).reshape(SIDE, SIDE, 4)
    mask = np.frombuffer(blobs[request.mask.blob], np.uint8).reshape(SIDE, SIDE)
    return request, image, mask
