"""Local strength: where the mask is grey, the picture is held back and let go later.

After *Differential Diffusion* (Levin & Fried, 2023): with `n` evaluations to run, a latent whose
mask value is `m` takes part in the last `floor(m * n)` of them. Until then it is the original with
the noise of the level reached, so that its surroundings see where it stands. A mask of 0 and 1
alone gives what diffusers' inpainting does; a white one gives plain img2img.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from scumble_server.sampling.trajectory import Trajectory

ROUNDING = 1e-4
"""So that 0.3 of 10 evaluations are 3, although 0.3 is no binary fraction."""


def latent_mask(mask: NDArray[np.float32], scale: int, device: torch.device) -> torch.Tensor:
    """The mask (h, w) in 0..1 at latent size, (1, 1, h / scale, w / scale).

    A latent takes the strongest of its pixels: thin lines of a selection stay, and what is too much
    lies outside the blend mask and is not shown.
    """
    pixels = torch.from_numpy(mask)[None, None].to(device, torch.float32)
    return torch.nn.functional.max_pool2d(pixels, kernel_size=scale)


class Hold:
    """Puts back what is not let go yet.

    Args:
        original: Latents of the picture.
        noise: The noise of the run, same shape.
        mask: Local strength in 0..1, (1, 1, height, width) of the latents.
        way: The noise levels.
    """

    def __init__(
        self, original: torch.Tensor, noise: torch.Tensor, mask: torch.Tensor, way: Trajectory
    ) -> None:
        self.way = way
        self._original = original
        self._noise = noise
        evaluations = len(way)
        self._until = evaluations - (mask * evaluations + ROUNDING).floor()
        # Read once here: asking the device at each step would wait for it each time.
        self._last = int(self._until.max())

    def __call__(self, sample: torch.Tensor, level: int) -> torch.Tensor:
        """The sample that reached a level, with everything put back that is held until there."""
        if level > self._last:
            return sample
        held = self.way.noised(self._original, self._noise, level)
        return torch.where(self._until < level, sample, held)
