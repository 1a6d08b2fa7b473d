"""The jobs that a server keeps, from the command line: real programs, a real server, real files."""

from __future__ import annotations

import json
import signal
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from scumble_cli.arguments import parse
from scumble_cli.kept_jobs import short_ids, table
from scumble_protocol.editor.inscribed import ORA_RECORDS, PARAMETERS, RECORD, texts_of
from scumble_protocol.job_list import JobStage, JobSummary
from tests.cli.program import save_picture, scumble, sentence_of
from tests.end_to_end.server_process import TINY, painter, regenerate, running_server
from tests.server.models.checkpoints import make_folder

if TYPE_CHECKING:
    import subprocess

    from scumble_protocol.client import Result
    from tests.end_to_end.server_process import ServerProcess


@pytest.fixture(scope="module")
def made(served: ServerProcess) -> Result:
    """What a job of two layers made, which no editor has put anywhere yet."""
    return make(served, seed=7, count=2)


@pytest.fixture(scope="module")
def failed(served: ServerProcess) -> str:
    """A job that failed."""
    request, blobs = regenerate(model="nowhere/to-be-found")
    with painter(served.state, "Krita") as ann:
        job = ann.submit(request, blobs)
        ann.end_of(job)
    return job


def make(served: ServerProcess, **changes: Any) -> Result:
    request, blobs = regenerate(**changes)
    with painter(served.state, "Krita") as ann:
        return ann.result(ann.submit(request, blobs))


