"""CFG rescale: guided predictions get back the contrast of unguided ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from scumble_server.sampling.trajectory import Trajectory

SMALLEST = 1e-12
"""A prediction of one single value has no contrast to bring back."""


class Rescale:
    """Rescales the predictions of one run.

    Guidance makes a prediction's values spread more the larger its scale, which overexposes; after
    *Common Diffusion Noise Schedules and Sample Steps are Flawed* (Lin et al. 2023, section 3.4).
    That was written for models that predict velocity. What others predict is turned into velocity
    and back, as ComfyUI does: shrinking predicted noise itself would leave noise in the picture.

    Args:
        share: How far, 0 (not at all) to 1 (to the same standard deviation, for each sample).
        way: What is predicted, and at which noise levels.
    """

    def __init__(self, share: float, way: Trajectory) -> None:
        self._share = share
        self._way = way

    def __call__(
        self, guided: torch.Tensor, wanted: torch.Tensor, scaled: torch.Tensor, evaluation: int
    ) -> torch.Tensor:
        """The guided predictions, rescaled.

        Args:
            guided: Predictions (count, channels, height, width) with guidance.
            wanted: Those for the prompt alone.
            scaled: The samples, as the UNet read them.
            evaluation: The number of the evaluation.
        """
        if not self._share:
            return guided
        level = self._way.levels[evaluation]
        power = math.hypot(level.signal, level.noise)
        signal, noise = level.signal / power, level.noise / power
        if self._way.prediction == "epsilon":
            own, far = ((each - noise * scaled) / signal for each in (wanted, guided))
            return signal * rescaled(far, own, self._share) + noise * scaled
        if self._way.prediction == "sample":
            own, far = ((signal * scaled - each) / noise for each in (wanted, guided))
            return signal * scaled - noise * rescaled(far, own, self._share)
        return rescaled(guided, wanted, self._share)


def rescaled(guided: torch.Tensor, wanted: torch.Tensor, share: float) -> torch.Tensor:
    """Velocities with guidance, brought back towards the spread of those for the prompt alone."""
    own, spread = (tensor.std(dim=(1, 2, 3), keepdim=True) for tensor in (wanted, guided))
    return guided * (1 + share * (own / spread.clamp(min=SMALLEST) - 1))
