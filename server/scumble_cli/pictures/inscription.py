"""What a picture file says of its making, in the form that each kind of file has for it.

Where everything goes is said in `scumble_protocol.editor.inscribed`, which reads it.
"""

from __future__ import annotations

import html
import struct
import zlib
from dataclasses import dataclass

from scumble_cli.version import version
from scumble_protocol.editor.inscribed import (
    COMMENT_TAG,
    PARAMETERS,
    RECORD,
    UTF_16,
    XMP_NAMESPACE,
)
from scumble_protocol.editor.parameters import parameters_of
from scumble_protocol.editor.tags import EXIF_FOLDER
from scumble_protocol.errors import RequestError


@dataclass(frozen=True)
class Inscription:
    """What is said of a picture.

    Args:
        parameters: The text for A1111's readers.
        record: Our own record.
    """

    parameters: str
    record: str

    def png_chunks(self) -> bytes:
        """The chunks of a PNG that say it."""
        return _text_chunk(PARAMETERS, self.parameters) + _text_chunk(RECORD, self.record)

    def xmp(self) -> bytes:
        """The XMP packet with the record."""
        record = html.escape(self.record)
        return (
            '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
            '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            f'<rdf:Description rdf:about="" xmlns:scumble="{XMP_NAMESPACE}" '
            f'scumble:record="{record}"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
        ).encode()

    def exif(self) -> bytes:
        """Exif with the parameters as its user's comment, big-endian as its readers expect."""
        comment = UTF_16 + self.parameters.encode("utf-16-be", "replace")
        # A header, a folder with one entry, which is the Exif folder, which has one entry.
        first, second = 8, 8 + 2 + 12 + 4
        text = second + 2 + 12 + 4
        return b"".join(
            (
                b"Exif\0\0MM\0*",
                struct.pack(">I", first),
                struct.pack(">HHHIII", 1, EXIF_FOLDER, 4, 1, second, 0),
                struct.pack(">HHHIII", 1, COMMENT_TAG, 7, len(comment), text, 0),
                comment,
            )
        )


def inscription_of(record: str) -> Inscription | None:
    """What a picture says whose topmost layer has this record; None if it can't be read.

    A picture is never lost for want of what it would say.
    """
    try:
        return Inscription(parameters_of(record, version()), record)
    except RequestError:
        return None


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """https://www.w3.org/TR/png-3/#5Chunk-layout."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _text_chunk(name: str, text: str) -> bytes:
    """Plain where Latin-1 has all its characters, as others write it, else international."""
    try:
        return png_chunk(b"tEXt", f"{name}\0{text}".encode("latin-1"))
    except UnicodeEncodeError:
        return png_chunk(b"iTXt", name.encode() + bytes(5) + text.encode("utf-8", "replace"))
