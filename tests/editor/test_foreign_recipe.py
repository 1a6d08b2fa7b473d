"""What A1111 and programs like it write of their pictures."""

from __future__ import annotations

import pytest

from scumble_protocol.choices import MaskedContent, Sampler, Schedule
from scumble_protocol.editor.foreign_recipe import read_parameters
from scumble_protocol.editor.settings import Area
from scumble_protocol.errors import RequestError
from tests.editor.recipes import A1111


def settings_line(*pairs: str) -> str:
    return "a cat\n" + ", ".join(("Steps: 20", *pairs))


def test_a_file_of_a1111s_is_read() -> None:
    recipe = read_parameters(A1111)
    settings = recipe.settings
    assert settings.prompt == "a cat, (best:1.2), <lora:fur:0.8>\non a mat"
    assert settings.negative == "blurry,\nugly"
    assert (settings.sampler, settings.schedule) == (Sampler.DPMPP_2M_SDE, Schedule.KARRAS)
    assert (settings.steps, settings.cfg, settings.seed) == (28, 6.5, 1234567890)
    assert (settings.strength, settings.clip_skip, settings.feather) == (0.6, 2, 4)
    assert settings.model == "v1-5-pruned"
    assert recipe.passed_over == ("VAE", "ENSD")


@pytest.mark.parametrize(
    ("pairs", "sampler", "schedule"),
    [
        (("Sampler: Euler a", "Schedule type: Automatic"), Sampler.EULER_A, Schedule.NORMAL),
        (("Sampler: DPM++ 2M", "Schedule type: Automatic"), Sampler.DPMPP_2M, Schedule.KARRAS),
        (("Sampler: DPM++ 3M SDE",), Sampler.DPMPP_3M_SDE, Schedule.EXPONENTIAL),
        (("Sampler: dpm++ 2m sgm uniform",), Sampler.DPMPP_2M, Schedule.SGM_UNIFORM),
        (("Sampler: UniPC", "Schedule type: Uniform"), Sampler.UNIPC, Schedule.NORMAL),
        (("Sampler: Euler", "Schedule type: Beta"), Sampler.EULER, Schedule.BETA),
    ],
)
def test_its_automatic_schedule_depends_on_the_sampler(
    pairs: tuple[str, ...], sampler: Sampler, schedule: Schedule
) -> None:
    recipe = read_parameters(settings_line(*pairs))
    assert (recipe.said["sampler"], recipe.said["schedule"]) == (sampler, schedule)
    assert recipe.passed_over == ()


def test_what_there_is_not_here_is_named_and_passed_over() -> None:
    recipe = read_parameters(
        settings_line("Sampler: Restart", "Schedule type: Polyexponential", "CFG scale: 90")
    )
    assert recipe.passed_over == ("Sampler", "Schedule type", "CFG scale")
    assert not recipe.said.keys() & {"sampler", "schedule", "cfg"}


@pytest.mark.parametrize("pair", ["Seed: many", "Seed: -5", "Masked content: sand", "Eta: 0.5"])
def test_nonsense_is_passed_over(pair: str) -> None:
    assert read_parameters(settings_line(pair)).passed_over == (pair.partition(":")[0],)


def test_a_picture_from_words_alone_kept_nothing() -> None:
    assert read_parameters(settings_line()).settings.strength == 1
    enlarged = settings_line("Denoising strength: 0.4", "Hires upscale: 2")
    assert read_parameters(enlarged).settings.strength == 1
    assert "Hires upscale" in read_parameters(enlarged).passed_over


def test_inpainting_is_read() -> None:
    settings = read_parameters(
        settings_line(
            "Denoising strength: 0.75", "Mask mode: Inpaint not masked",
            "Masked content: latent noise", "Inpaint area: Only masked", "Masked area padding: 32",
        )
    ).settings  # fmt: skip
    assert settings.invert
    assert settings.content is MaskedContent.NOISE
    assert (settings.area, settings.padding, settings.strength) == (Area.MASKED, 32, 0.75)


def test_lines_of_extensions_behind_the_settings_are_left_alone() -> None:
    text = settings_line("Seed: 4") + "\nTemplate: a {cat|dog}"
    assert read_parameters(text).settings.seed == 4
    assert read_parameters(text).settings.prompt == "a cat"


def test_a_quoted_value_that_is_no_json_stays_as_it_is() -> None:
    assert read_parameters(settings_line(r'Model: "a\q"')).settings.model == r'"a\q"'


def test_without_a_prompt_there_is_none() -> None:
    settings = read_parameters("Negative prompt: dogs\nSteps: 3").settings
    assert (settings.prompt, settings.negative) == ("", "dogs")


@pytest.mark.parametrize("text", ["", "a cat", "a cat\nSeed: 3", "Steps: many"])
def test_a_text_without_settings_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="no line that begins with `Steps:`"):
        read_parameters(text)
