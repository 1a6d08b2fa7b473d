"""How long jobs take on a GPU: published architectures with random weights, beside diffusers'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scumble_cli.benchmarks.figure import Figure, Finding, Times, Unmeasured, in_turns, seconds
from scumble_cli.benchmarks.gpu_limits import Limit
from scumble_cli.benchmarks.gpu_models import flux_pipeline, unet_pipeline
from scumble_cli.benchmarks.gpu_pair import Asked, Four
from scumble_cli.benchmarks.gpu_scale import on_gpu

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from scumble_cli.benchmarks.gpu_pair import Ours, Theirs
    from scumble_cli.benchmarks.gpu_scale import Scale

CFG = 7.0
NO_CFG = 1.0
FLUX_CFG = 3.5
"""FLUX.1 dev reads it: there is one evaluation a step."""

FEW = 4
WHOLE = 20

WARM = (1_000_000, 1_000_001)
"""Seeds of the jobs before the first that counts: CUDA graphs are recorded at the second."""

_COMPILING: tuple[type[Exception], ...] = (RuntimeError, OSError, ValueError)


@dataclass(frozen=True)
class Target:
    """A job, and how long it may take.

    Args:
        name: Of the job, for people.
        asked: The job.
        limit: The least that it can take.
        goal: Seconds that it should take at most.
    """

    name: str
    asked: Asked
    limit: Limit
    goal: float


@on_gpu("SD 1.5 on a GPU")
def sd1(rounds: int, scale: Scale) -> list[Finding]:
    """SD 1.5 at 512², 4 steps without CFG."""
    asked = Asked(scale.side(512), scale.steps(FEW), NO_CFG)
    name = "SD 1.5 (random weights), 512², 4 steps without CFG"
    target = Target(name, asked, Limit("sd1", 512, FEW), 0.04)
    return _compared(target, unet_pipeline("sd1", scale), rounds, scale)


@on_gpu("SDXL on a GPU")
def sdxl(rounds: int, scale: Scale) -> list[Finding]:
    """SDXL's base model filling a hole of 1024², 20 steps with CFG."""
    return _sdxl(4, "SDXL base", rounds, scale)


@on_gpu("SDXL for inpainting on a GPU")
def sdxl_inpainting(rounds: int, scale: Scale) -> list[Finding]:
    """The same with a UNet that reads mask and picture too."""
    return _sdxl(9, "SDXL inpainting", rounds, scale)


@on_gpu("SDXL in few steps on a GPU")
def sdxl_few(rounds: int, scale: Scale) -> list[Finding]:
    """SDXL at 1024², 4 steps without CFG, as distilled models take."""
    asked = Asked(scale.side(1024), scale.steps(FEW), NO_CFG)
    name = "SDXL base (random weights), 1024², 4 steps without CFG"
    target = Target(name, asked, Limit("sdxl", 1024, FEW), 0.15)
    return _compared(target, unet_pipeline("sdxl", scale), rounds, scale)


@on_gpu("FLUX.1 dev on a GPU")
def flux(rounds: int, scale: Scale) -> list[Finding]:
    """FLUX.1 dev at 1024², 20 steps."""
    asked = Asked(scale.side(1024), scale.steps(WHOLE), FLUX_CFG)
    name = "FLUX.1 dev (random weights), 1024², 20 steps"
    target = Target(name, asked, Limit("flux", 1024, WHOLE), 3.0)
    return _compared(target, flux_pipeline(scale), rounds, scale)


def _sdxl(channels: int, title: str, rounds: int, scale: Scale) -> list[Finding]:
    asked = Asked(scale.side(1024), scale.steps(WHOLE), CFG)
    name = f"{title} (random weights), 1024², 20 steps with CFG"
    target = Target(name, asked, Limit("sdxl", 1024, 2 * WHOLE), 1.0)
    return _compared(target, unet_pipeline("sdxl", scale, channels=channels), rounds, scale)


def _compared(target: Target, pipeline: Any, rounds: int, scale: Scale) -> list[Finding]:
    """A job in process, on pictures never seen; the goal holds for the better of ours."""
    name, asked = target.name, target.asked
    four = Four(pipeline, scale)
    eager: list[Ours | Theirs] = [four.ours, four.theirs]
    for program in eager:
        _warm(program, asked)
    compiled, told = _compile(four, asked, name)
    found = in_turns(rounds, *(_timed(program, asked) for program in (*eager, *compiled)))
    own, theirs = found[:2]
    figures: list[Finding] = [
        own.figure(f"{name}, eager", "s"),
        theirs.figure(f"{name}, diffusers' pipeline, eager", "s"),
        own.over(theirs, f"{name}, ours over diffusers', both eager"),
    ]
    best = own
    if compiled:
        figures += _compiled_figures(name, found)
        best = min(found[0], found[2], key=lambda times: times.least)
    return [
        best.figure(name, "s", target.goal),
        *figures,
        *target.limit.figures(name, best),
        *told,
    ]


def _compiled_figures(name: str, found: list[Times]) -> list[Finding]:
    _, theirs, own_compiled, theirs_compiled = found
    return [
        own_compiled.figure(f"{name}, compiled", "s"),
        theirs_compiled.figure(f"{name}, diffusers' pipeline, compiled", "s"),
        own_compiled.over(theirs, f"{name}, ours compiled over diffusers' eager"),
        own_compiled.over(theirs_compiled, f"{name}, ours over diffusers', both compiled"),
    ]


def _compile(
    four: Four, asked: Asked, name: str
) -> tuple[tuple[Ours | Theirs, ...], list[Finding]]:
    """The compiled two, warm, with how long ours took to be; or none, and why."""
    try:
        own, theirs = four.compiled()
        spent = seconds(lambda: _warm(own, asked))
        _warm(theirs, asked)
    except _COMPILING as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        return (), [Unmeasured(f"{name}, compiled", f"torch can't compile it here: {why}")]
    return (own, theirs), [Figure(f"{name}, two jobs in which ours is compiled", spent, "s")]


def _warm(program: Ours | Theirs, asked: Asked) -> None:
    for seed in WARM:
        program.run(asked, seed)


def _timed(program: Ours | Theirs, asked: Asked) -> Callable[[int], float]:
    return lambda number: seconds(lambda: program.run(asked, number))
