"""What one generation can be asked for on the command line: real programs, servers, files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.program import SIDE, samples, save_mask, save_picture, scumble
from tests.end_to_end.server_process import TINY, running_server
from tests.server.models.checkpoints import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.server_process import ServerProcess

QUICK = ("--model", TINY, "--steps", "3", "--seed", "7")
MIDDLE = ("--select", "36,36,24,24")


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


def done(*arguments: str | Path, served: ServerProcess) -> dict[str, Any]:
    """What the command says as JSON."""
    ended = scumble(*arguments, "--json", state=served.state)
    assert ended.returncode == 0, ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def regenerated(picture: Path, *arguments: str | Path, served: ServerProcess) -> Any:
    """The pixels that come with these options."""
    out = picture.with_name("out.png")
    said = ("--prompt", "an apple", *QUICK, *MIDDLE, "--out", out, "--overwrite")
    done("regenerate", picture, *said, *arguments, served=served)
    return samples(out)


def test_passes_are_run_one_after_the_other_and_told(picture: Path, served: ServerProcess) -> None:
    told = done(
        "regenerate", picture, "--prompt", "x", *QUICK, "--strength", "1", "--pass", "0.7",
        "--pass", "0.4", served=served,
    )  # fmt: skip
    strengths = [one["strength"] for one in told["layers"][0]["passes"]]
    assert strengths == [1, 0.7, 0.4]


def test_a_random_seed_is_reported_and_makes_the_same_again(
    picture: Path, served: ServerProcess
) -> None:
    said = ("--prompt", "x", "--model", TINY, "--steps", "2", *MIDDLE)
    first, again = picture.with_name("a.png"), picture.with_name("b.png")
    told = done("regenerate", picture, *said, "--seed", "-1", "--out", first, served=served)
    seed = str(told["seed"])
    done("regenerate", picture, *said, "--seed", seed, "--out", again, served=served)
    assert (samples(first) == samples(again)).all()


def test_each_setting_changes_the_result(picture: Path, served: ServerProcess) -> None:
    plain = regenerated(picture, served=served)
    assert (plain == regenerated(picture, served=served)).all()
    for said in (
        ("--schedule", "exponential"),
        ("--sampler", "euler", "--schedule", "normal"),
        ("--full-steps", "--strength", "0.4"),
        ("--cfg-rescale", "1"),
        ("--content", "nothing"),
        ("--content", "noise"),
        ("--padding", "0"),
        ("--invert",),
        ("--clip-skip", "2"),
    ):
        assert (plain != regenerated(picture, *said, served=served)).any(), said


def test_the_whole_area_is_worked_on_whatever_the_padding(
    picture: Path, served: ServerProcess
) -> None:
    whole = regenerated(picture, "--area", "whole", "--padding", "0", served=served)
    assert (whole == regenerated(picture, "--padding", str(SIDE), served=served)).all()


def test_what_is_inverted_is_kept_inside_and_made_anew_outside(
    picture: Path, served: ServerProcess
) -> None:
    before = samples(picture)
    after = regenerated(
        picture, "--invert", "--strength", "1", "--grow", "0", "--feather", "0", served=served
    )
    assert (before == after)[36:60, 36:60].all()
    assert (before != after)[:30].any(axis=2).mean() > 0.9


def test_automatic_rims_depend_on_the_selection(picture: Path, served: ServerProcess) -> None:
    before = samples(picture)
    narrow = regenerated(picture, "--grow", "auto", "--feather", "auto", served=served)
    changed = np.argwhere((before != narrow).any(axis=2))
    assert changed.min() >= 36 - 2 - 4, "2 and 4 pixels suit a selection of 24"


def test_the_effective_mask_is_shown_in_red_and_nothing_else_is_done(
    picture: Path, served: ServerProcess
) -> None:
    mask = picture.with_name("mask.png")
    told = done(
        "regenerate", picture, *MIDDLE, "--strength", "1", "--grow", "0", "--feather", "0",
        "--show-mask", mask, served=served,
    )  # fmt: skip
    assert told["files"] == [str(mask)]
    before, after = samples(picture), samples(mask)
    assert (after[36:60, 36:60] == (255, 0, 0)).all()
    outside = np.ones((SIDE, SIDE), bool)
    outside[36:60, 36:60] = False
    assert (after == before)[outside].all()
    assert sorted(path.name for path in picture.parent.glob("*.png")) == [mask.name, picture.name]


def test_a_result_of_another_size_is_written_at_that_size(
    picture: Path, served: ServerProcess
) -> None:
    for how in ("stretch", "crop", "fill", "latent"):
        out = picture.with_name(f"{how}.png")
        done(
            "regenerate", picture, "--prompt", "x", *QUICK, "--size", "128x96", "--resize", how,
            "--count", "2", "--out", out, served=served,
        )  # fmt: skip
        for number in (1, 2):
            assert samples(picture.with_name(f"{how}-{number}.png")).shape == (96, 128, 3)


def test_a_picture_is_expanded_and_what_was_there_stays(
    picture: Path, served: ServerProcess
) -> None:
    said = ("--prompt", "grass", *QUICK, "--grow", "2", "--feather", "2")
    out = picture.with_name("wide.png")
    done(
        "expand", picture, *said, "--ratio", "2:1", "--anchor", "right", "--out", out, served=served
    )
    wide = samples(out)
    assert wide.shape == (SIDE, 2 * SIDE, 3)
    assert (wide[:, SIDE + 8 :] == samples(picture)[:, 8:]).all()
    assert len(np.unique(wide[:, : SIDE // 2].reshape(-1, 3), axis=0)) > SIDE
    told = done("expand", picture, *said, "--top", "16", "--left", "8", served=served)
    assert samples(picture.with_name("picture-expanded-1.png")).shape == (SIDE + 16, SIDE + 8, 3)
    assert told["kind"] == "regenerate"


def test_a_stripe_is_removed_without_a_model_and_with_one(
    tmp_path: Path, served: ServerProcess
) -> None:
    grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
    grey[40:56, 40:56] = (255, 0, 0)
    picture = tmp_path / "picture.png"
    Image.fromarray(grey).save(picture)
    said = ("--select", "40,40,16,16")
    without, light = tmp_path / "without.png", tmp_path / "light.png"
    told = done("remove", picture, *said, "--out", without, served=served)
    assert (told["kind"], told["seed"]) == ("remove", None)
    assert np.abs(samples(without).astype(int) - 128).max() <= 2
    told = done("remove", picture, *said, *QUICK, "--prompt", "grey", "--out", light, served=served)
    assert (told["kind"], told["seed"]) == ("regenerate", 7)
    redness = samples(light)[44:52, 44:52].astype(int)
    assert redness[..., 0].mean() - redness[..., 1].mean() < 100


def test_an_upscale_is_refined_and_says_its_seed(picture: Path, served: ServerProcess) -> None:
    said = ("upscale", picture, "--size", "192x192", "--model", "lanczos")
    plain, fine = picture.with_name("plain.png"), picture.with_name("fine.png")
    assert done(*said, "--out", plain, served=served)["seed"] is None
    told = done(
        *said, "--second", "starter-2x", "--refine", "0.5", "--refine-model", TINY, "--prompt", "x",
        "--steps", "2", "--tile", "128", "--overlap", "32", "--seed", "3", "--out", fine,
        served=served,
    )  # fmt: skip
    assert told["seed"] == 3
    assert samples(plain).shape == samples(fine).shape == (192, 192, 3)
    assert (samples(plain) != samples(fine)).any()


def test_refinement_of_strength_0_changes_nothing(picture: Path, served: ServerProcess) -> None:
    said = ("upscale", picture, "--scale", "2", "--model", "lanczos")
    plain, fine = picture.with_name("plain.png"), picture.with_name("fine.png")
    done(*said, "--out", plain, served=served)
    done(*said, "--refine", "0", "--refine-model", TINY, "--out", fine, served=served)
    assert (samples(plain) == samples(fine)).all()


def test_a_region_changes_the_result(picture: Path, served: ServerProcess) -> None:
    white = save_mask(picture.with_name("white.png"))
    plain = regenerated(picture, served=served)
    assert (plain != regenerated(picture, "--region", f"a sky={white}", served=served)).any()
