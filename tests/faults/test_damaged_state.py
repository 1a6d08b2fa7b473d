"""A state folder that is damaged or can't be written: what could be read of it is there again."""

from __future__ import annotations

import contextlib
import os
import random
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scumble_protocol.messages import Finished
from tests.end_to_end.server_process import painter, regenerate
from tests.faults.conftest import state_with
from tests.faults.expected import Undisturbed
from tests.faults.inspection import inspect
from tests.faults.servers import Server, serving
from tests.faults.small_disk import small_disk
from tests.faults.test_server_killed import settled

pytestmark = pytest.mark.timeout(600)

SEED = 20_261
JOBS = 12


@pytest.fixture
def filled(state: Path, undisturbed: Undisturbed) -> tuple[Path, dict[str, int]]:
    """A folder with finished jobs, by their seeds, and one that was accepted and not done."""
    asked = [regenerate(seed=seed) for seed in range(JOBS)]
    undisturbed.learn(*asked)
    with serving(state, f"kill@engine.run:before#{JOBS}") as killed, painter(state) as ann:
        jobs = {ann.submit(*one): seed for seed, one in enumerate(asked)}
        killed.died()
    return state, jobs


def flip(path: Path, count: int, numbers: random.Random) -> None:
    """Spoil so many bytes of a file, anywhere."""
    data = bytearray(path.read_bytes())
    for _ in range(count):
        data[numbers.randrange(len(data))] ^= 1 << numbers.randrange(8)
    path.write_bytes(data)


def test_a_journal_with_a_spoiled_page_gives_what_can_be_read(
    filled: tuple[Path, dict[str, int]], undisturbed: Undisturbed
) -> None:
    state, jobs = filled
    with serving(state), painter(state):  # so that everything is in the database itself
        pass
    before = inspect(state, sent=names(state)).ends
    journal = state / "journal.sqlite"
    data = bytearray(journal.read_bytes())
    numbers = random.Random(SEED)  # noqa: S311
    page = 4096 * numbers.randrange(3, len(data) // 4096)
    data[page : page + 4096] = numbers.randbytes(4096)
    journal.write_bytes(data)
    with serving(state), painter(state) as ann:
        settled(ann)
    after = inspect(state, sent=names(state)).ends
    kept = [job for job in after if isinstance(before.get(job), Finished)]
    assert len(kept) >= len(before) // 2, f"only {len(kept)} of {len(before)}"
    for job in kept:
        if isinstance(after[job], Finished):
            assert after[job].layers == before[job].layers  # type: ignore[union-attr]
    assert set(after) <= set(jobs)


@pytest.mark.parametrize("damage", ["nothing but noise", "empty", "half of it"])
def test_a_server_starts_on_any_journal_and_does_jobs(
    damage: str, filled: tuple[Path, dict[str, int]], undisturbed: Undisturbed
) -> None:
    state, _ = filled
    journal = state / "journal.sqlite"
    noise = random.Random(SEED).randbytes(20_000)  # noqa: S311
    whole = journal.read_bytes()
    spoiled = {"nothing but noise": noise, "empty": b"", "half of it": whole[: len(whole) // 2]}
    journal.write_bytes(spoiled[damage])
    request, blobs = regenerate(seed=3)
    with serving(state), painter(state) as ann:
        job = ann.submit(request, blobs)
        undisturbed.check(ann.result(job))
        settled(ann)
    assert isinstance(inspect(state, sent=names(state)).ends[job], Finished)


def test_a_damaged_picture_of_a_waiting_job_fails_that_job_alone(
    state: Path, undisturbed: Undisturbed
) -> None:
    request, blobs = regenerate()
    other, more = regenerate(side=48)
    undisturbed.learn((other, more))
    with serving(state, "kill@said.accepted:after#2") as killed, painter(state) as ann:
        jobs = ann.submit(request, blobs), ann.submit(other, more)
        killed.died()
        flip(state / "blobs" / request.image.blob, 1, random.Random(SEED))  # noqa: S311
        with serving(state):
            ann.client.retry()
            assert ann.end_of(jobs[0]).type == "failed"  # type: ignore[union-attr]
            undisturbed.check(ann.result(jobs[1]))


def test_a_folder_that_may_only_be_read_is_said_in_a_sentence(
    tmp_path: Path, model: Path, undisturbed: Undisturbed
) -> None:
    request, blobs = regenerate()
    undisturbed.learn((request, blobs))
    with small_disk(tmp_path / "disk") as is_mounted:
        if not is_mounted and os.geteuid() == 0:
            pytest.skip("root may write everywhere where nothing can be mounted")
        state = state_with(model, tmp_path / "disk" / "state")
        with serving(state), painter(state) as ann:
            job = ann.submit(request, blobs)
            ann.result(job)
        with read_only(state, is_mounted=is_mounted):
            server = Server(state, words=tmp_path / "words.txt")
            assert server.ended() == 1
        said = server.words.read_text().splitlines()[-1]
        assert said.startswith("scumble: ")
        assert str(state) in said
        with serving(state), painter(state) as ann:
            ann.client.attach(job)
            undisturbed.check(ann.result(job))


@contextlib.contextmanager
def read_only(state: Path, *, is_mounted: bool) -> Iterator[None]:
    """Let nothing be written to the folder."""
    if is_mounted:
        remount(state.parent, "ro")
    else:
        state.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        yield
    finally:
        if is_mounted:
            remount(state.parent, "rw")
        else:
            state.chmod(stat.S_IRWXU)


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def names(state: Path) -> list[str]:
    """All pictures of the folder."""
    return [path.name for path in (state / "blobs").iterdir()]
