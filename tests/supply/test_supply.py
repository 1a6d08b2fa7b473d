"""What Scumble is made of and runs on: all of it is listed, may be used, and has no known hole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from tests.architecture.test_environment import ENTRY, LOCKS, ROOT, locked_by
from tests.supply.licences import (
    ALLOWED,
    BRINGS_OTHERS,
    ELSEWHERE,
    FOR_A_REASON,
    NOWHERE,
    licences_of,
)
from tests.timing import MS

RUNTIME = ("requirements.lock", "requirements-torch.txt")
PROGRAMS = Path(sys.executable).parent
NAMES = [
    entry["name"]
    for lock in RUNTIME
    for entry in ENTRY.finditer((ROOT / "installer" / lock).read_text("utf-8"))
]

HOLES_THAT_DO_NOT_MATTER: dict[str, str] = {}
"""Known holes by their ids, each with the reason why it can't be reached here."""

AUDIT_SECONDS = 240_000 * MS


# What there is


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The bill of materials of the environment that the tests run in."""
    path = tmp_path_factory.mktemp("bill") / "sbom.json"
    subprocess.run(
        (
            *(str(PROGRAMS / "cyclonedx-py"), "environment", sys.executable),
            *("--output-format", "JSON", "--output-file", str(path), "--output-reproducible"),
        ),
        check=True,
        capture_output=True,
        timeout=AUDIT_SECONDS,
    )
    bill: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return bill


def test_the_bill_of_materials_lists_every_locked_package(bill: dict[str, Any]) -> None:
    listed = {
        (canonicalize_name(part["name"]), part["version"].partition("+")[0])
        for part in bill["components"]
    }
    missing = [locked for lock in LOCKS for locked in locked_by(lock) if locked not in listed]
    assert missing == []


# Whether it may be used


@pytest.mark.parametrize("package", sorted({*NAMES} - {*ELSEWHERE} - NOWHERE))
def test_a_package_is_under_a_licence_that_goes_with_ours(package: str) -> None:
    exceptional = {FOR_A_REASON[package][0]} if package in FOR_A_REASON else set[str]()
    assert licences_of(package) <= ALLOWED | exceptional


def test_packages_of_other_systems_are_listed_by_hand() -> None:
    here = {name for lock in RUNTIME for name, _ in locked_by(lock)}
    assert set(NAMES) - here <= {*ELSEWHERE, *NOWHERE} <= set(NAMES)
    assert set(ELSEWHERE.values()) <= ALLOWED


def test_no_exception_is_out_of_date() -> None:
    for package, (licence, reason) in FOR_A_REASON.items():
        assert licence in licences_of(package), package
        assert reason
    assert set(FOR_A_REASON) | set(BRINGS_OTHERS) <= set(NAMES)


def test_a_licence_that_asks_for_more_is_not_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    for said in ("GPL-3.0-only", "MIT AND AGPL-3.0-or-later", "LGPL-2.1-only"):
        monkeypatch.setattr(metadata, "metadata", lambda _, said=said: {"License-Expression": said})
        assert not licences_of("any") <= ALLOWED


# Whether it is known to be unsafe


def audit(lock: Path) -> list[dict[str, Any]]:
    """What is known of each package of a lock; skips where nobody can be asked."""
    run = subprocess.run(
        (
            *(str(PROGRAMS / "pip-audit"), "--requirement", str(lock), "--disable-pip"),
            *("--require-hashes", "--format", "json", "--progress-spinner", "off"),
            *("--timeout", "10"),
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=AUDIT_SECONDS,
    )
    try:
        packages: list[dict[str, Any]] = json.loads(run.stdout)["dependencies"]
    except ValueError:
        pytest.skip("nobody who knows of holes in packages can be asked from here")
    if all("skip_reason" in package for package in packages):
        pytest.skip("who can be asked from here knows nothing of holes in packages")
    return packages


@pytest.mark.timeout(3 * AUDIT_SECONDS)
def test_no_locked_version_has_a_known_hole() -> None:
    audit(ROOT / "installer" / "requirements-uv.lock")  # one package, to see whether it can be had
    known = audit(ROOT / "installer" / "requirements.lock")
    holes = [
        f"{package['name']} {package['version']}: {hole['id']} ({', '.join(hole['fix_versions'])})"
        for package in known
        for hole in package.get("vulns", ())
        if hole["id"] not in HOLES_THAT_DO_NOT_MATTER
    ]
    assert holes == []


# What is shipped with it

OURS = {
    "krita_plugin/scumble_krita/mask_template.kra",
    "protocol/scumble_protocol/editor/languages",
    "protocol/scumble_protocol/editor/shipped_styles",
    "server/scumble_server/models/catalog.toml",
    "gimp_plugin/scumble/scumble_gimp/panel/icons",
}
"""Written for Scumble, from nobody else's work."""


def shipped() -> list[str]:
    """Every file of the wheel and the plugins that is no program text of ours."""
    folders = ("server/scumble_server", "server/scumble_cli", "protocol", "installer")
    listing = subprocess.run(
        ("git", "ls-files", "-z", *folders, "krita_plugin", "gimp_plugin"),
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    if listing.returncode:
        pytest.skip("needs a git checkout, to tell the project's files from others")
    texts = re.compile(r".*\.(py|lock|in|txt|action|desktop)")
    return [name for name in listing.stdout.split("\0") if name and not texts.fullmatch(name)]


def test_the_notice_names_whose_work_everything_shipped_is() -> None:
    notice = " ".join((ROOT / "NOTICE").read_text("utf-8").split())
    named = {
        *re.findall(r"(?:server|protocol|krita_plugin|gimp_plugin)/[\w./-]*\w", notice),
        *OURS,
    }
    files = shipped()
    assert len(files) > 30
    unnamed = [name for name in files if not any(name.startswith(known) for known in named)]
    assert unnamed == []
    assert all(any(name.startswith(known) for name in files) for known in named)


def test_foreign_packages_in_the_plugins_bring_their_licences() -> None:
    for package in ("websockets", "msgpack"):
        assert metadata.metadata(package).get_all("License-File")
        assert licences_of(package) <= ALLOWED
