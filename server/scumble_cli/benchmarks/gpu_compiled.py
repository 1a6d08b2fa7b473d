"""Models compiled as `serve --compile on` does it, beside the same models eager."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from scumble_cli.benchmarks.figure import Figure, Finding, Unmeasured, in_turns, seconds
from scumble_cli.benchmarks.gpu_models import flux_model, flux_pipeline, unet_model, unet_pipeline
from scumble_cli.benchmarks.gpu_pair import Asked, Ours
from scumble_cli.benchmarks.gpu_scale import on_gpu
from scumble_server.compiling.compiler import Compiler
from scumble_server.compiling.unet import attach_apart, attach_blocks
from scumble_server.models.diffusion import DiffusionModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_cli.benchmarks.gpu_scale import Scale
    from scumble_server.families.adapter import FamilyModel

STEPS = 20
CFG = 7.0
FLUX_CFG = 3.5


@on_gpu("SDXL compiled by the server")
def sdxl(rounds: int, scale: Scale) -> list[Finding]:
    """SDXL at 1024², 20 steps with CFG: the UNet as a whole, in a CUDA graph."""
    model = unet_model(unet_pipeline("sdxl", scale), scale)
    name = "SDXL (random weights), 1024², 20 steps with CFG, by --compile on"
    return _compared(model, Asked(scale.side(1024), scale.steps(STEPS), CFG), name, rounds)


@on_gpu("FLUX.1 dev compiled by the server")
def flux(rounds: int, scale: Scale) -> list[Finding]:
    """FLUX.1 dev at 1024², 20 steps: one code for each of its two kinds of blocks."""
    model = flux_model(flux_pipeline(scale), scale)
    name = "FLUX.1 dev (random weights), 1024², 20 steps, by --compile on"
    return _compared(model, Asked(scale.side(1024), scale.steps(STEPS), FLUX_CFG), name, rounds)


def _compared(
    model: DiffusionModel | FamilyModel, asked: Asked, name: str, rounds: int
) -> list[Finding]:
    ours = Ours(model)
    with TemporaryDirectory() as folder:
        compiler = Compiler(Path(folder))
        if isinstance(model, DiffusionModel):
            attach_apart(model, name, compiler)
        else:
            attach_blocks(model, name, compiler)
        ours.run(asked, 0)
        compiling = seconds(compiler.wait)
        ours.run(asked, 1)  # in which each code is compared, then recorded
        if model.compiled is None or not model.compiled.bytes:
            return [Unmeasured(name, "torch can't compile it here, or what it makes is not used")]
        taken = model.compiled.bytes / 2**20
        own, plain = in_turns(rounds, _timed(ours, asked), _timed_eager(ours, asked))
    return [
        own.figure(name, "s"),
        plain.figure(f"{name}, eager", "s"),
        own.over(plain, f"{name}, over eager"),
        Figure(f"{name}, compiling beside jobs", compiling, "s"),
        Figure(f"{name}, memory for code", taken, "MiB"),
    ]


def _timed(ours: Ours, asked: Asked) -> Callable[[int], float]:
    return lambda number: seconds(lambda: ours.run(asked, number))


def _timed_eager(ours: Ours, asked: Asked) -> Callable[[int], float]:
    model: Any = ours.model

    def measure(number: int) -> float:
        kept, model.compiled = model.compiled, None
        try:
            return _timed(ours, asked)(number)
        finally:
            model.compiled = kept

    return measure
