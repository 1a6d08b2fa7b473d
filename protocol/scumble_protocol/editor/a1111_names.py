"""What A1111's web interface calls what requests choose from."""

from __future__ import annotations

from scumble_protocol.choices import MaskedContent, Sampler, Schedule
from scumble_protocol.editor.names import SAMPLER_NAMES, SCHEDULE_NAMES

SAMPLERS = {**SAMPLER_NAMES, Sampler.FLOW_EULER: "Flow Euler"}
"""The last one has no name there: Euler is what it takes for every model."""

SCHEDULES = {**SCHEDULE_NAMES, Schedule.SGM_UNIFORM: "SGM Uniform"}

CONTENTS = {
    MaskedContent.ORIGINAL: "original",
    MaskedContent.FILL: "fill",
    MaskedContent.NOISE: "latent noise",
    MaskedContent.NOTHING: "latent nothing",
    MaskedContent.REMOVE: "remove",
}

_SAMPLERS = {name.lower(): sampler for sampler, name in SAMPLERS.items()}
_SCHEDULES = {name.lower(): schedule for schedule, name in SCHEDULES.items()}
_ALSO = {"uniform": Schedule.NORMAL}

_ITS_AUTOMATIC = {
    Sampler.DPM2: Schedule.KARRAS,
    Sampler.DPM2_A: Schedule.KARRAS,
    Sampler.DPMPP_2M: Schedule.KARRAS,
    Sampler.DPMPP_SDE: Schedule.KARRAS,
    Sampler.DPMPP_2M_SDE: Schedule.EXPONENTIAL,
    Sampler.DPMPP_3M_SDE: Schedule.EXPONENTIAL,
}
"""Which schedule its samplers have when none is chosen; the others have the plain one."""


def sampler_of(name: str) -> tuple[Sampler | None, Schedule | None]:
    """The sampler of a name, and the schedule that it names too, as older versions wrote it."""
    said = name.strip().lower()
    if said in _SAMPLERS:
        return _SAMPLERS[said], None
    for ending, schedule in _SCHEDULES.items():
        alone = said.removesuffix(f" {ending}")
        if alone != said and alone in _SAMPLERS:
            return _SAMPLERS[alone], schedule
    return None, None


def schedule_of(name: str, sampler: Sampler | None) -> Schedule | None:
    """The schedule of a name, where `Automatic` means what it means there."""
    said = name.strip().lower()
    schedule = _SCHEDULES.get(said) or _ALSO.get(said)
    if schedule is Schedule.AUTOMATIC and sampler is not None:
        return _ITS_AUTOMATIC.get(sampler, Schedule.NORMAL)
    return schedule


def content_of(name: str) -> MaskedContent | None:
    """The masked content of a name."""
    said = name.strip().lower()
    return next((content for content, its in CONTENTS.items() if its == said), None)
