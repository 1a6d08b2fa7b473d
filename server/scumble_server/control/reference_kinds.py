"""What can be taken of a reference alone, and by which models."""

from __future__ import annotations

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import ReferenceKind

BLOCKS = {
    ReferenceKind.STYLE: "up_blocks.0.attentions.1.",
    ReferenceKind.COMPOSITION: "down_blocks.2.attentions.1.",
}
"""The blocks of SDXL's UNet that decide on style and on layout (InstantStyle, Wang et al. 2024)."""


def check_kind(kind: ReferenceKind, *, has_blocks: bool) -> None:
    """Refuse to take style or composition alone where no blocks stand for them."""
    if kind in BLOCKS and not has_blocks:
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"This model can't take the {kind.value} of a reference alone.",
            "Take all of it with a lower weight, or choose an SDXL model.",
        )
