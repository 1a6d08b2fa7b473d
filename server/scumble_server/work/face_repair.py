"""Only the faces under a selection, each repaired by a network that knows nothing but faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Pass, Phase
from scumble_server.pixels import opencv
from scumble_server.pixels.compose import Layer
from scumble_server.pixels.opencv import quantized, unit
from scumble_server.work.faces import Remade
from scumble_server.work.made import Made
from scumble_server.work.report import ProgressReport
from scumble_server.work.variations import seeds_of

if TYPE_CHECKING:
    from scumble_protocol.requests import Regenerate
    from scumble_server.pixels.opencv import Picture
    from scumble_server.upscale.face_restorer import FaceRestorer
    from scumble_server.work.faces import Face
    from scumble_server.work.report import Reporter


def repaired(
    faces: tuple[Face, ...],
    request: Regenerate,
    picture: Picture,
    restorer: FaceRestorer,
    report: Reporter,
) -> tuple[Made, ...]:
    """A layer with all faces repaired; the same for each variation, as chance has no part in it.

    Args:
        faces: Where they are.
        request: Its strength says how much of the repaired face is in the mixture.
        picture: uint8 or uint16 (height, width, 4).
        restorer: The network.
        report: Told before every face; what it raises ends the work.
    """
    remade = Remade(picture)
    for number, face in enumerate(faces):
        report(ProgressReport(Phase.SAMPLING, number, len(faces), detail=_words(number, faces)))
        remade.put(face, _repaired(face, remade.before(face), restorer, request.strength))
    report(ProgressReport(Phase.SAMPLING, len(faces), len(faces)))
    layer = remade.layer(request.context)
    passes = (Pass("faces", Size(restorer.side, restorer.side), request.strength, 0, len(faces)),)
    return tuple(Made(layer, seed, passes=passes) for seed in seeds_of(request))


def _repaired(face: Face, before: Picture, restorer: FaceRestorer, strength: float) -> Layer:
    color = unit(opencv.without_alpha(before))
    mixed = color + (restorer.restore(color) - color) * np.float32(strength)
    made = opencv.with_alpha(quantized(mixed, before))
    made[..., 3] = before[..., 3]
    pixels = opencv.copied(made, face.mask, onto=before)
    return Layer(Rect.of(face.place.size), pixels, face.mask)


def _words(number: int, faces: tuple[Face, ...]) -> str:
    return f"face {number + 1} of {len(faces)}" if len(faces) > 1 else ""
