"""The linear map from latents to colours."""

from __future__ import annotations

import numpy as np
import torch

from scumble_server.models.preview import color_chart, draw_preview, fit_preview


def encode_linearly(image: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> torch.Tensor:
    """A VAE whose latents are the mean colours, mixed and shifted, and a channel of nothing."""
    means = torch.nn.functional.avg_pool2d(torch.from_numpy(image).permute(2, 0, 1), 8)
    mixing = torch.tensor([[0.0, 2, 1], [1, 0, 0], [0, 1, -1], [0, 0, 0]])
    return torch.einsum("lc,chw->lhw", mixing, means)[None] - 0.3


def test_the_colours_of_a_linear_vae_come_back_exactly() -> None:
    rgb = fit_preview(encode_linearly, 8)
    assert rgb.shape == (5, 3)
    picture = np.random.default_rng(1).random((4, 6, 3), dtype=np.float32)
    latents = encode_linearly(picture.repeat(8, axis=0).repeat(8, axis=1))
    pixels = draw_preview(latents, rgb)
    assert pixels.shape == (4, 6, 4)
    assert np.abs(pixels[..., :3] / 255 - picture).max() <= 0.5 / 255 + 1e-4
    assert (pixels[..., 3] == 255).all()


def test_colours_beyond_the_range_are_clipped() -> None:
    rgb = fit_preview(encode_linearly, 8)
    pixels = draw_preview(torch.full((1, 4, 2, 2), 100.0), rgb)
    assert set(np.unique(pixels)) <= {0, 255}


def test_the_chart_is_the_same_each_time_and_has_all_colours() -> None:
    chart = color_chart(8)
    assert chart.shape == (256, 256, 3)
    assert (chart == color_chart(8)).all()
    assert chart.min() < 0.05
    assert chart.max() > 0.95
