"""Picture files: what is read, what is written, what is refused."""

from __future__ import annotations

import errno
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from scumble_cli.pictures import reading, writing
from scumble_cli.pictures.picture import Picture
from scumble_cli.pictures.reading import MAX_SIDE, read_mask, read_picture
from scumble_cli.pictures.writing import check_writable, write_picture
from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.geometry import Rect
from tests.cli.picture_files import cmyk_profile, noise, picture_of

KINDS = [(channels, bits) for channels in (1, 2, 3, 4) for bits in (8, 16)]


def refusal(path: Path) -> RequestError:
    with pytest.raises(RequestError) as caught:
        read_picture(path)
    assert path.name in caught.value.message
    assert caught.value.hint
    return caught.value


# ── There and back ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ending", [".png", ".tif", ".TIFF"])
@pytest.mark.parametrize(("channels", "bits"), KINDS)
def test_every_sample_and_the_profile_survive(
    tmp_path: Path, channels: int, bits: int, ending: str
) -> None:
    picture = picture_of(channels, bits)
    path = tmp_path / f"picture{ending}"
    write_picture(path, picture)
    read = read_picture(path)
    np.testing.assert_array_equal(read.samples, picture.samples)
    assert read.samples.dtype == picture.samples.dtype
    assert read.profile == picture.profile
    assert read.resolution == pytest.approx((300, 300), abs=0.01)


@pytest.mark.parametrize("channels", [3, 4])
def test_webp_keeps_every_eight_bit_sample(tmp_path: Path, channels: int) -> None:
    picture = picture_of(channels, 8)
    write_picture(tmp_path / "picture.webp", picture)
    read = read_picture(tmp_path / "picture.webp")
    np.testing.assert_array_equal(read.samples, picture.samples)
    assert read.profile == picture.profile


@pytest.mark.parametrize("channels", [1, 2])
def test_webp_has_grey_as_srgb(tmp_path: Path, channels: int) -> None:
    picture = picture_of(channels, 8)
    write_picture(tmp_path / "picture.webp", picture)
    read = read_picture(tmp_path / "picture.webp")
    assert read.profile is None
    whole = Rect.of(picture.size)
    np.testing.assert_array_equal(read.read(whole), picture.read(whole))


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (3, 8), (3, 16)])
def test_jpeg_keeps_the_look_and_the_profile(tmp_path: Path, channels: int, bits: int) -> None:
    smooth = np.linspace(0, 2**bits - 1, 64 * 64).reshape(64, 64, 1).repeat(channels, axis=2)
    picture = Picture(smooth.astype(f"u{bits // 8}"), picture_of(channels, 8).profile)
    write_picture(tmp_path / "picture.jpg", picture)
    read = read_picture(tmp_path / "picture.jpg")
    assert read.profile == picture.profile
    assert read.samples.shape == picture.samples.shape
    assert np.abs(read.samples - smooth * 255 / (2**bits - 1)).mean() < 1


def test_sixteen_bits_are_rounded_to_eight() -> None:
    samples = np.array([0, 128, 129, 65_535 - 129, 65_535 - 128, 65_535], np.uint16)
    assert writing.eight_bit(samples).tolist() == [0, 0, 1, 254, 255, 255]
    small = np.zeros(3, np.uint8)
    assert writing.eight_bit(small) is small


def test_without_profile_and_resolution_none_is_written(tmp_path: Path) -> None:
    for ending in (".png", ".tif", ".jpg", ".webp"):
        write_picture(tmp_path / f"plain{ending}", Picture(noise(5, 5, 3, 8)))
        read = read_picture(tmp_path / f"plain{ending}")
        assert read.profile is None


# ── Reading what others write ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mode", "channels"),
    [("1", 1), ("L", 1), ("LA", 2), ("P", 3), ("RGB", 3), ("RGBA", 4)],
)
def test_every_usual_kind_of_pixel_is_read(tmp_path: Path, mode: str, channels: int) -> None:
    image = Image.fromarray(noise(9, 7, 4, 8))
    image = image.convert("RGB").quantize(64) if mode == "P" else image.convert(mode)
    image.save(tmp_path / "picture.png")
    plain = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    read = read_picture(tmp_path / "picture.png")
    expected = np.asarray(image.convert(plain)).reshape(9, 7, channels)
    np.testing.assert_array_equal(read.samples, expected)


