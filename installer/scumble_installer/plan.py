"""From a description of the machine and a goal to the steps between them, and nothing else."""

from __future__ import annotations

from typing import Final

from scumble_installer import debian
from scumble_installer.errors import UnsuitableMachineError
from scumble_installer.goals import Goal, RunDemo, RunTests
from scumble_installer.machine import Interpreter, Machine, Stamp, Version
from scumble_installer.steps import Advice, Plan, Program, Step

OLDEST_PYTHON: Final[Version] = (3, 11)
"""What diffusers needs; the installer itself runs on 3.10."""
NEWEST_PYTHON: Final[Version] = (3, 14)
"""The newest that torch was made for."""
_FETCHED_PYTHON: Final = "3.12"

UV: Final = "installer/requirements-uv.lock"
PACKAGES: Final = "installer/requirements.lock"
TORCH: Final = "installer/requirements-torch.txt"
TEST_PACKAGES: Final = "installer/requirements-test.lock"
PROJECT: Final = "pyproject.toml"

# Every branch of what the editors load and of planning is tested.
_WHOLE_SUITE: Final = (
    "--cov=scumble_protocol",
    "--cov=scumble_installer.plan",
    "--cov=scumble_installer.debian",
    "--cov=scumble_installer.plugins.kritarc",
    "--cov=scumble_installer.plugins.places",
    "--cov=scumble_installer.plugins.plan",
    "--cov-branch",
    "--cov-report=term-missing:skip-covered",
    "--cov-fail-under=100",
    "--durations=20",
)


def plan(machine: Machine, goal: Goal) -> Plan:
    """The steps that are still missing, then what was asked for.

    Raises:
        UnsuitableMachineError: If something is missing that only the user can get.
    """
    return (
        *_editors(machine, goal),
        *_environment(machine),
        *_packages(machine, goal),
        *_end(machine, goal),
    )


def is_suitable(python: Interpreter) -> bool:
    """Whether the server runs on this Python."""
    return OLDEST_PYTHON <= python.version <= NEWEST_PYTHON


def _editors(machine: Machine, goal: Goal) -> tuple[Step, ...]:
    if not (isinstance(goal, RunTests) and goal.with_editors):
        return ()
    if machine.debian is None:
        raise UnsuitableMachineError(
            "--editors gets Krita and GIMP from Debian's packages, and this is no Debian.",
            "Run `python3 installer test` without it: tests that need an editor are then skipped.",
        )
    steps = debian.editor_steps(machine, machine.debian)
    if steps and not machine.debian.is_root:
        raise UnsuitableMachineError(
            "--editors installs Debian packages and makes chroots, which only root may do.",
            "Run it as root, or without --editors: tests that need an editor are then skipped.",
        )
    if steps and not machine.debian.mirror:
        raise UnsuitableMachineError(
            "apt's configuration names no mirror of this Debian's main archive.",
            "Add one, run `apt-get update`, then run the same command again.",
        )
    return steps


def _environment(machine: Machine) -> tuple[Step, ...]:
    if machine.environment is not None and is_suitable(machine.environment):
        return ()
    folder = str(machine.environment_folder)
    # --clear, because what stands there is no environment of ours that works.
    for python in (machine.python, *machine.other_pythons):
        if is_suitable(python) and python.makes_environments:
            return (Step("the environment", (python.path, "-m", "venv", "--clear", folder)),)
    if not machine.python.makes_environments:
        raise UnsuitableMachineError(
            f"{machine.python.path} can't make virtual environments: its ensurepip is missing.",
            "On Debian and Ubuntu `sudo apt-get install python3-venv` brings it; "
            "then run the same command again.",
        )
    return _fetched_python(machine, folder)


