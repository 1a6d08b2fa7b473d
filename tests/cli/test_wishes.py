"""What is made of a command line: said before like, like before what the model recommends."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from scumble_cli.arguments import parse
from scumble_cli.commands.upscale import refinement
from scumble_cli.pictures.inscription import inscription_of
from scumble_cli.wishes import Wish, offered
from scumble_protocol.choices import MaskedContent, ResizeMode, Sampler, Schedule
from scumble_protocol.editor.settings import Area, Settings
from scumble_protocol.errors import RequestError
from scumble_protocol.geometry import Size
from scumble_protocol.messages import ModelInfo, ModelKind
from tests.editor.recipes import A1111, png, record

MODEL = ModelInfo(
    id="fine.safetensors", title="Fine", kind=ModelKind.DIFFUSION, family="sd1", native_side=512,
    max_side=768, multiple=8, inpaint=False, loaded=False, bytes=0, scale=0, steps=30, cfg=5.5,
    sampler=Sampler.EULER, schedule=Schedule.SIMPLE,
)  # fmt: skip


def wish(*words: str, **usual: object) -> Wish:
    return Wish.of(parse(["regenerate", "picture.png", *words]), **usual)


@pytest.fixture
def ours(tmp_path: Path) -> str:
    """A file of ours with a recipe."""
    asked = Settings(padding=99)
    said = record(made={"seed": 5, "negative": "dogs"}, asked=asked, steps=11, model=MODEL.id)
    (tmp_path / "ours.png").write_bytes(_inscribed(said))
    return str(tmp_path / "ours.png")


def _inscribed(said: str) -> bytes:
    plain, inscription = png(), inscription_of(said)
    assert inscription is not None
    return plain[:8] + inscription.png_chunks() + plain[8:]


def test_every_option_becomes_a_setting() -> None:
    settings = wish(
        "--prompt", "a cat", "--negative", "dogs", "--strength", "0.5", "--sampler", "euler-a",
        "--schedule", "KARRAS", "--steps", "9", "--cfg", "3", "--seed", "4", "--count", "2",
        "--batch", "2", "--clip-skip", "2", "--cfg-rescale", "0.5", "--vae", "v", "--full-steps",
        "--pass", "0.4", "--pass", "0.2", "--grow", "auto", "--feather", "3", "--padding", "7",
        "--area", "whole", "--content", "noise", "--hires", "0.3", "--invert", "--only-faces",
        "--keep-color", "--size", "64x48", "--resize", "crop", "--model", "m",
    ).checked()  # fmt: skip
    assert settings == Settings(
        model="m", prompt="a cat", negative="dogs", strength=0.5, sampler=Sampler.EULER_A,
        schedule=Schedule.KARRAS, steps=9, cfg=3.0, seed=4, count=2, batch=2, clip_skip=2,
        cfg_rescale=0.5, vae="v", full_steps=True, passes=(0.4, 0.2), grow=None, feather=3,
        padding=7, area=Area.WHOLE, content=MaskedContent.NOISE, hires=0.3, invert=True,
        only_faces=True, match_color=False, target=Size(64, 48), resize=ResizeMode.CROP,
    )  # fmt: skip


def test_what_is_not_said_is_what_the_model_recommends() -> None:
    settings = wish("--prompt", "a cat", "--cfg", "2").settings([MODEL])
    assert (settings.steps, settings.sampler, settings.cfg) == (30, Sampler.EULER, 2.0)
    assert settings.model == MODEL.id


def test_a_sampler_that_lacks_the_models_schedule_comes_with_its_own() -> None:
    def schedule(*words: str) -> Schedule:
        return wish("--prompt", "a cat", *words).settings([MODEL]).schedule

    assert schedule("--sampler", "heun") is Schedule.SIMPLE
    assert schedule("--sampler", "ddim") is Schedule.AUTOMATIC
    # What was said is for the server to refuse.
    assert schedule("--sampler", "ddim", "--schedule", "karras") is Schedule.KARRAS


def test_a_refinement_gets_a_schedule_that_its_sampler_has() -> None:
    def schedule(*words: str) -> Schedule:
        arguments = parse(["upscale", "picture.png", "--scale", "2", "--refine", "0.3", *words])
        return refinement(arguments, [MODEL]).schedule

    assert schedule() is Schedule.SIMPLE
    assert schedule("--sampler", "ddim") is Schedule.AUTOMATIC
    assert schedule("--sampler", "ddim", "--schedule", "karras") is Schedule.KARRAS


def test_a_model_that_is_not_there_is_left_to_the_studio() -> None:
    assert wish("--prompt", "a cat", "--model", "gone").settings([MODEL]).model == "gone"


def test_seed_minus_1_is_a_random_one(ours: str) -> None:
    assert wish("--prompt", "a cat", "--seed", "-1").checked().seed is None
    assert wish("--like", ours).checked().seed == 5
    assert wish("--like", ours, "--seed", "-1").checked().seed is None


def test_like_a_file_of_ours_is_everything_that_made_it(ours: str) -> None:
    settings = wish("--like", ours).settings([MODEL])
    assert (settings.prompt, settings.negative, settings.seed) == ("a cat", "dogs", 5)
    assert (settings.steps, settings.padding, settings.model) == (11, 99, MODEL.id)


def test_what_is_said_wins_over_what_it_is_like(ours: str) -> None:
    settings = wish(
        "--like", ours, "--prompt", "a hat", "--steps", "3", "--model", "other"
    ).settings([MODEL])
    assert (settings.prompt, settings.negative, settings.steps) == ("a hat", "dogs", 3)
    assert settings.model == "other"


def test_like_a_file_of_a1111s_leaves_what_it_does_not_say_to_the_model(tmp_path: Path) -> None:
    (tmp_path / "theirs.png").write_bytes(png((b"tEXt", b"parameters\0" + A1111.encode())))
    like = wish("--like", str(tmp_path / "theirs.png"))
    assert (like.model, like.passed_over) == ("v1-5-pruned", ("VAE", "ENSD"))
    settings = dataclasses.replace(like, model=MODEL.id).settings([MODEL])
    assert (settings.steps, settings.seed, settings.grow) == (28, 1234567890, 4)


def test_a_commands_own_usual_gives_way(ours: str) -> None:
    usual = {"strength": 1.0, "content": MaskedContent.FILL}
    assert wish("--prompt", "x", **usual).checked().strength == 1
    assert wish("--prompt", "x", "--strength", "0.3", **usual).checked().strength == 0.3
    assert wish("--like", ours, **usual).checked().strength == 0.8


def test_a_style_is_put_around_what_is_said() -> None:
    settings = wish("--prompt", "a cat", "--style", "watercolour").checked()
    assert settings.prompt.startswith("a cat, watercolour")


def test_a_file_that_says_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "plain.png").write_bytes(png())
    with pytest.raises(RequestError, match="does not say how it was made"):
        wish("--like", str(tmp_path / "plain.png"))


def test_a_model_is_found_without_its_ending() -> None:
    assert offered([MODEL], "fine") == offered([MODEL], "fine.safetensors") == MODEL.id
    assert offered([MODEL], "finer") == "finer"
