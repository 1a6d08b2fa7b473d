"""What the arithmetic of a job takes at the least, on the fastest GPU that is meant."""

from __future__ import annotations

from dataclasses import dataclass

from scumble_cli.benchmarks.figure import Figure, Times

TERAFLOPS = 790.0
"""What an H100 or H200 does of matrix products in bf16 or fp16 a second, with real matrices."""

FORWARD = {
    ("sd1", 512): 0.803,
    ("sdxl", 1024): 6.761,
    ("flux", 1024): 74.4,
}
"""Teraflops of one evaluation of a denoiser by the side of the picture: two for each
multiplication with its addition, attention with them."""

DECODER = {512: 2.515, 1024: 10.47}
"""Of the VAE's decoder; what it encodes and what reads the text can be kept."""


@dataclass(frozen=True)
class Limit:
    """The least that a job can take.

    Args:
        denoiser: One of `FORWARD`, without the side.
        side: Of the picture, as published.
        evaluations: Of the denoiser: two a step with guidance.
    """

    denoiser: str
    side: int
    evaluations: int

    @property
    def seconds(self) -> float:
        """At `TERAFLOPS`, without anything between the products."""
        work = self.evaluations * FORWARD[self.denoiser, self.side] + DECODER[self.side]
        return work / TERAFLOPS

    def figures(self, name: str, measured: Times) -> list[Figure]:
        """The limit, and how much of the time that was measured it is."""
        return [
            Figure(f"{name}, the physical limit of an H200", self.seconds, "s"),
            Figure(
                f"{name}, part of the time that the limit is", self.seconds / measured.least, "x"
            ),
        ]
