"""An editor that is killed at a named point of a job's life, and the next one with its memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scumble_protocol.messages import Finished
from tests.faults.editors import edited
from tests.faults.inspection import inspect
from tests.faults.servers import serving

pytestmark = pytest.mark.timeout(600)

BEFORE_ACCEPTED = ["remembered", "said.submit:before", "said.submit:after", "heard.want"]
"""Points at which a server can't have the job and all its pictures."""

SINCE_ACCEPTED = [
    "said.piece:after#2",
    "heard.accepted",
    "heard.started",
    "heard.progress",
    "heard.progress#4",
    "heard.finished",
    "said.want:after",
    "heard.BlobArrived",
    "placed",
]

ONCE_PLACED = ["said.acknowledge:before", "said.acknowledge:after"]
"""Points at which the result is in the document, so that the memory may say that it is over."""


def document(folder: Path) -> Any:
    return json.loads((folder / "document.json").read_text())


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory, undisturbed_state: Path) -> Any:
    """The document of an editor to which nothing happened."""
    folder = tmp_path_factory.mktemp("editor")
    with serving(undisturbed_state):
        assert edited(undisturbed_state, folder, orders=1).ended() == 0
    (layers,) = document(folder)["layers"]
    return layers


@pytest.mark.parametrize("point", BEFORE_ACCEPTED)
def test_what_was_not_accepted_is_said_to_be_unknown(
    point: str, state: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "editor"
    with serving(state):
        # The first thing that it remembers is the order, the second the job.
        turn = "#2" if point == "remembered" else ""
        edited(state, folder, f"kill@{point}{turn}", orders=1).died()
        assert edited(state, folder).ended() == 0
    assert document(folder)["layers"] == []
    assert inspect(state, sent=kept(state)).ends == {}


@pytest.mark.parametrize("point", SINCE_ACCEPTED)
def test_a_job_outlives_its_editor_and_comes_to_the_next_one_once(
    point: str, state: Path, tmp_path: Path, right: Any
) -> None:
    folder = tmp_path / "editor"
    with serving(state):
        edited(state, folder, f"kill@{point}", orders=1).died()
        assert edited(state, folder).ended() == 0
        assert document(folder)["layers"] == [right]
        assert edited(state, folder).ended() == 0
        assert document(folder)["layers"] == []
    ends = inspect(state, sent=kept(state)).ends
    assert [end.type for end in ends.values() if end] == ["finished"]


@pytest.mark.parametrize("point", ONCE_PLACED)
def test_what_an_editor_took_and_lost_with_its_document_is_still_with_the_server(
    point: str, state: Path, tmp_path: Path, right: Any
) -> None:
    folder = tmp_path / "editor"
    with serving(state):
        edited(state, folder, f"kill@{point}", orders=1).died()
        assert edited(state, folder).ended() == 0
        assert document(folder)["layers"] in ([], [right])
    (end,) = inspect(state, sent=kept(state)).ends.values()
    assert isinstance(end, Finished)


def test_editor_and_server_die_and_the_next_ones_go_on(
    state: Path, tmp_path: Path, right: Any
) -> None:
    folder = tmp_path / "editor"
    with serving(state, "kill@phase.sampling#3") as killed:
        edited(state, folder, "kill@heard.progress#2", orders=1).died()
        killed.died()
    with serving(state):
        assert edited(state, folder).ended() == 0
    assert document(folder)["layers"] == [right]


def kept(state: Path) -> list[str]:
    """The pictures that an editor sent, which a server keeps beyond their jobs for a while."""
    return [path.name for path in (state / "blobs").iterdir()]
