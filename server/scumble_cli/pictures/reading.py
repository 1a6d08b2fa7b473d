"""Reading picture files, and refusing what is none in one clear sentence."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageCms, UnidentifiedImageError

from scumble_cli.pictures.colour import Samples
from scumble_cli.pictures.picture import Picture
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import Limits

MAX_SIDE = Limits().image_side
MAX_BYTES = MAX_SIDE * MAX_SIDE * 8
"""Of the samples of a TIFF, which may have any number of them a pixel."""
# Pillow refuses what has more than twice as many pixels before it decodes anything.
Image.MAX_IMAGE_PIXELS = MAX_SIDE * MAX_SIDE

FORMATS = ("PNG", "TIFF", "JPEG", "WEBP", "AVIF", "BMP", "GIF", "PPM", "TGA")
"""What is tried; Pillow has more, some of which start other programs."""

_COLOURS: Mapping[int, int] = {
    tifffile.PHOTOMETRIC.MINISBLACK: 1,
    tifffile.PHOTOMETRIC.MINISWHITE: 1,
    tifffile.PHOTOMETRIC.RGB: 3,
}
"""Colour samples a pixel, for the kinds of TIFF that are read with 16 bits."""

_ORIENTATION = 274
"""The tag of Exif and TIFF that says how to turn the picture."""

_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    LookupError,
    EOFError,
    MemoryError,
    RuntimeError,  # also every error of imagecodecs
    struct.error,
    zlib.error,
)
"""What the libraries raise at files that are damaged, by accident or on purpose."""


def read_picture(path: Path) -> Picture:
    """The picture in a file: 8 or 16 bits a sample, turned upright, its ICC profile kept.

    Palettes become RGB, CMYK and the like become sRGB without their profile. Of several frames or
    pages the first is read.

    Raises:
        RequestError: There is no such file, it is no picture, it is damaged, it has a kind of
            samples that we can't work with (`bad_picture`), or it is too large (`too_large`).
    """
    with _clear_errors(path):
        head = _head(path)
        if head[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
            return _read_tiff(path)
        Image.init()  # else it knows only some formats by name
        with Image.open(path, formats=FORMATS) as image:
            _check_size(image.width, image.height, path)
            # The bit depth, byte 24 of a PNG: https://www.w3.org/TR/png-3/#11IHDR
            if image.format == "PNG" and head[24] == 16:
                return _read_deep_png(path, image)
            return _decode(image, path)


def read_mask(path: Path) -> Samples:
    """The mask in a picture file: (height, width) `uint8`, its brightness times its opacity.

    Raises like `read_picture`.
    """
    picture = read_picture(path)
    samples = picture.samples.astype(np.float32) / np.iinfo(picture.samples.dtype).max
    colours = samples[..., : 3 if samples.shape[2] >= 3 else 1].mean(axis=2)
    if picture.has_alpha:
        colours *= samples[..., -1]
    mask: Samples = np.rint(colours * 255).astype(np.uint8)
    return mask


def _decode(image: Image.Image, path: Path) -> Picture:
    image.load()
    profile: bytes | None = image.info.get("icc_profile") or None
    if image.mode in {"CMYK", "LAB", "YCbCr", "HSV"}:
        image, profile = _as_srgb(image, profile), None
    if image.mode[0] in "IF":
        raise _unsupported(path)
    samples = np.array(image.convert(_plain_mode(image)))
    samples = samples.reshape(image.height, image.width, -1)
    turn = image.getexif().get(_ORIENTATION, 1)
    return Picture(_upright(samples, turn), profile, _resolution(image))


def _plain_mode(image: Image.Image) -> str:
    """The mode of whole samples that keeps everything that a Pillow image has."""
    has_alpha = image.has_transparency_data
    if image.mode in {"1", "L", "LA", "La"}:
        return "LA" if has_alpha else "L"
    return "RGBA" if has_alpha else "RGB"


def _as_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile is not None and image.mode == "CMYK":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (OSError, ImageCms.PyCMSError):
            converted = None  # a damaged profile says nothing; the plain conversion has to do
        if converted is not None:
            return converted
    return image.convert("RGB")


def _read_deep_png(path: Path, image: Image.Image) -> Picture:
    """A PNG with 16 bits a sample, of which Pillow would keep 8."""
    samples = imagecodecs.png_decode(path.read_bytes())
    exif = Image.Exif()
    exif.load(image.info.get("exif", b""))
    turn = exif.get(_ORIENTATION, 1)
    profile = image.info.get("icc_profile") or None
    samples = samples.reshape(image.height, image.width, -1)
    return Picture(_upright(samples, turn), profile, _resolution(image))


def _read_tiff(path: Path) -> Picture:
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        _check_size(page.imagewidth, page.imagelength, path)
        if page.nbytes > MAX_BYTES:
            raise _too_large(path, f" ({page.samplesperpixel} samples a pixel)")
        if page.dtype == np.uint16:
            return _read_deep_tiff(page, path)
    with Image.open(path, formats=("TIFF",)) as image:
        return _decode(image, path)


def _read_deep_tiff(page: tifffile.TiffPage, path: Path) -> Picture:
    """A page with 16 bits a sample."""
    colours = _COLOURS.get(page.photometric)
    if colours is None or page.axes not in {"YX", "YXS", "SYX"}:
        raise _unsupported(path)
    samples = page.asarray()
    if page.axes == "SYX":
        samples = np.moveaxis(samples, 0, -1)
    samples = samples.reshape(page.imagelength, page.imagewidth, -1)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        samples = np.iinfo(samples.dtype).max - samples
    samples = _with_straight_alpha(samples, colours, page.extrasamples[:1])
    turn = page.tags[_ORIENTATION].value if _ORIENTATION in page.tags else 1
    resolution = page.get_resolution("INCH") if "XResolution" in page.tags else None
    return Picture(_upright(samples, turn), page.iccprofile, resolution)


def _with_straight_alpha(samples: Samples, colours: int, extra: tuple[int, ...]) -> Samples:
    """The colour samples, with the first extra sample if it is the alpha channel."""
    if extra == (tifffile.EXTRASAMPLE.UNASSALPHA,):
        return samples[..., : colours + 1]
    if extra != (tifffile.EXTRASAMPLE.ASSOCALPHA,):
        return samples[..., :colours]
    most = np.iinfo(samples.dtype).max
    alpha = samples[..., colours : colours + 1]
    opaque = np.maximum(alpha, 1).astype(np.uint64)
    straight = (samples[..., :colours] * np.uint64(most) + opaque // 2) // opaque
    return np.concatenate([np.minimum(straight, most).astype(samples.dtype), alpha], axis=2)


def _upright(samples: Samples, turn: int) -> Samples:
    """The picture as it is to be looked at; `turn` is the orientation of Exif 2.32, 4.6.4 A."""
    if turn >= 5:
        samples = samples.swapaxes(0, 1)
    if turn in {2, 3, 6, 7}:
        samples = samples[:, ::-1]
    if turn in {3, 4, 7, 8}:
        samples = samples[::-1]
    return np.ascontiguousarray(samples)


def _resolution(image: Image.Image) -> tuple[float, float] | None:
    dpi = image.info.get("dpi")
    return (float(dpi[0]), float(dpi[1])) if dpi else None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(32).ljust(32, b"\0")


def _check_size(width: int, height: int, path: Path) -> None:
    if max(width, height) > MAX_SIDE:
        raise _too_large(path, f" ({width} x {height} pixels)")


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """One clear error for all that can be wrong with a file."""
    try:
        with warnings.catch_warnings():
            # Libraries warn of oddities, for instance in Exif data, that don't touch the pixels.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except FileNotFoundError as error:
        raise _bad(f"There is no file {path}.", "Check the name.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path) from error
    except (PermissionError, IsADirectoryError) as error:
        raise _bad(f"{path} can't be opened: {error.strerror}.", "Name another file.") from error
    except UnidentifiedImageError as error:
        raise _bad(
            f"{path} is no picture that can be read.", "Use a PNG, TIFF, JPEG or WebP file."
        ) from error
    except _DAMAGE as error:
        raise _bad(
            f"{path} is damaged: {_sentence(error)}.",
            "Save the picture again, or use another copy.",
        ) from error


def _sentence(error: BaseException) -> str:
    return str(error).strip().rstrip(".").split("\n")[0][:200] or type(error).__name__


def _bad(message: str, hint: str) -> RequestError:
    return RequestError(ErrorCode.BAD_PICTURE, message, hint)


def _too_large(path: Path, size: str = "") -> RequestError:
    return RequestError(
        ErrorCode.TOO_LARGE,
        f"{path} is too large{size}.",
        f"A side may have {MAX_SIDE} pixels at most.",
    )


def _unsupported(path: Path) -> RequestError:
    return _bad(
        f"{path} has samples that Scumble can't work with.",
        "Save it with 8 or 16 bits a channel, in grey or RGB.",
    )
