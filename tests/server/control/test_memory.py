"""What is added to models takes memory as they do: it counts, and makes room like them."""

from __future__ import annotations

from pathlib import Path

import torch

from scumble_server.control.addition import Addition
from scumble_server.control.places import Role
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent

LOTS = 2**40
NAMES = {
    Role.CONTROL: "sd1-canny",
    Role.REFERENCE: "sd1",
    Role.IMAGE_ENCODER: "tiny",
    Role.VAE: "other",
    Role.PREPROCESSOR: "depth",
}


def make_shelf(folder: Path, budget: int = LOTS) -> Shelf:
    return Shelf(Catalog([folder], folder / "none"), torch.device("cpu"), budget)


def add(shelf: Shelf, role: Role) -> Addition:
    return shelf.addition(shelf.additions.find(role, NAMES[role]), silent)


def test_every_addition_in_memory_counts(folder: Path, shelf: Shelf) -> None:
    assert shelf.additions.of(Role.REFERENCE)  # the fixture has written them
    own = make_shelf(folder)
    used = own.get("sd1", silent).bytes
    for role in Role:
        added = add(own, role)
        assert added.bytes > 0
        used += added.bytes
        assert own.memory_used == used


def test_additions_of_jobs_before_make_room_for_what_a_job_needs(folder: Path) -> None:
    weights = make_shelf(folder)
    needed = weights.get("sd1", silent).bytes
    control = add(weights, Role.CONTROL).bytes
    # Enough for the model with one of them, not with two.
    own = make_shelf(folder, int(needed + control * 1.5) + 100_000)
    own.get("sd1", silent)
    add(own, Role.CONTROL)
    own.get("sd1", silent)
    own.addition(own.additions.find(Role.CONTROL, "sd1-depth"), silent)
    assert own.loaded == ("sd1", "controlnet/sd1-depth")


def test_additions_of_the_job_that_runs_stay_though_the_budget_is_exceeded(folder: Path) -> None:
    own = make_shelf(folder, 1)
    own.get("sd1", silent)
    for role in (Role.CONTROL, Role.VAE):
        add(own, role)
    kept = own.loaded
    own.get("sdxl", silent)
    assert (len(kept), own.loaded) == (3, ("sdxl",))
