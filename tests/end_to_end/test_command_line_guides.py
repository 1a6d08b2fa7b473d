"""Controls, references and other VAEs from the command line: real programs, servers, files."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.cli.program import samples, save_picture, scumble, sentence_of
from tests.end_to_end.server_process import TINY, running_server
from tests.server.control import additions
from tests.server.models.checkpoints import make_folder, make_unet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.server_process import ServerProcess

SAID = ("--prompt", "an apple", "--model", TINY, "--steps", "2", "--seed", "7", "--strength", "1")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running server with a tiny model and what can be added to it."""
    state = tmp_path_factory.mktemp("state")
    models = state / "models"
    make_folder(models / TINY)
    additions.make_control(models / "controlnet/canny", "sd1")
    additions.make_encoder(models / "image_encoder/tiny")
    additions.make_adapter(models / "ip_adapter/sd1.safetensors", make_unet("sd1", channels=4))
    additions.make_other_vae(models / "vae/other")
    with running_server(state) as server:
        yield server


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return save_picture(tmp_path / "picture.png")


def regenerated(picture: Path, *arguments: str | Path, served: ServerProcess) -> Any:
    """What the command says, and the pixels that come."""
    out = picture.with_name("out.png")
    ended = scumble(
        "regenerate", picture, *SAID, *arguments, "--out", out, "--overwrite", "--json",
        state=served.state,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout), samples(out)


def test_a_control_holds_as_strongly_as_it_is_weighted(
    picture: Path, served: ServerProcess
) -> None:
    _, plain = regenerated(picture, served=served)
    _, held = regenerated(picture, "--control", "canny", served=served)
    _, weightless = regenerated(picture, "--control", "canny,weight=0", served=served)
    assert (plain != held).any()
    assert (plain == weightless).all()
    edges = save_picture(picture.with_name("edges.png"), seed=3)
    _, other = regenerated(picture, "--control", f"canny:canny={edges},raw,end=0.9", served=served)
    assert (held != other).any()


def test_the_control_picture_comes_along_on_request(picture: Path, served: ServerProcess) -> None:
    told, _ = regenerated(picture, "--control", "canny,show", served=served)
    untitled, title = (layer["title"] for layer in told["layers"])
    assert untitled == ""
    assert "canny" in title.lower()
    out, edges = (samples(picture.with_name(name.rpartition("/")[2])) for name in told["files"])
    assert out.shape == edges[..., :3].shape
    assert set(np.unique(edges[..., :3])) <= {0, 255}
    ora = picture.with_name("out.ora")
    ended = scumble(
        "regenerate", picture, *SAID, "--control", "canny,show", "--out", ora, state=served.state
    )
    assert ended.returncode == 0, ended.stderr
    with zipfile.ZipFile(ora) as archive:
        assert f'name="{title}"' in archive.read("stack.xml").decode()


def test_like_a_guided_result_finds_its_guides_again(picture: Path, served: ServerProcess) -> None:
    painting = save_picture(picture.with_name("painting.png"), (150, 40), seed=5)
    guides = ("--control", "canny,weight=0.7", "--reference", f"all={painting},weight=0.8")
    _, first = regenerated(picture, *guides, "--vae", "other", served=served)
    kept = picture.with_name("kept.png")
    picture.with_name("out.png").rename(kept)
    again = picture.with_name("again.png")
    ended = scumble("regenerate", picture, "--like", kept, "--out", again, state=served.state)
    assert ended.returncode == 0, ended.stderr
    assert (samples(again) == first).all()
    assert again.read_bytes() == kept.read_bytes()


def test_references_and_vaes_change_the_result(picture: Path, served: ServerProcess) -> None:
    _, plain = regenerated(picture, served=served)
    painting = save_picture(picture.with_name("painting.png"), (150, 40), seed=5)
    for said in (("--reference", f"all={painting}"), ("--vae", "other")):
        assert (plain != regenerated(picture, *said, served=served)[1]).any(), said


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("--control", "depth"), "depth"),
        (("--control", "canny:cany"), "cany"),
        (("--vae", "othr"), "othr"),
        (("--reference", "face:nobody=picture.png"), "nobody"),
    ],
)
def test_what_is_not_there_is_named(
    said: tuple[str, str], expected: str, picture: Path, served: ServerProcess
) -> None:
    ended = scumble("regenerate", picture, *SAID, *said, state=served.state, folder=picture.parent)
    assert expected in sentence_of(ended)
