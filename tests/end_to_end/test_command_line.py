"""The command line from outside: real programs, real servers, real files."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from scumble_protocol import endpoint
from scumble_protocol.messages import Status
from tests.cli.program import (
    PATIENCE,
    SIDE,
    environment,
    samples,
    save_mask,
    save_picture,
    scumble,
    sentence_of,
)
from tests.end_to_end.server_process import TINY, painter, running_server
from tests.server.models.checkpoints import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.server_process import ServerProcess

QUICK = ("--prompt", "an apple", "--model", TINY, "--steps", "3", "--seed", "7")
LONG = ("--count", "4", "--steps", "20")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running server whose state folder has a tiny random model."""
    state = tmp_path_factory.mktemp("state")
    make_folder(state / "models" / TINY)
    with running_server(state) as server:
        yield server


@pytest.fixture
def alone(tmp_path: Path, served: ServerProcess) -> Path:
    """A state folder with the model, and no server."""
    shutil.copytree(served.state / "models", tmp_path / "alone" / "models")
    return tmp_path / "alone"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return save_picture(tmp_path / "picture.png")


def test_regenerate_changes_the_selection_alone(picture: Path, served: ServerProcess) -> None:
    ended = scumble(
        "regenerate", picture, "--select", "30,40,20,16", *QUICK,
        "--grow", "2", "--feather", "4", "--strength", "1", state=served.state,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    before, after = samples(picture), samples(picture.with_name("picture-scumble-1.png"))
    changed = np.argwhere((before != after).any(axis=2))
    assert (changed.min(axis=0) >= (40 - 6, 30 - 6)).all()
    assert (changed.max(axis=0) < (56 + 6, 50 + 6)).all()
    assert (before != after)[44:52, 34:46].any(axis=2).mean() > 0.9


def test_same_seed_gives_the_same_file_and_another_a_different_one(
    picture: Path, served: ServerProcess
) -> None:
    for seed in ("7", "7", "8"):
        ended = scumble("regenerate", picture, *QUICK[:-1], seed, state=served.state)
        assert ended.returncode == 0, ended.stderr
    first, second, third = (
        picture.with_name(f"picture-scumble-{number}.png").read_bytes() for number in (1, 2, 3)
    )
    assert first == second != third


def test_a_model_anywhere_on_the_disk_is_named_by_its_path(
    picture: Path, tmp_path: Path, served: ServerProcess
) -> None:
    shutil.copytree(served.state / "models" / TINY, tmp_path / "elsewhere")
    ended = scumble(
        "regenerate", picture, "--prompt", "an apple", "--steps", "2", "--json",
        "--model", tmp_path / "elsewhere", state=served.state,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["model"] == str((tmp_path / "elsewhere").resolve())


def test_strength_0_keeps_every_sample(picture: Path, served: ServerProcess) -> None:
    ended = scumble("regenerate", picture, *QUICK, "--strength", "0", state=served.state)
    assert ended.returncode == 0, ended.stderr
    assert (samples(picture) == samples(picture.with_name("picture-scumble-1.png"))).all()


def test_json_has_seed_phases_and_layers_on_stdout_and_progress_on_stderr(
    picture: Path, served: ServerProcess
) -> None:
    mask = save_mask(picture.with_name("mask.png"))
    ended = scumble(
        "regenerate", picture, "--mask", mask, *QUICK, "--count", "2", "--json", state=served.state
    )
    told = json.loads(ended.stdout)
    assert told["seed"] == 7
    assert {"encoding", "sampling", "decoding"} <= told["phases"].keys()
    assert all(seconds >= 0 for seconds in told["phases"].values())
    assert [layer["seed"] for layer in told["layers"]] == [7, 8]
    for layer in told["layers"]:
        assert layer["x"] <= SIDE // 4
        assert layer["x"] + layer["width"] >= SIDE * 3 // 4
    assert told["files"] == [
        str(picture.with_name(f"picture-scumble-{number}.png")) for number in (1, 2)
    ]
    assert "Sampling" in ended.stderr


def test_failure_is_told_in_json_too(picture: Path, served: ServerProcess) -> None:
    ended = scumble("regenerate", picture, *QUICK, "--steps", "0", "--json", state=served.state)
    assert sentence_of(ended)
    assert json.loads(ended.stdout)["error"]["code"] == "invalid_value"


def test_openraster_file_holds_all_variations(picture: Path, served: ServerProcess) -> None:
    out = picture.with_name("result.ora")
    ended = scumble("regenerate", picture, *QUICK, "--count", "2", "--out", out, state=served.state)
    assert ended.returncode == 0, ended.stderr
    with zipfile.ZipFile(out) as archive:
        stack = archive.read("stack.xml").decode()
    assert stack.count('name="Seed ') == 2
    assert "Scumble: an apple" in stack


def test_file_is_replaced_only_when_asked(picture: Path, served: ServerProcess) -> None:
    before = picture.read_bytes()
    named = ("regenerate", picture, *QUICK, "--out", picture)
    assert "the picture itself" in sentence_of(scumble(*named, state=served.state))
    assert picture.read_bytes() == before
    ended = scumble(*named, "--overwrite", state=served.state)
    assert ended.returncode == 0, ended.stderr
    assert picture.read_bytes() != before


def test_deep_picture_stays_deep(tmp_path: Path, served: ServerProcess) -> None:
    deep = np.random.default_rng(1).integers(0, 2**16, (SIDE, SIDE, 3), np.uint16)
    tifffile.imwrite(tmp_path / "deep.tiff", deep, photometric="rgb")
    out = tmp_path / "result.tiff"
    ended = scumble(
        "regenerate", tmp_path / "deep.tiff", "--select", "40,40,8,8", *QUICK,
        "--out", out, state=served.state,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    result = tifffile.imread(out)
    assert result.dtype == np.uint16
    assert (result[:20] == deep[:20]).all()
    assert (result[42:46, 42:46] != deep[42:46, 42:46]).any()


def test_upscale_without_a_model_enlarges(picture: Path, served: ServerProcess) -> None:
    out = picture.with_name("large.png")
    ended = scumble("upscale", picture, "--scale", "1.5", "--out", out, state=served.state)
    assert ended.returncode == 0, ended.stderr
    assert samples(out).shape[:2] == (SIDE * 3 // 2, SIDE * 3 // 2)


def test_command_without_a_server_starts_one_and_ends_it(picture: Path, alone: Path) -> None:
    ended = scumble("regenerate", picture, *QUICK, state=alone)
    assert ended.returncode == 0, ended.stderr
    assert "Starting a server" in ended.stderr
    assert not (alone / endpoint.FILE_NAME).exists()
    assert (alone / "journal.sqlite").exists()


def test_two_commands_at_once_without_a_server_both_succeed(picture: Path, alone: Path) -> None:
    commands = [
        started("regenerate", picture, *QUICK, "--out", picture.with_name(name), state=alone)
        for name in ("one.png", "two.png")
    ]
    for command in commands:
        _, said = command.communicate(timeout=PATIENCE)
        assert command.returncode == 0, said
    assert picture.with_name("one.png").read_bytes() == picture.with_name("two.png").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels_the_job_and_leaves_nothing(
    number: signal.Signals, picture: Path, served: ServerProcess
) -> None:
    long = ("--prompt", "x", "--model", TINY, "--steps", "200", "--count", "16", "--strength", "1")
    with started("regenerate", picture, *long, state=served.state) as command:
        wait_for_sampling(command)
        command.send_signal(number)
        _, said = command.communicate(timeout=PATIENCE)
    assert command.returncode == 130, said
    assert said.endswith("Stopped.\n")
    assert [path.name for path in picture.parent.glob("*.p*")] == [picture.name]
    with painter(served.state) as client:
        client.client.ask_status()
        status = client.until(lambda event: isinstance(event, Status))
    assert isinstance(status, Status)
    assert (status.running, status.waiting) == (0, 0)


def test_token_comes_from_the_environment(
    picture: Path, served: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = served.listening()
    named = ("regenerate", picture, *QUICK, "--strength", "0", "--server", here.url)
    assert "token" in sentence_of(scumble(*named, state=tmp_path))
    told = scumble(*named, "--token", here.token, state=tmp_path)
    assert told.returncode == 0, told.stderr
    told = subprocess.run(
        [sys.executable, "-m", "scumble_cli", *named],
        env={**environment(tmp_path), "SCUMBLE_TOKEN": here.token},
        check=False,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr


def test_models_are_listed_described_and_removed(alone: Path) -> None:
    listed = json.loads(scumble("models", "--json", state=alone).stdout)
    assert {"lanczos", TINY} <= {model["id"] for model in listed}
    described = scumble("models", "info", TINY, state=alone)
    assert "sd1" in described.stdout
    removed = scumble("models", "remove", TINY, "--yes", state=alone)
    assert removed.returncode == 0, removed.stderr
    assert not (alone / "models" / TINY).exists()


def test_model_that_no_hub_gives_is_told_in_one_sentence(served: ServerProcess) -> None:
    ended = scumble("models", "get", "painter/nothing", state=served.state)
    assert "painter/nothing" in sentence_of(ended)
    assert list((served.state / "models").iterdir()) == [served.state / "models" / TINY]


def test_doctor_finds_a_sound_machine_sound(served: ServerProcess) -> None:
    ended = scumble("doctor", "--json", state=served.state)
    findings = {finding["subject"]: finding for finding in json.loads(ended.stdout)}
    assert ended.returncode == 0, findings
    assert {"Python", "Packages", "Device", "Memory", "Folder", "Disk", "Models", "Server"} <= set(
        findings
    )
    assert TINY in findings["Models"]["facts"]
    assert "running" in findings["Server"]["facts"]
    assert "Loading" in findings


def test_doctor_names_what_is_broken_and_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("A file where the folder should be.")
    ended = scumble("doctor", state=tmp_path / "state")
    assert ended.returncode == 1
    assert "!!  Folder" in ended.stdout
    assert "SCUMBLE_STATE" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_demo_makes_its_four_files_and_changes_nothing_outside_the_mask(
    tmp_path: Path, served: ServerProcess
) -> None:
    ended = scumble("demo", "--out", tmp_path / "demo", state=served.state)
    assert ended.returncode == 0, ended.stderr
    before, mask, after = (
        samples(tmp_path / "demo" / name) for name in ("before.png", "mask.png", "after.png")
    )
    assert before.shape == after.shape
    assert mask.shape == before.shape[:2]
    assert (before == after)[mask == 0].all()
    assert (before != after)[mask == 255].any(axis=1).mean() > 0.5
    assert zipfile.is_zipfile(tmp_path / "demo" / "demo.ora")
    assert "scumble serve" in ended.stdout
    assert "sampling" in ended.stdout


def test_demo_into_a_file_is_refused(tmp_path: Path, served: ServerProcess) -> None:
    (tmp_path / "demo").write_text("")
    assert "can't be made" in sentence_of(
        scumble("demo", "--out", tmp_path / "demo", state=served.state)
    )


def test_serve_says_where_it_listens_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    with started("serve", state=tmp_path / "state") as server:
        assert server.stdout is not None
        assert "Scumble listens on 127.0.0.1" in server.stdout.readline()
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=PATIENCE)
    assert server.returncode == 0


def test_lost_server_is_replaced_and_finishes_the_job(picture: Path, alone: Path) -> None:
    asked = ("regenerate", picture, *QUICK, *LONG)
    with running_server(alone) as first, started(*asked, state=alone) as command:
        wait_for_sampling(command)
        first.kill()
        _, said = command.communicate(timeout=PATIENCE)
    assert command.returncode == 0, said
    assert "Starting a server" in said
    assert picture.with_name("picture-scumble-1.png").exists()
    assert not (alone / endpoint.FILE_NAME).exists()


def started(*arguments: str | Path, state: Path) -> subprocess.Popen[str]:
    """The program, running."""
    return subprocess.Popen(
        [sys.executable, "-m", "scumble_cli", *map(str, arguments)],
        env=environment(state),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_sampling(command: subprocess.Popen[str]) -> None:
    """Wait until the command's job is in the middle of its work."""
    assert command.stderr is not None
    for line in command.stderr:
        if line.startswith("Sampling"):
            return
