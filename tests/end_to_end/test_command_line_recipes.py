"""Result files say how they were made, and make the same again: real programs, servers, files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import tifffile
from sd_parsers import ParserManager

from scumble_protocol.editor.dropped import settings_from_file
from tests.cli.program import samples, save_mask, save_picture, scumble
from tests.editor.recipes import A1111, png
from tests.end_to_end.server_process import TINY, running_server
from tests.server.models.checkpoints import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.server_process import ServerProcess

STARTER = "starter"
OPTIONS = (
    "--select", "20,30,40,30", "--prompt", "a {red|green} (apple:1.2)", "--negative", "grey",
    "--sampler", "euler_a", "--schedule", "simple", "--steps", "3", "--cfg", "2.5",
    "--padding", "9", "--strength", "0.9", "--pass", "0.5", "--grow", "auto", "--feather", "3",
    "--content", "fill",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running server whose state folder has a tiny random model."""
    state = tmp_path_factory.mktemp("state")
    make_folder(state / "models" / TINY)
    with running_server(state) as server:
        yield server


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return save_picture(tmp_path / "picture.png")


def done(*arguments: str | Path, served: ServerProcess) -> str:
    ended = scumble(*arguments, state=served.state)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("model", [TINY, STARTER])
def test_like_a_result_makes_the_same_bytes_again(
    model: str, picture: Path, served: ServerProcess
) -> None:
    first, again, once_more = (picture.with_name(f"{name}.png") for name in "abc")
    done("regenerate", picture, *OPTIONS, "--model", model, "--out", first, served=served)
    where = ("--select", "20,30,40,30")
    done("regenerate", picture, *where, "--like", first, "--out", again, served=served)
    assert (samples(first) == samples(again)).all()
    done("regenerate", picture, *where, "--like", again, "--out", once_more, served=served)
    assert again.read_bytes() == once_more.read_bytes()


def test_each_variation_is_made_again_alone(picture: Path, served: ServerProcess) -> None:
    out = picture.with_name("out.png")
    said = ("--model", TINY, "--seed", "5", "--count", "2")
    done("regenerate", picture, *OPTIONS, *said, "--out", out, served=served)
    second, again = picture.with_name("out-2.png"), picture.with_name("again.png")
    assert settings_from_file(second).seed == 6
    done(
        "regenerate", picture, "--select", "20,30,40,30", "--like", second, "--out", again,
        served=served,
    )  # fmt: skip
    assert (samples(second) == samples(again)).all()
    assert (samples(picture.with_name("out-1.png")) != samples(again)).any()


def test_regions_are_found_again_by_their_files(picture: Path, served: ServerProcess) -> None:
    sky = save_mask(picture.with_name("sky.png"))
    said = ("--prompt", "a cat", "--region", f"a sky={sky}", "--steps", "2", "--model", TINY)
    first, again = picture.with_name("a.png"), picture.with_name("b.png")
    done("regenerate", picture, *said, "--out", first, served=served)
    done("regenerate", picture, "--like", first, "--out", again, served=served)
    assert (samples(first) == samples(again)).all()
    sky.unlink()
    ended = scumble("regenerate", picture, "--like", first, state=served.state)
    assert f"There is no file {sky}" in ended.stderr


@pytest.mark.parametrize("ending", ["png", "tiff", "jpg", "webp", "ora"])
def test_info_tells_and_somebody_elses_reader_agrees(
    ending: str, picture: Path, served: ServerProcess
) -> None:
    out = picture.with_name(f"out.{ending}")
    said = ("--model", TINY, "--seed", "5", "--out", out)
    done("regenerate", picture, *OPTIONS, *said, served=served)
    told = done("info", out, served=served)
    assert "Sampler: Euler a, Schedule type: Simple, CFG scale: 2.5, Seed: 5" in told
    assert "Pass: pass 2 at 80x64, strength 0.5, 1 steps" in told
    record = json.loads(done("info", out, "--json", served=served))
    assert record["record"]["made"]["seed"] == record["settings"]["seed"] == 5
    assert len(record["record"]["made"]["passes"]) == 2
    assert record["settings"]["padding"] == 9
    if ending in {"png", "jpg", "webp"}:
        theirs = ParserManager().parse(out)
        assert theirs is not None
        assert theirs.full_prompt == record["record"]["made"]["prompt"]
        assert theirs.samplers[0].parameters["seed"] == "5"
    if ending == "tiff":
        with tifffile.TiffFile(out) as file:
            assert told.startswith(file.pages.first.tags[270].value)


def test_a_file_of_a1111s_is_used_as_far_as_it_goes(picture: Path, served: ServerProcess) -> None:
    theirs = picture.with_name("theirs.png")
    theirs.write_bytes(
        png((b"tEXt", b"parameters\0" + A1111.replace("<lora:fur:0.8>", "").encode()))
    )
    assert json.loads(done("info", theirs, "--json", served=served))["passed_over"] == [
        "VAE", "ENSD"
    ]  # fmt: skip
    out = picture.with_name("out.png")
    told = done(
        "regenerate", picture, "--like", theirs, "--model", TINY, "--steps", "2",
        "--clip-skip", "1", "--out", out, "--json", served=served,
    )  # fmt: skip
    assert json.loads(told)["seed"] == 1234567890
    assert json.loads(told)["passed_over"] == ["VAE", "ENSD"]
    settings = settings_from_file(out)
    assert (settings.steps, settings.cfg, settings.negative) == (2, 6.5, "blurry,\nugly")


def test_a_removal_and_an_upscale_say_what_they_are(picture: Path, served: ServerProcess) -> None:
    removed, large = picture.with_name("removed.png"), picture.with_name("large.png")
    done("remove", picture, "--select", "30,30,20,20", "--out", removed, served=served)
    assert "Masked content: remove" in done("info", removed, served=served)
    done("upscale", picture, "--scale", "2", "--model", "lanczos", "--out", large, served=served)
    assert "Postprocess upscaler: lanczos" in done("info", large, served=served)
    fields = json.loads(done("info", large, "--json", served=served))
    assert (fields["record"]["kind"], fields["settings"]) == ("upscale", None)
