"""Writing picture files: whole or not at all, with the picture's own samples and ICC profile."""

from __future__ import annotations

import errno
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from scumble_cli.pictures.colour import Samples
from scumble_cli.pictures.inscription import png_chunk
from scumble_cli.pictures.picture import Picture
from scumble_protocol.editor.inscribed import XMP_TAG
from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.geometry import Rect

_PNG_LEVEL = 4
_JPEG_QUALITY = 95
_METRES_PER_INCH = 0.0254
_JPEG_SEGMENT = 65_000
_WEBP_SIDE = 16383


def write_picture(path: Path, picture: Picture) -> None:
    """Write a picture in the format that the file's ending names; an older file is replaced.

    PNG and TIFF keep every sample; WebP (lossless) keeps 8-bit ones; JPEG keeps none exactly.

    Raises:
        RequestError: The format is unknown or can't hold this picture (see `check_writable`), or
            the file can't be written.
        ServerError: The disk is full.
    """
    check_writable(path, picture)
    with replacing(path) as file:
        _WRITERS[path.suffix.lower()](file, picture)


def check_writable(path: Path, picture: Picture) -> None:
    """Refuse a file name whose format can't hold the picture; to be asked before any work.

    Raises:
        RequestError: The ending is unknown, or the picture is too large or too transparent for it.
    """
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        endings = ", ".join(sorted(_WRITERS))
        raise _refused(f"Scumble can't write {path.name}.", f"Use one of the endings {endings}.")
    if suffix in _JPEG and picture.has_alpha:
        raise _refused("JPEG files can't be transparent, and this picture is.", "Save it as .png.")
    if suffix == ".webp" and max(picture.samples.shape[:2]) > _WEBP_SIDE:
        raise _refused(
            f"WebP files have at most {_WEBP_SIDE} pixels a side.", "Save the picture as .png."
        )


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` once it is complete.

    If anything fails, nothing is left and `path` is as it was. Raises like `write_picture`.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        try:
            with part.open("wb") as file:
                yield file
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise _disk_error(path, error) from error


def png_bytes(picture: Picture) -> bytes:
    """The picture as a PNG of its own depth, with its profile and resolution."""
    samples = picture.samples[..., 0] if picture.samples.shape[2] == 1 else picture.samples
    encoded = bytes(imagecodecs.png_encode(samples, level=_PNG_LEVEL))
    extra = b""
    if picture.profile is not None:
        extra += png_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(picture.profile))
    if picture.resolution is not None:
        across, down = (round(value / _METRES_PER_INCH) for value in picture.resolution)
        extra += png_chunk(b"pHYs", struct.pack(">IIB", across, down, 1))
    if picture.inscription is not None:
        extra += picture.inscription.png_chunks()
    # All go after the header (8 bytes of signature, 25 of IHDR) and before the pixels.
    return encoded[:33] + extra + encoded[33:]


def _write_png(file: BinaryIO, picture: Picture) -> None:
    file.write(png_bytes(picture))


def _write_tiff(file: BinaryIO, picture: Picture) -> None:
    channels, said = picture.samples.shape[2], picture.inscription
    packet = said.xmp() if said else b""
    tifffile.imwrite(
        file,
        picture.samples[..., 0] if channels == 1 else picture.samples,
        photometric="rgb" if channels >= 3 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=["unassalpha"] if picture.has_alpha else None,
        compression="adobe_deflate",
        predictor=True,
        iccprofile=picture.profile,
        resolution=picture.resolution,
        resolutionunit="INCH" if picture.resolution else None,
        # As bytes, since tifffile wants texts to be ASCII; readers take them for UTF-8.
        description=said.parameters.encode() if said else None,
        extratags=[(XMP_TAG, 1, len(packet), packet, True)] if said else [],
        metadata=None,
        software=False,
    )


def _write_jpeg(file: BinaryIO, picture: Picture) -> None:
    options = {"quality": _JPEG_QUALITY, "subsampling": 0}
    _save(file, picture, "JPEG", options)


def _write_webp(file: BinaryIO, picture: Picture) -> None:
    if picture.samples.shape[2] < 3:  # WebP has no grey, so that a profile of grey would lie
        pixels = picture.read(Rect.of(picture.size))
        colours = pixels if picture.has_alpha else pixels[..., :3]
        picture = Picture(colours, inscription=picture.inscription)
    # exact: else the colours of transparent pixels are lost.
    _save(file, picture, "WEBP", {"lossless": True, "exact": True, "quality": 50})


def _save(file: BinaryIO, picture: Picture, kind: str, options: Mapping[str, Any]) -> None:
    if picture.profile is not None:
        options = {**options, "icc_profile": picture.profile}
    if picture.resolution is not None and kind == "JPEG":
        options = {**options, "dpi": picture.resolution}
    if picture.inscription is not None:
        packet = picture.inscription.xmp()
        # A segment of a JPEG holds no more; what A1111's readers want is far below.
        carried = {"xmp": packet} if kind != "JPEG" or len(packet) < _JPEG_SEGMENT else {}
        options = {**options, **carried, "exif": picture.inscription.exif()}
    samples = eight_bit(picture.samples)
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    image.save(file, kind, **options)


def eight_bit(samples: Samples) -> Samples:
    """Samples of either depth as `uint8`, rounded to the nearest."""
    if samples.dtype == np.uint8:
        return samples
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)


_JPEG = {".jpg", ".jpeg"}
_WRITERS: Mapping[str, Callable[[BinaryIO, Picture], None]] = {
    ".png": _write_png,
    ".tif": _write_tiff,
    ".tiff": _write_tiff,
    ".jpg": _write_jpeg,
    ".jpeg": _write_jpeg,
    ".webp": _write_webp,
}


def _refused(message: str, hint: str) -> RequestError:
    return RequestError(ErrorCode.INVALID_VALUE, message, hint)


def _disk_error(path: Path, error: OSError) -> RequestError | ServerError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ServerError(
            ErrorCode.DISK_FULL, f"There is no room on the disk for {path}.", "Make some room."
        )
    return _refused(f"{path} can't be written: {error.strerror}.", "Name another file with --out.")
