"""Pictures in memory: sRGB on the outside, the file's own samples inside."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageCms

from scumble_cli.pictures.colour import ColourSpace, Samples, srgb_profile
from scumble_cli.pictures.picture import Picture
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat
from tests.cli.picture_files import ADOBE_RGB, GREY_GAMMA, muted, noise, profile_for

KINDS = [(channels, bits) for channels in (1, 2, 3, 4) for bits in (8, 16)]
WHOLE = Rect(0, 0, 53, 37)


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Picture, Rect, Samples]:
    """Any small picture, a rectangle inside it, and other pixels for the rectangle."""
    kind = draw(st.sampled_from(["u1", "u2"]))
    height, width, channels = (draw(st.integers(1, n)) for n in (9, 9, 4))
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    rect = Rect(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))
    samples = draw(arrays.arrays(kind, (height, width, channels)))
    profile = draw(st.sampled_from([None, profile_for(channels)]))
    pixels = draw(arrays.arrays(kind, (rect.height, rect.width, 4)))
    return Picture(samples, profile), rect, pixels


@pytest.mark.parametrize(("channels", "bits"), KINDS)
def test_a_picture_knows_its_size_and_depth(channels: int, bits: int) -> None:
    picture = Picture(noise(37, 53, channels, bits))
    assert picture.size == Size(53, 37)
    assert picture.format is (PixelFormat.RGBA8 if bits == 8 else PixelFormat.RGBA16)
    assert picture.has_alpha is (channels in {2, 4})


@pytest.mark.parametrize(("channels", "bits"), KINDS)
def test_without_a_profile_the_samples_are_srgb(channels: int, bits: int) -> None:
    picture = Picture(noise(37, 53, channels, bits))
    pixels = picture.read(WHOLE)
    colours = picture.samples[..., : 3 if channels > 2 else 1]
    assert pixels.dtype == picture.samples.dtype
    np.testing.assert_array_equal(pixels[..., :3], np.broadcast_to(colours, (37, 53, 3)))
    alpha = picture.samples[..., -1] if picture.has_alpha else 2**bits - 1
    np.testing.assert_array_equal(pixels[..., 3], np.broadcast_to(alpha, (37, 53)))


def test_eight_bit_colours_are_those_of_another_colour_management() -> None:
    samples = noise(37, 53, 3, 8)
    ours = Picture(samples, ADOBE_RGB).read(WHOLE)[..., :3]
    source = ImageCms.ImageCmsProfile(io.BytesIO(ADOBE_RGB))
    theirs = ImageCms.profileToProfile(
        Image.fromarray(samples),
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    assert theirs is not None
    assert np.abs(ours.astype(int) - np.asarray(theirs)).max() <= 1


def test_sixteen_bit_colours_are_converted_at_sixteen_bits() -> None:
    ramp = np.arange(20_000, 20_256, dtype=np.uint16).reshape(1, 256, 1).repeat(3, axis=2)
    read = Picture(ramp, ADOBE_RGB).read(Rect(0, 0, 256, 1))
    assert len(np.unique(read[..., 0])) > 200, "at 8 bits it would be two values"


def test_grey_with_a_tone_curve_stays_grey_and_gets_srgbs_curve() -> None:
    read = Picture(np.full((1, 1, 1), 128, np.uint8), GREY_GAMMA).read(Rect(0, 0, 1, 1))
    linear = (128 / 255) ** 1.8
    expected = 255 * (1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(read[0, 0, :3] - expected).max() <= 1


@pytest.mark.parametrize(("channels", "bits"), KINDS)
def test_there_and_back_is_the_same_up_to_rounding(channels: int, bits: int) -> None:
    picture = Picture(muted(37, 53, channels, bits), profile_for(channels))
    back = picture.drawn_anew(picture.read(WHOLE))
    difference = np.abs(back.samples.astype(int) - picture.samples)
    assert difference.max() <= (1 if bits == 8 else 128)
    assert back.profile == picture.profile


def test_a_neutral_colour_becomes_the_same_grey() -> None:
    greys = np.arange(65_536, dtype=np.uint16).reshape(256, 256, 1)
    back = ColourSpace(None, 1).from_srgb(greys.repeat(3, axis=2))
    np.testing.assert_array_equal(back, greys)


@pytest.mark.parametrize(
    "profile",
    [b"", b"damaged", ADOBE_RGB[:200], GREY_GAMMA, bytes(16) + b"RGB " + bytes(200)],
)
def test_a_profile_that_says_nothing_of_the_samples_counts_for_srgb(profile: bytes) -> None:
    picture = Picture(noise(37, 53, 3, 8), profile)
    np.testing.assert_array_equal(picture.read(WHOLE)[..., :3], picture.samples)


@given(pictures())
def test_pixels_that_do_not_change_keep_their_samples(
    case: tuple[Picture, Rect, Samples],
) -> None:
    picture, rect, pixels = case
    before = picture.read(rect)
    kept = pixels[..., :1] % 2 == 0
    written = picture.written(rect, np.where(kept, before, pixels))
    inside = np.zeros(picture.samples.shape[:2], bool)
    inside[rect.y : rect.bottom, rect.x : rect.right] = ~kept[..., 0]
    np.testing.assert_array_equal(written.samples[~inside], picture.samples[~inside])
    assert written.samples.dtype == picture.samples.dtype


@given(pictures())
def test_without_a_profile_written_pixels_are_read_again(
    case: tuple[Picture, Rect, Samples],
) -> None:
    picture, rect, pixels = case
    if picture.samples.shape[2] < 3:
        pixels = pixels[..., [0, 0, 0, 3]]
    if not picture.has_alpha:
        pixels[..., 3] = np.iinfo(pixels.dtype).max
    plain = Picture(picture.samples)
    np.testing.assert_array_equal(plain.written(rect, pixels).read(rect), pixels)


def test_writing_what_is_there_copies_nothing() -> None:
    picture = Picture(noise(37, 53, 3, 8), ADOBE_RGB)
    assert picture.written(WHOLE, picture.read(WHOLE)) is picture


def test_colour_on_a_grey_picture_becomes_grey() -> None:
    picture = Picture(noise(2, 2, 1, 8))
    red = np.broadcast_to(np.array([255, 0, 0, 255], np.uint8), (2, 2, 4))
    written = picture.written(Rect(0, 0, 2, 2), red)
    assert written.samples.shape == (2, 2, 1)
    assert np.unique(written.samples).tolist() == [round(255 * 0.2126)]


def test_imagecodecs_has_what_we_ask_of_it() -> None:
    assert imagecodecs.CMS.available
    assert imagecodecs.PNG.available


def test_the_profiles_that_name_srgb_mean_what_samples_without_a_profile_mean() -> None:
    for channels in (1, 3):
        samples = noise(37, 53, channels, 16)
        named = ColourSpace(srgb_profile(channels), channels).to_srgb(samples)
        bare = ColourSpace(None, channels).to_srgb(samples)
        # lcms works with tables; 16 of 65535 is a sixteenth of an 8-bit step.
        np.testing.assert_allclose(named.astype(int), bare.astype(int), atol=16)
