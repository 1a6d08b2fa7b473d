"""The starter's training at toy size: whole, resumable, the same each time, and loadable."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from starter import (
    checkpoint,
    company,
    device,
    export,
    judge,
    latents,
    pool,
    text,
    train,
    unet,
    vae,
)
from starter.checkpoint import Pace, Place
from starter.settings import TOY
from tests.server.starter.averaging import average_ranks


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder in which a toy has been trained."""
    folder = tmp_path_factory.mktemp("starter")
    assert train.main(["--toy", "--work", str(folder), "--device", "cpu"]) == 0
    return folder


def work_in(folder: Path, *stages: str) -> train.Work:
    return train.Work(TOY, folder, 60.0, torch.device("cpu"), 1, stages)


def reported(lines: list[str], folder: Path) -> Place:
    return Place(folder / "checkpoint.pt", lines.append)


def test_a_toy_is_trained_and_loads_in_diffusers(trained: Path) -> None:
    pipe = export.read(trained / "model")
    pixels = judge.generate(pipe, ["an apple", "a cat"], [0, 1], TOY.sampling)
    assert pixels.shape == (2, TOY.native_side, TOY.native_side, 3)


def test_the_folder_holds_no_pickle_and_no_code(trained: Path) -> None:
    files = [path for path in (trained / "model").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == export.SUFFIXES
    assert (trained / "model" / "model_index.json").is_file()


def test_the_card_tells_the_measured_figures(trained: Path) -> None:
    found = json.loads((trained / "figures.json").read_text(encoding="utf-8"))["judged"]
    card = (trained / "model" / "README.md").read_text(encoding="utf-8")
    assert f"{found['top1']:.1%}" in card
    assert f"{found['ceiling_top1']:.1%}" in card
    assert found["pictures"] == len(found["by_thing"]) == 48


def test_what_is_finished_is_not_trained_again(trained: Path) -> None:
    before = {name: checkpoint.load(trained / f"{name}.pt") for name in ("vae", "text")}
    work = work_in(trained, "vae", "text")
    model = train.autoencoder(work)
    train.words(work)
    after = {name: checkpoint.load(trained / f"{name}.pt") for name in ("vae", "text")}
    for name, kept in before.items():
        assert kept is not None
        again = after[name]
        assert again is not None
        for key, value in kept["model"].items():
            assert torch.equal(value, again["model"][key])
    assert model.config.scaling_factor > 0


def test_latents_are_made_once_and_are_the_same_when_made_again(
    trained: Path, tmp_path: Path
) -> None:
    work = work_in(trained)
    tokenizer, _ = train.words(work)
    maker = latents.Maker(work.painter(), train.autoencoder(work), tokenizer, 1)
    kept = latents.cached(trained / "latents", None, 0, TOY.unet.scenes)
    again = latents.cached(tmp_path, maker, 0, TOY.unet.scenes)
    assert torch.equal(kept.values, again.values)
    assert torch.equal(kept.tokens, again.tokens)
    with pytest.raises(FileNotFoundError):
        latents.cached(tmp_path, None, 99, 1)


def test_a_resumed_denoiser_is_the_one_that_was_never_interrupted(
    trained: Path, tmp_path: Path
) -> None:
    # A steady rate: its fall at the end would depend on how many steps there are.
    settings = replace(TOY.unet, flat=1.0)
    tokenizer, encoder = train.words(work_in(trained))
    lessons = latents.cached(trained / "latents", None, 0, settings.scenes)
    teacher = unet.Teacher(lessons, text.tokens(tokenizer, [""])[0], settings)

    def learn(folder: Path, steps: int) -> dict[str, torch.Tensor]:
        student = unet.make_student(settings, encoder, latent_side=8, device=torch.device("cpu"))
        unet.train(student, teacher, Pace(1.0, steps), reported([], folder))
        kept = checkpoint.load(folder / "checkpoint.pt")
        assert kept is not None
        assert kept["pace"]["done"] == steps
        return dict(kept["average"])

    learn(tmp_path / "resumed", 2)
    resumed = learn(tmp_path / "resumed", 5)
    straight = learn(tmp_path / "straight", 5)
    for name, value in straight.items():
        assert torch.allclose(value, resumed[name], atol=1e-6), name


def test_the_denoiser_goes_on_at_the_native_side_from_where_it_stood(trained: Path) -> None:
    native, small = (checkpoint.load(trained / f"{name}.pt") for name in ("native", "unet"))
    assert native is not None
    assert small is not None
    # A few small steps: changed, yet still near.
    for name, value in native["average"].items():
        assert torch.allclose(value, small["average"][name], atol=0.02), name
    assert any(
        not torch.equal(value, small["average"][name]) for name, value in native["average"].items()
    )
    pipe = export.read(trained / "model")
    assert pipe.unet.config.sample_size * vae.PATCH == TOY.native_side
    assert torch.equal(pipe.unet.conv_in.weight.half(), native["average"]["conv_in.weight"].half())


def test_lessons_at_the_native_side_are_mixed_with_smaller_ones(trained: Path) -> None:
    empty = torch.zeros(TOY.text.length, dtype=torch.long)
    small = latents.cached(trained / "latents", None, 0, TOY.unet.scenes)
    large = latents.cached(trained / "latents-native", None, train.NATIVE_SEED, TOY.native.scenes)
    both = unet.TwoSides(
        unet.Teacher(large, empty, TOY.native), unet.Teacher(small, empty, TOY.unet)
    )
    sides = [both.lesson(number).noisy.shape[-1] * vae.PATCH for number in range(8)]
    assert sides.count(TOY.side) == 2
    assert sides.count(TOY.native_side) == 6


def test_the_decoder_goes_on_alone(trained: Path) -> None:
    model = vae.make(TOY.vae)
    kept, refined = (checkpoint.load(trained / f"{name}.pt") for name in ("vae", "decoder"))
    assert kept is not None
    assert refined is not None
    model.load_state_dict(kept["model"])
    shipped = train.autoencoder(work_in(trained))
    for name, value in model.encoder.state_dict().items():
        assert torch.equal(value, shipped.encoder.state_dict()[name]), name
    assert any(
        not torch.equal(value, shipped.decoder.state_dict()[name])
        for name, value in model.decoder.state_dict().items()
    )


def test_a_lesson_is_the_same_whenever_it_is_drawn(trained: Path) -> None:
    lessons = latents.cached(trained / "latents", None, 0, TOY.unet.scenes)
    teacher = unet.Teacher(lessons, lessons.tokens[0, 0].long(), TOY.unet)
    one, other, next_one = teacher.lesson(5), teacher.lesson(5), teacher.lesson(6)
    assert torch.equal(one.noisy, other.noisy)
    assert torch.equal(one.tokens, other.tokens)
    assert not torch.equal(one.noisy, next_one.noisy)


def test_the_scheduler_gets_the_picture_from_the_velocity_that_lessons_ask_for(
    trained: Path,
) -> None:
    lessons = latents.cached(trained / "latents", None, 0, TOY.unet.scenes)
    teacher = unet.Teacher(lessons, lessons.tokens[0, 0].long(), TOY.unet)
    signal = unet.make_schedule().alphas_cumprod.sqrt()
    for number in range(20):
        lesson = teacher.lesson(number)
        kept = signal[lesson.timesteps].view(-1, 1, 1, 1)
        picture = kept * lesson.noisy - (1 - kept.square()).sqrt() * lesson.velocity
        pictures = {values.numpy().tobytes() for values in lessons.values.float()}
        rounded = picture.half().float()
        assert all(values.numpy().tobytes() in pictures for values in rounded)


def test_components_explain_more_than_any_other_four_directions() -> None:
    pictures = work_in(Path()).held_out(8)
    principal = vae.components(pictures)
    found = principal.latents(vae.to_tensor(pictures))
    assert torch.allclose(found.mean((0, 2, 3)), torch.zeros(4), atol=1e-3)
    assert torch.allclose(found.var((0, 2, 3)), torch.ones(4), atol=0.02)


def test_the_tokenizer_keeps_the_catalogue_s_words_whole(trained: Path) -> None:
    tokenizer, _ = train.words(work_in(trained))
    assert text.tokens(tokenizer, ["a cat", ""]).shape == (2, TOY.text.length)
    assert tokenizer.convert_ids_to_tokens(tokenizer("a cat").input_ids) == [
        text.START,
        "a</w>",
        "cat</w>",
        text.END,
    ]
    strange = tokenizer("Ünïcode ☃!").input_ids
    assert tokenizer.decode(strange, skip_special_tokens=True).strip() == "ünïcode ☃!"


def test_a_learning_rate_rises_stays_and_falls() -> None:
    def rate(step: int, fraction: float) -> float:
        return checkpoint.learning_rate(1.0, step, fraction, warm_steps=10, flat=0.5)

    assert rate(0, 0.0) == pytest.approx(0.1)
    assert rate(50, 0.3) == 1.0
    assert rate(50, 0.75) == pytest.approx(0.5)
    assert rate(50, 1.0) == pytest.approx(0.0)


def test_time_from_an_earlier_run_counts() -> None:
    pace = Pace(100.0)
    pace.restore({"done": 40, "spent": 25.0})
    assert pace.fraction == 0.25
    assert pace.state() == {"done": 40, "spent": 25.0}
    assert Pace(0.0).fraction == 1.0


def test_a_checkpoint_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "kept.pt"
    assert checkpoint.load(path) is None
    checkpoint.save(path, {"step": 1})
    checkpoint.save(path, {"step": 2})
    assert checkpoint.load(path) == {"step": 2}
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.pt"]


def test_a_process_alone_averages_nothing() -> None:
    weights = [torch.ones(3)]
    company.ALONE.average(weights)
    assert torch.equal(weights[0], torch.ones(3))
    assert company.ALONE.follow(0.5) == 0.5


def test_processes_average_their_weights_and_follow_the_first(tmp_path: Path) -> None:
    company.run(average_ranks, 2, tmp_path)
    for rank in range(2):
        assert (tmp_path / f"{rank}.txt").read_text(encoding="utf-8") == "[0.5, 5.0] 0.25"


@pytest.mark.parametrize(
    ("words", "seconds"), [("90s", 90.0), ("20m", 1200.0), ("2h", 7200.0), ("3", 180.0)]
)
def test_budgets_are_read_with_their_unit(words: str, seconds: float) -> None:
    assert train.parse_budget(words) == seconds


def test_the_device_is_taken_by_name() -> None:
    assert device.choose("cpu") == torch.device("cpu")
    assert device.choose("auto").type in {"cpu", "cuda"}


def test_missing_emoji_are_asked_for_with_the_command_that_gets_them(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="npm install"):
        pool.painter("emoji", tmp_path, 64)