def _fetched_python(machine: Machine, folder: str) -> tuple[Step, ...]:
    """Where no Python is suitable: uv, in an environment of its own, downloads one."""
    tools = machine.cache / "uv"
    uv = str(tools / ("Scripts/uv.exe" if machine.platform == "win32" else "bin/uv"))
    python = str(tools / ("Scripts/python.exe" if machine.platform == "win32" else "bin/python"))
    lock = str(machine.checkout / UV)
    venv = (uv, "venv", "--clear", "--seed", "--python", _FETCHED_PYTHON, folder)
    return (
        Step("a place for uv", (machine.python.path, "-m", "venv", "--clear", str(tools))),
        Step("uv, to fetch a newer Python", _pip_install(python, lock)),
        Step(
            f"Python {_FETCHED_PYTHON} and the environment",
            venv,
            alternative="Or install Python 3.11 to 3.14 yourself and run the installer with that.",
        ),
    )


def _packages(machine: Machine, goal: Goal) -> tuple[Step, ...]:
    kept = machine.environment is not None and is_suitable(machine.environment)
    done = machine.done if kept else frozenset[Stamp]()
    python = machine.program("python")
    steps = [
        Step(
            "uv",
            _pip_install(python, str(machine.checkout / UV)),
            stamp=Stamp("uv", machine.digests.uv),
        ),
        _locked(machine, "the Python packages", PACKAGES, machine.digests.packages),
        _torch(machine),
        _project(machine),
    ]
    if isinstance(goal, RunTests):
        steps.append(
            _locked(machine, "the test tools", TEST_PACKAGES, machine.digests.test_packages)
        )
    return tuple(step for step in steps if step.stamp not in done)


def _pip_install(python: str, lock: str) -> tuple[str, ...]:
    options = ("--disable-pip-version-check", "--progress-bar", "off", "--require-hashes")
    return (python, "-m", "pip", "install", *options, "-r", lock)


def _uv_install(machine: Machine, *arguments: str) -> tuple[str, ...]:
    return (
        machine.program("uv"),
        "pip",
        "install",
        "--python",
        machine.program("python"),
        *arguments,
    )


def _locked(machine: Machine, name: str, lock: str, digest: str) -> Step:
    # --no-deps: the lock is complete but for what torch brings, which has no hashes.
    command = _uv_install(
        machine, "--require-hashes", "--no-deps", "-r", str(machine.checkout / lock)
    )
    return Step(name, command, stamp=Stamp(name, digest))


def _torch(machine: Machine) -> Step:
    file = str(machine.checkout / TORCH)
    return Step(
        "torch",
        _uv_install(machine, "--torch-backend=auto", "-r", file),
        # Where torch's own index can't be reached, the ordinary one has builds for CUDA and macOS.
        otherwise=_uv_install(machine, "-r", file),
        stamp=Stamp("torch", machine.digests.torch),
    )


def _project(machine: Machine) -> Step:
    command = _uv_install(
        machine, "--no-deps", "--no-build-isolation", "--editable", str(machine.checkout)
    )
    # A checkout that was moved needs its new place written into the environment.
    digest = f"{machine.digests.project} at {machine.checkout}"
    return Step("Scumble itself", command, stamp=Stamp("Scumble itself", digest))


def _end(machine: Machine, goal: Goal) -> Plan:
    scumble = machine.program("scumble")
    if isinstance(goal, RunDemo):
        return (Program("the demo", (scumble, "demo", *goal.arguments)),)
    if isinstance(goal, RunTests):
        # A part of the suite covers only a part of the code.
        arguments = goal.arguments or _WHOLE_SUITE
        pytest = (machine.program("python"), "-m", "pytest", *arguments)
        # Where the editors were asked for, a test that finds none fails instead of being skipped.
        environment = (("SCUMBLE_TEST_EDITORS", "required"),) if goal.with_editors else ()
        return (Program("the tests", pytest, machine.checkout, environment),)
    return (
        Program("the plugins of the editors that are found", (scumble, "install")),
        Advice(
            "\nScumble is set up. Start the server with the button in your editor, or by hand:"
            f"\n\n    {scumble} serve\n"
        ),
    )