def jobs(
    served: ServerProcess, *arguments: str | Path, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    ended = scumble("jobs", *arguments, state=served.state, folder=folder)
    assert ended.returncode == 0, ended.stderr
    return ended


def as_json(served: ServerProcess, *arguments: str | Path) -> Any:
    return json.loads(jobs(served, *arguments, "--json").stdout)


# List


def test_jobs_are_listed_with_their_state_and_prompt(
    served: ServerProcess, made: Result, failed: str
) -> None:
    lines = jobs(served).stdout.splitlines()
    assert lines[0].split() == ["ID", "state", "accepted", "by", "work", "layers", "size", "prompt"]
    (done,) = (line for line in lines if line.startswith(made.job[:8]))
    assert "finished *" in done
    assert "Krita" in done
    assert "a red apple" in done
    assert any(line.startswith(failed[:8]) and "failed" in line for line in lines)
    assert "has not fetched this result" in lines[-1]


def test_a_program_gets_everything_that_is_known(served: ServerProcess, made: Result) -> None:
    listed = as_json(served, "list")
    assert listed["total"] == len(listed["jobs"])
    (job,) = (job for job in listed["jobs"] if job["job"] == made.job)
    assert (job["stage"], job["layers"], job["work"]) == ("finished", 2, "regenerate")
    assert job["bytes"] == sum(len(data) for data in made.blobs.values())
    assert (job["client"], job["starts"], job["is_acknowledged"]) == ("Krita", 1, False)


def test_a_server_that_keeps_nothing_says_so(tmp_path: Path) -> None:
    with running_server(tmp_path / "empty") as server:
        assert jobs(server).stdout == "The server keeps no jobs.\n"
        assert as_json(server) == {"jobs": [], "total": 0}


def test_without_a_server_its_own_one_tells_what_an_earlier_one_kept(tmp_path: Path) -> None:
    state = tmp_path / "state"
    make_folder(state / "models" / TINY)
    with running_server(state) as server:
        result = make(server)
    ended = scumble("jobs", "--json", state=state)
    assert [job["job"] for job in json.loads(ended.stdout)["jobs"]] == [result.job]


# Show


def test_a_job_is_shown_with_its_recipe(served: ServerProcess, made: Result) -> None:
    shown = jobs(served, "show", made.job[:10]).stdout
    assert made.job in shown
    assert "state      finished" in shown
    assert "a red apple" in shown
    assert "Seed: 7" in shown
    assert "Seed: 8" in shown
    assert "Took " in shown


def test_a_program_gets_the_records_of_all_layers(served: ServerProcess, made: Result) -> None:
    shown = as_json(served, "show", made.job)
    assert [recipe["made"]["seed"] for recipe in shown["recipes"]] == [7, 8]
    assert shown["recipes"][0]["prompt"] == "a red apple"
    assert shown["stage"] == "finished"
    assert set(shown["phases"]) >= {"sampling"}


def test_why_a_job_failed_is_shown(served: ServerProcess, failed: str) -> None:
    shown = jobs(served, "show", failed).stdout
    assert "state      failed" in shown
    assert "nowhere/to-be-found" in shown.split("trouble")[1]


@pytest.mark.parametrize(("name", "words"), [("ffffffff-no", "keeps no job"), ("", "keeps no job")])
def test_a_job_that_is_not_there_is_one_sentence(
    served: ServerProcess, name: str, words: str
) -> None:
    assert words in sentence_of(scumble("jobs", "show", name, state=served.state))


def test_too_short_a_beginning_is_one_sentence(served: ServerProcess) -> None:
    results = [make(served, seed=100 + number) for number in range(17)]
    letters = [result.job[0] for result in results]
    common = next(letter for letter in letters if letters.count(letter) > 1)
    told = sentence_of(scumble("jobs", "show", common, state=served.state))
    assert f"begin with '{common}'" in told
    assert "Give more of the ID: " in told


# Export


def test_layers_are_exported_as_pngs_with_their_recipe(
    served: ServerProcess, made: Result, tmp_path: Path
) -> None:
    told = jobs(served, "export", made.job, tmp_path / "a" / "b").stdout
    files = [tmp_path / "a" / "b" / f"scumble-{made.job[:8]}-{n}.png" for n in (1, 2)]
    assert [f"Wrote {file}" for file in files] == told.splitlines()[:2]
    for file, layer in zip(files, made.finished.layers, strict=True):
        pixels = np.frombuffer(made.blobs[layer.image.blob], np.uint8)
        mask = np.frombuffer(made.blobs[layer.mask.blob], np.uint8)
        size = (layer.rect.height, layer.rect.width)
        with Image.open(file) as image:
            assert image.mode == "RGBA"
            written = np.asarray(image)
        whole = mask.reshape(size) == 255
        assert whole.any()
        assert (written[whole] == pixels.reshape(*size, 4)[whole]).all()
        assert (written[..., 3] == mask.reshape(size)).all()
        texts = texts_of(file)
        assert f"Seed: {layer.seed}" in texts[PARAMETERS]
        assert json.loads(texts[RECORD])["made"]["seed"] == layer.seed
    assert str(made.finished.layers[0].rect.x) in told.splitlines()[-1]


def test_an_exported_recipe_can_be_used_again(
    served: ServerProcess, made: Result, tmp_path: Path
) -> None:
    jobs(served, "export", made.job, folder=tmp_path)
    picture = save_picture(tmp_path / "picture.png")
    like = tmp_path / f"scumble-{made.job[:8]}-1.png"
    ended = scumble(
        "regenerate", picture, "--like", like, "--select", "30,40,20,16", "--json",
        state=served.state,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["layers"][0]["prompt"] == "a red apple"


def test_exporting_twice_replaces_nothing(
    served: ServerProcess, made: Result, tmp_path: Path
) -> None:
    for first in (1, 3):
        told = as_json(served, "export", made.job, tmp_path)
        names = [Path(file).name for file in told["files"]]
        assert names == [f"scumble-{made.job[:8]}-{first + n}.png" for n in (0, 1)]
    assert len(list(tmp_path.iterdir())) == 4


def test_an_openraster_file_has_the_layers_at_their_places(
    served: ServerProcess, made: Result, tmp_path: Path
) -> None:
    jobs(served, "export", made.job, tmp_path, "--ora")
    (file,) = tmp_path.iterdir()
    assert file.suffix == ".ora"
    request = made.finished.request
    with zipfile.ZipFile(file) as archive:
        xml = archive.read("stack.xml").decode()
        records = json.loads(archive.read(ORA_RECORDS))
    assert f'w="{request.canvas.width}"' in xml  # type: ignore[union-attr]
    rect = made.finished.layers[0].rect
    assert f'x="{rect.x}" y="{rect.y}"' in xml
    assert [record["made"]["seed"] for record in records.values()] == [7, 8]


def test_a_job_without_a_result_can_not_be_exported(
    served: ServerProcess, failed: str, tmp_path: Path
) -> None:
    told = sentence_of(scumble("jobs", "export", failed, tmp_path, state=served.state))
    assert "is failed" in told


def test_a_folder_that_can_not_be_made_is_one_sentence(
    served: ServerProcess, made: Result, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    told = sentence_of(
        scumble("jobs", "export", made.job, tmp_path / "file" / "a", state=served.state)
    )
    assert "can't be made" in told


# Delete


def test_deleted_jobs_are_gone_with_their_pictures(served: ServerProcess) -> None:
    one, two = make(served, seed=31), make(served, seed=32)
    blobs = served.state / "blobs"
    images = [blobs / result.finished.layers[0].image.blob for result in (one, two)]
    assert all(image.exists() for image in images)
    told = jobs(served, "delete", one.job[:12], two.job).stdout
    assert "Deleted 2 jobs" in told
    assert not any(image.exists() for image in images)
    left = [job["job"] for job in as_json(served, "--all")["jobs"]]
    assert not {one.job, two.job} & set(left)


def test_what_editors_have_is_deleted_and_nothing_else(served: ServerProcess) -> None:
    seen, unseen = make(served, seed=41), make(served, seed=42)
    with painter(served.state) as ann:
        ann.client.acknowledge(seen.job)
    assert seen.job in as_json(served, "delete", "--acknowledged")["deleted"]
    left = {job["job"]: job for job in as_json(served, "--all")["jobs"]}
    assert unseen.job in left
    assert not any(job["is_acknowledged"] for job in left.values())


def test_all_are_deleted_only_if_that_is_meant(tmp_path: Path) -> None:
    state = tmp_path / "state"
    make_folder(state / "models" / TINY)
    with running_server(state) as server:
        result = make(server)
        told = sentence_of(scumble("jobs", "delete", "--all", state=state))
        assert "1 job, of which no editor has fetched 1" in told
        assert [job["job"] for job in as_json(server)["jobs"]] == [result.job]
        assert "Deleted 1 job " in jobs(server, "delete", "--all", "--yes").stdout
        assert as_json(server)["total"] == 0


def test_a_job_that_waits_is_cancelled_and_deleted(served: ServerProcess) -> None:
    request, blobs = regenerate(steps=200, count=4)
    with painter(served.state) as ann:
        running = ann.submit(request, blobs)
        ann.sampling(running)
        waiting = ann.submit(*regenerate(seed=1))
        states = {job["job"]: job["stage"] for job in as_json(served)["jobs"]}
        assert (states[running], states[waiting]) == ("running", "waiting")
        jobs(served, "delete", waiting, running)
        for job in (waiting, running):
            assert type(ann.end_of(job)).__name__ == "Cancelled"
    left = [job["job"] for job in as_json(served, "--all")["jobs"]]
    assert not {running, waiting} & set(left)


# What can be said


@pytest.mark.parametrize(
    "words",
    [
        ["list", "1234"], ["show"], ["show", "1", "2"], ["export"], ["export", "1", "2", "3"],
        ["delete"], ["delete", "1", "--all"], ["delete", "--acknowledged", "--all"],
        ["list", "--yes"], ["show", "1", "--ora"], ["export", "1", "--all"], ["frobnicate"],
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_wrong_usage(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["jobs", *words])
    assert ended.value.code == 2
    assert "`scumble jobs --help`" in capsys.readouterr().err


# The table


def summary(job: str, **changes: Any) -> JobSummary:
    plain = JobSummary(
        job, 1, JobStage.FINISHED, "GIMP", "show_mask", "", 1.7e9, 1.7e9, True, 1, 1536, 1, ""
    )
    return replace(plain, **changes)


def test_ids_are_as_long_as_it_takes_to_tell_them_apart() -> None:
    alike = [summary("0123456789a"), summary("0123456789b"), summary("short")]
    assert short_ids(alike) == ("0123456789a", "0123456789b", "short")
    assert short_ids([summary("0123456789a"), summary("abcdefghijk")]) == ("01234567", "abcdefgh")
    assert short_ids([]) == ()


def test_the_table_fits_on_the_screen() -> None:
    long = summary("0123456789a", prompt="a very\nlong  prompt " * 20)
    failed = summary("b123456789a", stage=JobStage.FAILED, error="It broke.", layers=0, bytes=0)
    head, first, second = table([long, failed], 90)
    assert head.rstrip() == head
    assert len(first) == 90
    assert first.endswith("…")
    assert "a very long prom" in first
    assert "show mask" in first
    assert "1.5 KiB" in first
    assert second.endswith("It broke.")


def test_an_interrupted_list_says_nothing_but_that(tmp_path: Path) -> None:
    ended = scumble(
        "jobs", state=tmp_path,
        code=(
            "import os, signal; from scumble_cli import connection;"
            f"connection.Connection.__enter__ = lambda _: os.kill(os.getpid(), {signal.SIGINT:d});"
            "from scumble_cli.__main__ import main"
        ),
    )  # fmt: skip
    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr
