"""Prompts from the command line to the picture: styles, choices, LoRAs, and what is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent
from tests.cli.program import samples, save_picture, scumble, sentence_of
from tests.end_to_end.server_process import TINY, ServerProcess, running_server
from tests.server.models.checkpoints import make_folder
from tests.server.prompts.additions_files import attention_places, save_kohya

COLOURS = ("red", "green", "blue", "amber", "violet", "teal")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose state folder has a tiny model, a LoRA for it, a wildcard and a style."""
    state = tmp_path_factory.mktemp("state")
    make_folder(state / "models" / TINY)
    (state / "wildcards").mkdir()
    (state / "wildcards" / "colour.txt").write_text("\n".join(COLOURS), "utf-8")
    (state / "styles").mkdir()
    style = {"prompt": "{prompt}, (in oil:1.2)", "negative": "photo", "steps": 2}
    (state / "styles" / "mine.json").write_text(json.dumps(style), "utf-8")
    shelf = Shelf(Catalog([state / "models"], state / "none"), torch.device("cpu"))
    model = shelf.get(TINY, silent)
    assert isinstance(model, DiffusionModel)
    (state / "models" / "loras").mkdir()
    save_kohya(state / "models" / "loras" / "ink.safetensors", model, attention_places(model))
    with running_server(state) as server:
        yield server


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return save_picture(tmp_path / "picture.png")


def regenerated(picture: Path, served: ServerProcess, *options: str) -> dict[str, Any]:
    """What `--json` says after a regeneration."""
    ended = scumble(
        "regenerate", picture, "--model", TINY, "--seed", "5", "--json", "--overwrite", *options,
        state=served.state,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    said: dict[str, Any] = json.loads(ended.stdout)
    return said


def test_each_layer_says_its_prompt_which_makes_it_again(
    picture: Path, served: ServerProcess
) -> None:
    first = regenerated(
        picture, served, "--prompt", "a __colour__ {fox|owl}", "--style", "mine", "--count", "3"
    )
    for layer in first["layers"]:
        _, colour, *rest = layer["prompt"].split()
        assert colour in COLOURS
        assert rest in (["fox,", "(in", "oil:1.2)"], ["owl,", "(in", "oil:1.2)"])
        assert layer["negative"] == "photo"
        assert (layer["tokens"] > 10, layer["chunks"]) == (True, 1)
    assert len({layer["prompt"] for layer in first["layers"]}) > 1
    pixels = samples(Path(first["files"][2]))
    third = first["layers"][2]
    again = regenerated(
        picture, served, "--prompt", third["prompt"], "--negative", third["negative"],
        "--seed", str(third["seed"]), "--steps", "2", "--out", str(picture.with_name("again.png")),
    )  # fmt: skip
    assert (samples(Path(again["files"][0])) == pixels).all()


def test_what_the_user_says_beats_the_style(picture: Path, served: ServerProcess) -> None:
    quick = regenerated(picture, served, "--prompt", "a fox", "--style", "mine")
    slow = regenerated(picture, served, "--prompt", "a fox", "--style", "mine", "--steps", "40")
    assert slow["phases"]["sampling"] > quick["phases"]["sampling"]


def test_a_lora_changes_the_picture_and_only_that_one(picture: Path, served: ServerProcess) -> None:
    def made(prompt: str) -> bytes:
        said = regenerated(picture, served, "--prompt", prompt, "--steps", "2", "--strength", "1")
        return samples(Path(said["files"][0])).tobytes()

    plain = made("a fox")
    assert made("a fox<lora:ink:0.8>") != plain
    assert made("a fox") == plain


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--prompt", "(a:1e9)"], "The weight of 'a' in the prompt is 1e+09."),
        (["--prompt", "<lora:inc>"], "There is no LoRA 'inc'. Did you mean ink?"),
        (["--prompt", "__color__"], "There is no wildcard 'color'. Did you mean colour?"),
        (["--prompt", "a", "--style", "mines"], "There is no style 'mines'. Did you mean mine?"),
    ],
)
def test_a_mistake_is_one_sentence(
    options: list[str], said: str, picture: Path, served: ServerProcess
) -> None:
    ended = scumble("regenerate", picture, "--model", TINY, *options, state=served.state)
    assert ended.returncode == 1
    assert said in sentence_of(ended)
    assert not list(picture.parent.glob("*scumble*"))


def test_styles_are_listed_and_shown(served: ServerProcess) -> None:
    listed = json.loads(scumble("styles", "--json", state=served.state).stdout)
    assert {"comic", "mine"} <= {style["name"] for style in listed}
    shown = json.loads(scumble("styles", "mine", state=served.state).stdout)
    assert shown["steps"] == 2
    assert str(served.state / "styles") in scumble("styles", state=served.state).stdout
