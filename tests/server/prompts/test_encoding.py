"""What the UNet is told: diffusers' own embeddings where nothing is marked, weighed where it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import Phase
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.prompts.encoding import MOST_CORRECTION, Text, weigh
from scumble_server.prompts.tokens import Count
from scumble_server.work.report import ProgressReport, Report, silent
from tests.server.prompts.conftest import FAMILIES, Get
from tests.server.sampling.jobs import make_crop, make_request, sample_one

LENGTH, ROOM = 77, 75


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def encoded(model: DiffusionModel, prompt: str, negative: str = "", *, guided: bool = True) -> Text:
    return model.encode_text(prompt, negative, guided=guided)


def diffusers_text(model: DiffusionModel, prompt: str, negative: str, *, guided: bool) -> Text:
    """What diffusers' own pipeline makes of the prompts."""
    wanted, unwanted, *pooled = model.pipeline.encode_prompt(
        prompt=prompt,
        device=model.device,
        num_images_per_prompt=1,
        do_classifier_free_guidance=guided,
        negative_prompt=negative or None,
    )
    if not guided:
        return Text(wanted, pooled[0] if pooled else None)
    both = torch.cat([pooled[1], pooled[0]]) if pooled else None
    return Text(torch.cat([unwanted, wanted]), both)


def assert_same(ours: Text, theirs: Text) -> None:
    assert torch.equal(ours.hidden, theirs.hidden)
    assert (ours.pooled is None) == (theirs.pooled is None)
    if ours.pooled is not None and theirs.pooled is not None:
        assert torch.equal(ours.pooled, theirs.pooled)


