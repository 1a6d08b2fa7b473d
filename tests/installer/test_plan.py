"""What the installer means to do, for every kind of machine; nothing is done here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scumble_installer.errors import UnsuitableMachineError
from scumble_installer.goals import RunDemo, RunTests, SetUp
from scumble_installer.machine import Interpreter, Stamp
from scumble_installer.plan import plan
from scumble_installer.steps import Advice, Plan, Program, Step, describe, part_of
from tests.installer.machines import (
    ALL_DONE,
    BARE,
    BARE_DEBIAN,
    CACHE,
    FULL_DEBIAN,
    IN_ENVIRONMENT,
    PYTHON,
)

READY = replace(BARE, environment=IN_ENVIRONMENT, done=ALL_DONE)
OLD = Interpreter("/usr/bin/python3", (3, 10), makes_environments=True)


def names(steps: Plan) -> list[str]:
    return [step.name for step in steps if isinstance(step, Step)]


def step_named(name: str, steps: Plan) -> Step:
    (found,) = (step for step in steps if isinstance(step, Step) and step.name == name)
    return found


def test_bare_machine_gets_everything_in_order() -> None:
    steps = plan(BARE, SetUp())
    assert names(steps) == [
        "the environment",
        "uv",
        "the Python packages",
        "torch",
        "Scumble itself",
    ]
    assert isinstance(steps[-1], Advice)
    assert "/checkout/.venv/bin/scumble serve" in steps[-1].text


def test_set_up_ends_with_the_plugins_of_the_editors() -> None:
    plugins = plan(READY, SetUp())[0]
    assert isinstance(plugins, Program)
    assert plugins.command == ("/checkout/.venv/bin/scumble", "install")


def test_second_call_has_nothing_to_do() -> None:
    assert names(plan(READY, SetUp())) == []


def test_interrupted_set_up_goes_on_where_it_stopped() -> None:
    half = replace(READY, done=frozenset({Stamp("uv", "u"), Stamp("the Python packages", "p")}))
    assert names(plan(half, SetUp())) == ["torch", "Scumble itself"]


def test_new_lock_is_installed_over_the_old_one() -> None:
    behind = replace(READY, digests=replace(READY.digests, packages="another"))
    assert names(plan(behind, SetUp())) == ["the Python packages"]


def test_moved_checkout_gets_its_new_place_into_the_environment() -> None:
    assert names(plan(replace(READY, checkout=Path("/elsewhere")), SetUp())) == ["Scumble itself"]


def test_broken_environment_is_made_anew_and_filled_again() -> None:
    broken = replace(READY, environment=None)
    steps = plan(broken, SetUp())
    assert names(steps) == names(plan(BARE, SetUp()))
    assert "--clear" in step_named("the environment", steps).command


def test_environment_of_an_old_python_is_made_anew() -> None:
    old = replace(READY, environment=IN_ENVIRONMENT._replace(version=(3, 10)))
    assert names(plan(old, SetUp())) == names(plan(BARE, SetUp()))


def test_torch_falls_back_to_the_ordinary_index() -> None:
    torch = step_named("torch", plan(BARE, SetUp()))
    assert "--torch-backend=auto" in torch.command
    assert torch.otherwise
    assert "--torch-backend=auto" not in torch.otherwise


@pytest.mark.parametrize("name", ["the Python packages", "the test tools", "uv"])
def test_packages_are_installed_by_their_hashes(name: str) -> None:
    assert "--require-hashes" in step_named(name, plan(BARE, RunTests())).command


def test_newer_python_on_the_path_is_taken_where_this_one_is_too_old() -> None:
    newer = Interpreter("/usr/bin/python3.12", (3, 12), makes_environments=True)
    steps = plan(replace(BARE, python=OLD, other_pythons=(newer,)), SetUp())
    assert step_named("the environment", steps).command[0] == "/usr/bin/python3.12"


@pytest.mark.parametrize(
    ("platform", "uv"), [("linux", "/cache/uv/bin/uv"), ("win32", "/cache/uv/Scripts/uv.exe")]
)
def test_python_is_fetched_where_none_is_new_enough(platform: str, uv: str) -> None:
    steps = plan(replace(BARE, platform=platform, python=OLD), SetUp())
    assert names(steps)[:4] == [
        "a place for uv",
        "uv, to fetch a newer Python",
        "Python 3.12 and the environment",
        "uv",
    ]
    assert step_named("Python 3.12 and the environment", steps).command[0] == uv


def test_python_newer_than_torch_is_not_taken() -> None:
    tomorrow = PYTHON._replace(version=(3, 19))
    assert "Python 3.12 and the environment" in names(plan(replace(BARE, python=tomorrow), SetUp()))


def test_missing_ensurepip_is_said_with_the_line_that_brings_it() -> None:
    bare = replace(BARE, python=PYTHON._replace(makes_environments=False))
    with pytest.raises(UnsuitableMachineError, match="apt-get install python3-venv"):
        plan(bare, SetUp())


def test_programs_lie_elsewhere_on_windows() -> None:
    uv = step_named("uv", plan(replace(BARE, platform="win32"), SetUp()))
    assert uv.command[0] == str(Path("/checkout/.venv/Scripts/python.exe"))


def test_demo_ends_with_the_demo() -> None:
    assert plan(READY, RunDemo(("--out", "here"))) == (
        Program("the demo", ("/checkout/.venv/bin/scumble", "demo", "--out", "here")),
    )


def test_tests_get_their_tools_and_run_in_the_checkout() -> None:
    steps = plan(replace(READY, done=ALL_DONE - {Stamp("the test tools", "tp")}), RunTests())
    assert names(steps) == ["the test tools"]
    assert isinstance(steps[-1], Program)
    assert steps[-1].folder == BARE.checkout


def test_whole_suite_measures_what_must_be_covered() -> None:
    (suite,) = plan(READY, RunTests())
    assert isinstance(suite, Program)
    assert "--cov-fail-under=100" in suite.command


def test_part_of_the_suite_runs_without_measuring() -> None:
    (part,) = plan(READY, RunTests(arguments=("-k", "mask")))
    assert isinstance(part, Program)
    assert part.command[-4:] == ("-m", "pytest", "-k", "mask")


def test_editors_come_before_all_else() -> None:
    steps = plan(replace(READY, debian=BARE_DEBIAN), RunTests(with_editors=True))
    assert names(steps) == [
        "the list of Debian's packages",
        "Debian's packages",
        "GIMP 3.0",
        "GIMP 3.2",
    ]
    assert "krita" in step_named("Debian's packages", steps).command


@pytest.mark.parametrize("name", ["GIMP 3.0", "GIMP 3.2"])
def test_gimp_gets_its_name_only_when_it_is_whole(name: str) -> None:
    step = step_named(name, plan(replace(READY, debian=BARE_DEBIAN), RunTests(with_editors=True)))
    assert step.makes is not None
    assert step.makes.parent == CACHE
    assert str(part_of(step.makes)) in step.command
    assert str(step.makes) not in step.command
    assert step.command[-1] == BARE_DEBIAN.mirror


def test_editors_that_are_there_need_no_root() -> None:
    assert names(plan(replace(READY, debian=FULL_DEBIAN), RunTests(with_editors=True))) == []


def test_editors_that_were_asked_for_may_not_be_missing_from_the_tests() -> None:
    (suite,) = plan(replace(READY, debian=FULL_DEBIAN), RunTests(with_editors=True))
    assert isinstance(suite, Program)
    assert suite.environment == (("SCUMBLE_TEST_EDITORS", "required"),)


def test_editors_are_left_alone_unless_asked_for() -> None:
    assert names(plan(replace(READY, debian=BARE_DEBIAN), RunTests())) == []


@pytest.mark.parametrize(
    ("debian", "sentence"),
    [
        (None, "this is no Debian"),
        (replace(BARE_DEBIAN, is_root=False), "only root may do"),
        (replace(BARE_DEBIAN, mirror=None), "names no mirror"),
    ],
    ids=["another system", "no root", "no mirror"],
)
def test_editors_that_cannot_be_had_are_refused(debian: object, sentence: str) -> None:
    machine = replace(READY, debian=debian)  # type: ignore[arg-type]  # parametrize loses the type
    with pytest.raises(UnsuitableMachineError, match=sentence):
        plan(machine, RunTests(with_editors=True))


def test_plan_reads_as_the_commands_that_it_runs() -> None:
    text = describe(plan(BARE, RunTests()))
    assert "/usr/bin/python3 -m venv --clear /checkout/.venv" in text
    assert "or, if that fails:" in text
    assert "Start the server" in describe(plan(READY, SetUp()))
