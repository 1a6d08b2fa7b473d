"""Two runs beside each other: new over old, figure by figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scumble_cli.benchmarks.run_record import Run

OF_THE_MOMENT = frozenset({"load", "load after"})


def compared(new: Run, old: Run) -> list[str]:
    """The lines to print: where the machines differ, then the ratio of every common figure."""
    return [
        f"Compared with the run of {old.taken}, new over old:",
        *_differences(new, old),
        *_ratios(new, old),
    ]


def _differences(new: Run, old: Run) -> list[str]:
    """What the two machines have in common is left out; the load is always told."""
    names = [*new.machine, *(name for name in old.machine if name not in new.machine)]
    return [
        f"{name}: {new.machine.get(name, 'unknown')}, formerly {old.machine.get(name, 'unknown')}"
        for name in names
        if name in OF_THE_MOMENT or new.machine.get(name) != old.machine.get(name)
    ]


def _ratios(new: Run, old: Run) -> list[str]:
    before = {(it.name, it.unit): it for it in old.figures}
    lines = []
    for figure in new.figures:
        former = before.get((figure.name, figure.unit))
        if former is None:
            lines.append(f"    new   {figure.name}: {figure.value:.4g} {figure.unit}")
        elif former.value:
            lines.append(
                f"{figure.value / former.value:7.3f} x {figure.name}: {figure.value:.4g}"
                f" {figure.unit}, formerly {former.value:.4g}"
            )
        else:
            lines.append(
                f"          {figure.name}: {figure.value:.4g} {figure.unit}, formerly nothing"
            )
    return lines
