"""What servers under test import, done once: each of them is forked from a process that has it.

No thread runs and nothing is computed here, since neither comes along into a fork.
"""

from __future__ import annotations

import diffusers
import transformers

from tests.faults import client_with_faults, server_with_faults  # noqa: F401

# Which these libraries import only when they are asked for.
_ = (
    diffusers.StableDiffusionPipeline,
    diffusers.AutoencoderKL,
    diffusers.UNet2DConditionModel,
    diffusers.DDIMScheduler,
    transformers.CLIPTextModel,
    transformers.CLIPTokenizer,
)

import scumble_server.engine  # noqa: E402, F401