def test_a_palette_with_a_transparent_colour_gets_an_alpha_channel(tmp_path: Path) -> None:
    image = Image.fromarray(noise(9, 7, 3, 8)).quantize(8)
    image.save(tmp_path / "picture.gif", transparency=3)
    read = read_picture(tmp_path / "picture.gif")
    assert read.has_alpha
    np.testing.assert_array_equal(read.samples[..., 3] == 0, np.asarray(image) == 3)


def test_a_grey_png_with_a_transparent_value_gets_an_alpha_channel(tmp_path: Path) -> None:
    grey = noise(9, 7, 1, 8)[..., 0]
    Image.fromarray(grey).save(tmp_path / "picture.png", transparency=int(grey[0, 0]))
    samples = read_picture(tmp_path / "picture.png").samples
    assert samples.shape == (9, 7, 2)
    np.testing.assert_array_equal(samples[..., 1] == 0, grey == grey[0, 0])


@pytest.mark.parametrize("profile", [None, b"damaged", ImageCms.createProfile("LAB")])
def test_cmyk_becomes_srgb(tmp_path: Path, profile: Any) -> None:
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    if profile is not None and not isinstance(profile, bytes):
        profile = ImageCms.ImageCmsProfile(profile).tobytes()
    cmyk.save(tmp_path / "picture.jpg", icc_profile=profile)
    read = read_picture(tmp_path / "picture.jpg")
    assert read.profile is None
    assert np.abs(read.samples.astype(int) - (255, 0, 0)).max() < 5


def test_cmyk_is_converted_with_its_profile(tmp_path: Path) -> None:
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    cmyk.save(tmp_path / "picture.tif", icc_profile=cmyk_profile())
    samples = read_picture(tmp_path / "picture.tif").samples.astype(int)
    assert np.ptp(samples, axis=2).max() <= 1, "grey, as the profile says, and not red"


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_is_turned_upright_as_its_exif_says(tmp_path: Path, turn: int) -> None:
    stored = noise(3, 5, 3, 8)
    exif = Image.Exif()
    exif[274] = turn
    Image.fromarray(stored).save(tmp_path / "picture.png", exif=exif)
    with Image.open(tmp_path / "picture.png") as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(read_picture(tmp_path / "picture.png").samples, expected)
    np.testing.assert_array_equal(
        read_picture(_deep_png(tmp_path, stored, exif)).samples, expected.astype(np.uint16) * 257
    )
    tifffile.imwrite(
        tmp_path / "deep.tif",
        stored.astype(np.uint16) * 257,
        photometric="rgb",
        extratags=[(274, "H", 1, turn, False)],
    )
    np.testing.assert_array_equal(
        read_picture(tmp_path / "deep.tif").samples, expected.astype(np.uint16) * 257
    )


def _deep_png(folder: Path, samples: np.ndarray, exif: Image.Exif) -> Path:
    data = imagecodecs.png_encode(samples.astype(np.uint16) * 257)
    chunk = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    raw = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    path = folder / "deep.png"
    path.write_bytes(data[:33] + raw + data[33:])
    return path


@pytest.mark.parametrize("turn", [1, 6])
def test_an_eight_bit_tiff_is_turned_once(tmp_path: Path, turn: int) -> None:
    stored = noise(3, 5, 3, 8)
    tifffile.imwrite(
        tmp_path / "picture.tif",
        stored,
        photometric="rgb",
        extratags=[(274, "H", 1, turn, False)],
    )
    expected = stored if turn == 1 else np.rot90(stored, -1)
    np.testing.assert_array_equal(read_picture(tmp_path / "picture.tif").samples, expected)