# The tiny tokenizer knows letters only, so these are 12, 8, 75 and 0 tokens.
@pytest.mark.parametrize("prompt", ["a red, apple!", "Ünïcode", "x" * 75, ""])
@pytest.mark.parametrize("negative", ["blurry", ""])
@pytest.mark.parametrize("guided", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_plain_prompt_is_encoded_as_diffusers_does_to_the_bit(
    family: str, prompt: str, negative: str, guided: bool, tiny: Get
) -> None:
    model = tiny(family)
    theirs = diffusers_text(model, prompt, negative, guided=guided)
    assert_same(encoded(model, prompt, negative, guided=guided), theirs)


@pytest.mark.parametrize("family", FAMILIES)
def test_clip_skip_reads_a_layer_earlier_as_diffusers_does(
    family: str, deep: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = deep(family)
    encoder = model.pipeline.text_encoder
    if not hasattr(encoder, "text_model"):
        # Where diffusers looks for its norm, which newer versions of transformers have moved.
        monkeypatch.setitem(vars(encoder), "text_model", encoder)
    readings = []
    for skip in (1, 2, 3):
        ours = model.encode_text("a red apple", "blurry", guided=True, clip_skip=skip)
        # diffusers counts from 0, and reads the negative prompt at the last layer all the same.
        wanted = model.pipeline.encode_prompt(
            prompt="a red apple",
            device=model.device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=False,
            clip_skip=skip - 1 or None,
        )[0]
        rejected = model.encode_text("blurry", "", guided=False, clip_skip=skip)
        assert torch.equal(ours.hidden[1:], wanted)
        assert torch.equal(ours.hidden[:1], rejected.hidden)
        readings.append(ours)
    assert not torch.equal(readings[0].hidden, readings[1].hidden)
    if readings[0].pooled is not None and readings[1].pooled is not None:
        assert torch.equal(readings[0].pooled, readings[1].pooled)


@pytest.mark.parametrize(("family", "most"), [("sd1", 4), ("sdxl", 3)])
def test_more_layers_than_there_are_can_not_be_skipped(family: str, most: int, deep: Get) -> None:
    model = deep(family)
    model.encode_text("x", "", guided=False, clip_skip=most)
    with pytest.raises(RequestError) as refused:
        model.encode_text("x", "", guided=False, clip_skip=most + 1)
    assert refused.value.code is ErrorCode.INVALID_VALUE
    assert f"Choose 1 to {most}" in refused.value.hint


def test_clip_skip_changes_the_picture_and_what_is_remembered_does_not_hide_it(deep: Get) -> None:
    model = deep("sd1")
    pictures = {
        sample_one(make_crop(), model, make_request(clip_skip=skip), 1, silent).tobytes()
        for skip in (1, 2, 1)
    }
    assert len(pictures) == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_a_long_prompt_is_its_chunks_side_by_side(family: str, tiny: Get) -> None:
    model = tiny(family)
    first, second = "x " * ROOM, "y z"
    ours = encoded(model, first + second, guided=False)
    one, two = (encoded(model, part, guided=False) for part in (first, second))
    assert torch.equal(ours.hidden, torch.cat([one.hidden, two.hidden], dim=1))
    if ours.pooled is not None and one.pooled is not None:
        assert torch.equal(ours.pooled, one.pooled)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("prompt", "negative"), [("x " * 200, "blurry"), ("x", "blurry " * 40)])
def test_the_shorter_of_the_two_prompts_goes_on_with_empty_chunks(
    family: str, prompt: str, negative: str, tiny: Get
) -> None:
    model = tiny(family)
    both = encoded(model, prompt, negative)
    most = max(model.measure(said).chunks for said in (prompt, negative))
    assert both.hidden.shape[:2] == (2, most * LENGTH)
    short = 0 if len(negative) < len(prompt) else 1
    empty = encoded(model, "", guided=False).hidden[0]
    assert torch.equal(both.hidden[short, LENGTH : 2 * LENGTH], empty)


def test_nothing_to_avoid_stays_zeros_for_sdxl_however_long_the_prompt(tiny: Get) -> None:
    both = encoded(tiny("sdxl"), "x " * 100)
    assert not both.hidden[0].any()
    assert both.hidden[1].any()


@pytest.mark.parametrize("family", FAMILIES)
def test_break_encodes_what_stands_after_it_apart(family: str, tiny: Get) -> None:
    model = tiny(family)
    ours = encoded(model, "a fox BREAK snow", guided=False).hidden
    parts = [encoded(model, part, guided=False).hidden for part in ("a fox", "snow")]
    assert torch.equal(ours, torch.cat(parts, dim=1))


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_change_their_tokens_and_keep_the_mean_and_the_pooled_text(
    family: str, tiny: Get
) -> None:
    model = tiny(family)
    plain = encoded(model, "a red fox", guided=False)
    more = encoded(model, "a (red:1.4) fox", guided=False)
    widths = [32, 40] if family == "sdxl" else [32]
    for before, after in zip(
        plain.hidden.split(widths, dim=-1), more.hidden.split(widths, dim=-1), strict=True
    ):
        torch.testing.assert_close(before.mean(), after.mean())
        factors = (after / before)[0].median(dim=-1).values
        # A mark, `a`, then the three letters of `red`.
        torch.testing.assert_close(factors[2:5] / factors[0], torch.full((3,), 1.4))
        torch.testing.assert_close(factors[5:] / factors[0], torch.ones(LENGTH - 5))
    if plain.pooled is not None and more.pooled is not None:
        assert torch.equal(plain.pooled, more.pooled)


def test_a_weight_of_one_changes_no_bit(tiny: Get) -> None:
    model = tiny("sd1")
    assert_same(encoded(model, "a (red:1) fox"), encoded(model, "a red fox"))


HIDDEN = st.integers(0, 2**32).map(
    lambda seed: torch.randn(1, 5, 4, generator=torch.Generator().manual_seed(seed))
)
WEIGHTS = st.lists(st.floats(-10, 10, width=32), min_size=5, max_size=5).map(torch.tensor)


@given(HIDDEN, WEIGHTS)
def test_the_mean_is_restored_unless_that_would_distort(
    hidden: torch.Tensor, weights: torch.Tensor
) -> None:
    before = hidden.clone()
    weighed = weigh(hidden, weights)
    assert torch.equal(hidden, before)
    assert weighed.isfinite().all()
    plain = hidden * weights[None, :, None]
    ratio = float(before.mean() / plain.mean()) if plain.mean() else 0.0
    if 0 < ratio < MOST_CORRECTION:
        torch.testing.assert_close(weighed.mean(), before.mean(), atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(weighed, plain * ratio, atol=1e-4, rtol=1e-2)
    elif not 0 < ratio <= MOST_CORRECTION:
        torch.testing.assert_close(weighed, plain)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_prompt_is_encoded_once(family: str, tiny: Get) -> None:
    model = tiny(family)
    first = encoded(model, "once and (again:1.2)")
    assert encoded(model, "once and (again:1.2)") is first
    assert dataclasses.is_dataclass(first)


def test_a_prompt_is_measured_by_the_model_s_own_tokenizer(tiny: Get) -> None:
    assert tiny("sd1").measure("abc " * 27) == Count(tokens=81, chunks=2, length=LENGTH)


def test_a_long_prompt_is_told_of_and_a_short_one_is_not(tiny: Get) -> None:
    for prompt, told in (("abc " * 27, "2 × 77"), ("abc", "")):  # noqa: RUF001
        reports: list[Report] = []
        request = make_request(prompt=prompt, steps=1)
        sample_one(make_crop(), tiny("sd1"), request, 1, reports.append)
        assert isinstance(reports[0], ProgressReport)
        assert (reports[0].phase, reports[0].detail) == (Phase.ENCODING, told)
