"""A record as A1111's text, and back."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.choices import MaskedContent, ResizeMode, Sampler, Schedule
from scumble_protocol.editor.foreign_recipe import read_parameters
from scumble_protocol.editor.parameters import parameters_of
from scumble_protocol.editor.settings import Area, Settings
from scumble_protocol.errors import RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.guides import Control, ControlKind, Reference, ReferenceKind, Region
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Refinement
from tests.client.requests_to_send import IMAGE, ref_of
from tests.editor.recipes import record, two_passes, upscale_record

WORDS = st.text(st.sampled_from("ab ,:(){}<>äß中😀\"'\\"), max_size=30).map(
    lambda text: " ".join(text.split())
)


def test_the_text_is_as_a1111_writes_it() -> None:
    text = parameters_of(record(negative="dogs", made={"seed": 7, "negative": "dogs"}), "0.1")
    assert text == (
        "a cat\n"
        "Negative prompt: dogs\n"
        "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.0, Seed: 7, "
        "Size: 4x4, Model: starter, Denoising strength: 0.8, Mask blur: 8, Mask grow: 4, "
        "Masked content: original, Inpaint area: Whole picture, Version: Scumble 0.1"
    )


def test_what_is_unusual_is_said_too() -> None:
    control = Control(ControlKind.CANNY, ref_of(IMAGE, PixelFormat.RGBA8), weight=0.5)
    reference = Reference(ReferenceKind.STYLE, ref_of(IMAGE, PixelFormat.RGBA8), weight=0.6)
    region = Region("a dog", ref_of(bytes(16), PixelFormat.GRAY8))
    text = parameters_of(
        record(
            clip_skip=2, cfg_rescale=0.7, passes=(0.5, 0.25), full_steps=True, invert=True,
            vae="my/fine.safetensors", model="/there/a, b.safetensors", controls=(control,),
            references=(reference,), regions=(region,),
            made={"passes": two_passes(512)},
        ),
        "0.1",
    )  # fmt: skip
    for said in (
        "Clip skip: 2", "CFG rescale: 0.7", "Further passes: 0.5 0.25", "Full steps: True",
        "Mask mode: Inpaint not masked", "VAE: fine", 'Model: "a, b"', "Size: 512x512",
        "ControlNet 0: canny x 0.5", "Reference 0: style x 0.6", "Regions: 1",
    ):  # fmt: skip
        assert said in text


def test_a_part_of_the_picture_is_said_to_be_one_with_its_padding() -> None:
    parted = record(canvas=Size(9, 9), context=Rect(1, 1, 4, 4), asked=Settings(padding=48))
    text = parameters_of(parted, "0.1")
    assert "Inpaint area: Only masked, Masked area padding: 48" in text
    settings = read_parameters(text).settings
    assert (settings.area, settings.padding) == (Area.MASKED, 48)


def test_an_enlarged_picture_says_by_what() -> None:
    assert parameters_of(upscale_record(), "0.1") == (
        "Model: lanczos, Postprocess upscale by: 2.0, Postprocess upscaler: lanczos, "
        "Version: Scumble 0.1"
    )


def test_a_refined_picture_says_what_refined_it() -> None:
    refinement = Refinement(
        "starter", "a cat", "dogs", 0.3, Sampler.EULER, Schedule.SIMPLE, 8, 5.0, 11
    )
    text = parameters_of(upscale_record(second="esrgan", blend=0.4, refinement=refinement), "0.1")
    recipe = read_parameters(text)
    settings = recipe.settings
    assert (settings.prompt, settings.negative, settings.seed) == ("a cat", "dogs", 11)
    assert (settings.model, settings.strength) == ("starter", 0.3)
    assert "Postprocess upscaler 2: esrgan" in text
    assert "Postprocess upscaler" in recipe.passed_over


def test_a_removal_needs_no_sampler() -> None:
    removal = {"kind": "remove", "seed": 3, "grow": 4, "feather": 8}
    assert parameters_of(json.dumps(removal), "0.1") == (
        "Seed: 3, Mask blur: 8, Mask grow: 4, Masked content: remove, Version: Scumble 0.1"
    )


def test_a_shown_mask_has_nothing_to_say() -> None:
    assert parameters_of('{"kind": "show_mask"}', "0.1") == "Version: Scumble 0.1"


def test_a_record_of_old_says_its_schedule_too() -> None:
    old = json.loads(record())
    del old["schedule"], old["made"], old["content"], old["clip_skip"]
    old["sampler"] = "dpmpp_2m_karras"
    assert "Sampler: DPM++ 2M, Schedule type: Karras" in parameters_of(json.dumps(old), "0.1")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "regenerate"}', "null"])
def test_a_damaged_record_is_told(text: str) -> None:
    with pytest.raises(RequestError, match="damaged"):
        parameters_of(text, "0.1")


@given(
    st.builds(
        Settings,
        model=st.sampled_from(["starter", "owner/name", "a,b", "x:y"]),
        prompt=WORDS,
        negative=WORDS,
        strength=st.floats(0.01, 1),
        sampler=st.sampled_from(Sampler),
        schedule=st.sampled_from(Schedule),
        steps=st.integers(1, 200),
        cfg=st.floats(1, 30),
        seed=st.integers(0, 2**63 - 1),
        grow=st.integers(0, 1024),
        feather=st.integers(0, 1024),
        content=st.sampled_from(MaskedContent),
        full_steps=st.booleans(),
        passes=st.lists(st.floats(0.01, 1), max_size=4).map(tuple),
        clip_skip=st.integers(1, 12),
        cfg_rescale=st.floats(0, 1),
        invert=st.booleans(),
        vae=st.sampled_from(["", "fine"]),
        hires=st.sampled_from([0.0, 0.3]),
        only_faces=st.booleans(),
        target=st.sampled_from([None, Size(640, 480)]),
        resize=st.sampled_from(ResizeMode),
        area=st.just(Area.WHOLE),
    )
)
def test_what_is_written_is_read_back(settings: Settings) -> None:
    request = settings.request(
        0,
        canvas=Size(4, 4),
        context=Rect(0, 0, 4, 4),
        image=ref_of(IMAGE, PixelFormat.RGBA8),
        mask=ref_of(bytes(16), PixelFormat.GRAY8),
    )
    fields = {field.name: getattr(request, field.name) for field in dataclasses.fields(request)}
    made = {"prompt": settings.prompt, "negative": settings.negative, "seed": settings.seed}
    recipe = read_parameters(parameters_of(record(made=made, **fields), "0.1"))
    short = settings.model.rpartition("/")[2]
    # How a picture gets to another size is said only where it has one.
    resize = settings.resize if settings.target else ResizeMode.STRETCH
    assert recipe.settings == dataclasses.replace(settings, model=short, resize=resize)
    assert recipe.passed_over == ()
