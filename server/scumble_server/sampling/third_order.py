"""DPM++ 3M SDE with its third-order term as it was derived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import diffusers
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence


class ThirdOrderSde(diffusers.DPMSolverMultistepScheduler):  # type: ignore[misc]  # untyped
    """The scheduler of diffusers with a sign put right.

    Over a step of length h in half the logarithm of the signal-to-noise ratio, the exponential
    integrator (Lu et al. 2022, *DPM-Solver++*) has as factor of the second derivative

        signal * ((1 - exp(-2h) - 2h) / (2h)**2 + 1/2),

    which vanishes with h. diffusers 0.42 subtracts the half, so that pictures stay inexact however
    small the steps. The difference of the two is that derivative times the signal.
    """

    def multistep_dpm_solver_third_order_update(
        self, model_output_list: Sequence[torch.Tensor], *args: Any, **named: Any
    ) -> torch.Tensor:
        """The sample of the next level, from the last three estimates of the picture."""
        made = super().multistep_dpm_solver_third_order_update(model_output_list, *args, **named)
        sigmas = [self.sigmas[self.step_index + 1 - back] for back in range(4)]
        scales = [self._sigma_to_alpha_sigma_t(sigma) for sigma in sigmas]
        halves = [torch.log(signal) - torch.log(noise) for signal, noise in scales]
        step, before, earlier = (halves[at] - halves[at + 1] for at in range(3))
        last, second, first = model_output_list[-1], model_output_list[-2], model_output_list[-3]
        slope = (last - second) * step / before
        slope_before = (second - first) * step / earlier
        curvature = (slope - slope_before) * step / (before + earlier)
        return torch.as_tensor(made + scales[0][0] * curvature)