def test_deep_tiffs_of_every_arrangement_are_read(tmp_path: Path) -> None:
    rgb = noise(5, 7, 3, 16)
    grey = noise(5, 7, 1, 16)[..., 0]
    extra = np.concatenate([rgb, grey[..., np.newaxis]], axis=2)
    path = tmp_path / "picture.tif"

    def read(samples: np.ndarray, **options: Any) -> np.ndarray:
        tifffile.imwrite(path, samples, **options)
        return read_picture(path).samples

    planes = np.moveaxis(rgb, 2, 0)
    separate = read(planes, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(separate, rgb)
    inverted = read(65_535 - grey, photometric="miniswhite")
    np.testing.assert_array_equal(inverted[..., 0], grey)
    unspecified = read(extra, photometric="rgb", extrasamples=["unspecified"])
    np.testing.assert_array_equal(unspecified, rgb)
    tiled = read(rgb, photometric="rgb", tile=(16, 16), compression="lzw", byteorder=">")
    np.testing.assert_array_equal(tiled, rgb)
    assert tiled.dtype == np.uint16


def test_premultiplied_alpha_is_made_straight(tmp_path: Path) -> None:
    straight = np.array([[[60_000, 30_000, 0, 65_535], [60_000, 30_000, 0, 32_768]]], np.uint16)
    premultiplied = straight.copy()
    premultiplied[..., :3] = np.rint(straight[..., :3] * (straight[..., 3:] / 65_535))
    zero = np.zeros((1, 1, 4), np.uint16)
    tifffile.imwrite(
        tmp_path / "picture.tif",
        np.concatenate([premultiplied, zero], axis=1),
        photometric="rgb",
        extrasamples=["assocalpha"],
    )
    read = read_picture(tmp_path / "picture.tif").samples.astype(int)
    assert np.abs(read[:, :2] - straight).max() <= 1
    assert not read[0, 2].any()


def test_deep_samples_in_other_formats_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.pgm"
    path.write_bytes(b"P5 7 5 65535\n" + noise(5, 7, 1, 16).tobytes())
    assert "can't work with" in refusal(path).message


# ── Masks ────────────────────────────────────────────────────────────────────────────────────────


def test_a_mask_is_brightness_times_opacity(tmp_path: Path) -> None:
    samples = np.array([[[255, 255, 255, 255], [255, 255, 255, 128], [0, 0, 0, 255]]], np.uint8)
    write_picture(tmp_path / "mask.png", Picture(samples))
    assert read_mask(tmp_path / "mask.png").tolist() == [[255, 128, 0]]


def test_a_deep_grey_mask_becomes_eight_bits(tmp_path: Path) -> None:
    samples = np.array([[[0], [32_768], [65_535]]], np.uint16)
    write_picture(tmp_path / "mask.png", Picture(samples))
    assert read_mask(tmp_path / "mask.png").tolist() == [[0, 128, 255]]


# ── Bad input ────────────────────────────────────────────────────────────────────────────────────


def test_what_is_not_there_is_no_picture(tmp_path: Path) -> None:
    assert "no file" in refusal(tmp_path / "missing.png").message


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    assert refusal(tmp_path).code is ErrorCode.BAD_PICTURE


@pytest.mark.parametrize("content", [b"", b"GIF", b"%PDF-1.4 ...", b"<svg/>", b"\0" * 100])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    error = refusal(path)
    assert error.code is ErrorCode.BAD_PICTURE
    assert "no picture" in error.message


@pytest.mark.parametrize("ending", [".png", ".tif", ".jpg", ".webp"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_truncated_picture_is_refused(tmp_path: Path, ending: str, bits: int) -> None:
    path = tmp_path / f"picture{ending}"
    write_picture(path, picture_of(3, bits, height=200, width=200))
    whole = path.read_bytes()
    for kept in (len(whole) // 2, len(whole) // 20):
        path.write_bytes(whole[:kept])
        assert refusal(path).code is ErrorCode.BAD_PICTURE


@pytest.mark.parametrize("ending", [".png", ".tif", ".webp"])
@pytest.mark.parametrize("bits", [8, 16])
def test_whatever_bytes_are_wrong_there_is_a_picture_or_one_clear_error(
    tmp_path: Path, ending: str, bits: int
) -> None:
    path = tmp_path / f"picture{ending}"
    write_picture(path, picture_of(4, bits))
    whole = bytearray(path.read_bytes())
    for _ in range(30):
        damaged = bytearray(whole)
        for position in np.random.randint(0, len(whole), 5):
            damaged[position] = np.random.randint(256)
        path.write_bytes(damaged)
        try:
            read = read_picture(path)
        except RequestError as error:
            assert error.code in {ErrorCode.BAD_PICTURE, ErrorCode.TOO_LARGE}  # noqa: PT017
        else:
            assert read.samples.ndim == 3


def _huge_png(side: int, bits: int) -> bytes:
    """A PNG that claims to be large, in some hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, bits, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("side", [MAX_SIDE + 1, 20_000, 1_000_000])
def test_a_picture_that_is_too_large_is_refused_unread(
    tmp_path: Path, side: int, bits: int
) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(_huge_png(side, bits))
    error = refusal(path)
    assert error.code is ErrorCode.TOO_LARGE
    assert str(MAX_SIDE) in error.hint


def test_a_tiff_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tif"
    tifffile.imwrite(path, np.zeros((1, 20_000), np.uint16))
    error = refusal(path)
    assert error.code is ErrorCode.TOO_LARGE
    assert "20000 x 1" in error.message


def test_a_picture_of_the_largest_side_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    write_picture(path, Picture(np.zeros((1, MAX_SIDE, 1), np.uint8)))
    assert read_picture(path).size.width == MAX_SIDE


@pytest.mark.parametrize(
    ("kind", "options"),
    [("f4", {}), ("u4", {}), ("u2", {"photometric": "separated"}), ("u2", {"volumetric": True})],
)
def test_samples_that_we_cannot_work_with_are_refused(
    tmp_path: Path, kind: str, options: dict[str, Any]
) -> None:
    path = tmp_path / "picture.tif"
    shape = (16, 16, 16) if "volumetric" in options else (16, 16, 4) if options else (16, 16)
    if "volumetric" in options:
        options = {**options, "tile": (16, 16, 16)}
    tifffile.imwrite(path, np.zeros(shape, kind), **options)
    assert refusal(path).code is ErrorCode.BAD_PICTURE


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["picture", "picture.gif", "picture.xcf"])
def test_an_unknown_ending_is_refused_with_those_that_are_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(RequestError, match="can't write") as caught:
        write_picture(tmp_path / name, picture_of(3, 8))
    assert ".png" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_what_a_format_cannot_hold_is_refused_beforehand() -> None:
    with pytest.raises(RequestError, match="transparent"):
        check_writable(Path("picture.jpg"), picture_of(4, 8))
    with pytest.raises(RequestError, match="WebP"):
        check_writable(Path("picture.webp"), Picture(np.zeros((1, 16_384, 3), np.uint8)))


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="can't be written"):
        write_picture(tmp_path / "missing" / "picture.png", picture_of(3, 8))


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"as it was")

    def fail(file: io.BytesIO, picture: Picture) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(writing._WRITERS, ".png", fail)  # noqa: SLF001
    with pytest.raises(ServerError, match="no room") as caught:
        write_picture(path, picture_of(3, 8))
    assert caught.value.code is ErrorCode.DISK_FULL
    assert path.read_bytes() == b"as it was"
    assert list(tmp_path.iterdir()) == [path]


def test_a_picture_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    for channels in (3, 4):
        write_picture(path, picture_of(channels, 8))
    assert read_picture(path).has_alpha
    assert list(tmp_path.iterdir()) == [path]


def test_only_formats_that_pillow_reads_by_itself_are_tried(tmp_path: Path) -> None:
    path = tmp_path / "picture.eps"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    assert refusal(path).code is ErrorCode.BAD_PICTURE
    assert "EPS" not in reading.FORMATS
