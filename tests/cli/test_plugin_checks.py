"""The doctor sees which editors have the plugin, and which version."""

from __future__ import annotations

from pathlib import Path

import pytest

from scumble_cli.checks.finding import Verdict
from scumble_cli.checks.plugins import check_plugins
from scumble_installer.plugins.found import FoundEditors, FoundGimp, FoundKrita

ON = b"[python]\nenable_scumble_krita=true\n"
KRITA = FoundKrita("Krita", Path("/data/krita"), Path("/rc"), ON, installed="1.2")


def gimp_with_plug_in(plug_ins: Path, mode: int) -> FoundGimp:
    program = plug_ins / "scumble" / "scumble.py"
    program.parent.mkdir()
    program.touch(mode)
    return FoundGimp("GIMP 3.2", plug_ins, "1.2")


def test_plugin_of_this_version_is_sound(tmp_path: Path) -> None:
    gimp = gimp_with_plug_in(tmp_path, 0o755)
    findings = list(check_plugins(FoundEditors((KRITA,), (gimp,)), "1.2"))
    assert [finding.verdict for finding in findings] == [Verdict.GOOD] * 2
    assert findings[0].facts == f"Krita has version 1.2 in {Path('/data/krita')}"


@pytest.mark.parametrize(
    ("krita", "facts", "remedy"),
    [
        (FoundKrita("Krita", Path("/k"), installed="1.1"), "version 1.1", "scumble install"),
        (FoundKrita("Krita", Path("/k"), installed=""), "version unknown", "scumble install"),
        (
            FoundKrita("Krita", Path("/k"), Path("/rc"), installed="1.2"),
            "switched off",
            "Python Plugin Manager",
        ),
    ],
)
def test_plugin_that_does_not_fit_or_is_off_is_broken(
    krita: FoundKrita, facts: str, remedy: str
) -> None:
    (finding,) = check_plugins(FoundEditors((krita,)), "1.2")
    assert finding.verdict is Verdict.BROKEN
    assert facts in finding.facts
    assert remedy in finding.remedy


def test_editor_without_the_plugin_is_doubtful() -> None:
    (finding,) = check_plugins(FoundEditors((FoundKrita("Krita", Path("/k")),)), "1.2")
    assert (finding.verdict, finding.facts) == (Verdict.DOUBTFUL, "Krita has none")
    assert "scumble install" in finding.remedy


def test_plug_in_that_gimp_can_not_run_is_broken(tmp_path: Path) -> None:
    (finding,) = check_plugins(FoundEditors(gimps=(gimp_with_plug_in(tmp_path, 0o644),)), "1.2")
    assert finding.verdict is Verdict.BROKEN
    assert "not executable" in finding.facts
    assert "chmod +x" in finding.remedy


def test_krita_with_unknown_settings_counts_as_switched_on() -> None:
    (finding,) = check_plugins(FoundEditors((FoundKrita("K", Path("/k"), installed="1"),)), "1")
    assert finding.verdict is Verdict.GOOD


def test_machine_without_editors_is_sound() -> None:
    (finding,) = check_plugins(FoundEditors(), "1.2")
    assert finding.verdict is Verdict.GOOD
