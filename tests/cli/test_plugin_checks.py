"""The doctor sees which editors have the plugin, and which version."""

from __future__ import annotations

from pathlib import Path

import pytest

from scumble_cli.checks import Verdict
from scumble_cli.plugin_checks import check_plugins
from scumble_installer.plugins.found import FoundEditors, FoundGimp, FoundKrita

ON = b"[python]\nenable_scumble_krita=true\n"
KRITA = FoundKrita("Krita", Path("/data/krita"), Path("/rc"), ON, installed="1.2")


def test_plugin_of_this_version_is_sound() -> None:
    gimp = FoundGimp("GIMP 3.2", Path("/plug-ins"), "1.2")
    findings = list(check_plugins(FoundEditors((KRITA,), (gimp,)), "1.2"))
    assert [finding.verdict for finding in findings] == [Verdict.GOOD] * 2
    assert findings[0].facts == f"Krita has version 1.2 in {Path('/data/krita')}"


@pytest.mark.parametrize(
    ("krita", "facts", "remedy"),
    [
        (FoundKrita("Krita", Path("/k")), "Krita has none", "scumble install"),
        (FoundKrita("Krita", Path("/k"), installed="1.1"), "version 1.1", "scumble install"),
        (FoundKrita("Krita", Path("/k"), installed=""), "version unknown", "scumble install"),
        (
            FoundKrita("Krita", Path("/k"), Path("/rc"), installed="1.2"),
            "switched off",
            "Python Plugin Manager",
        ),
    ],
)
def test_plugin_that_needs_something_is_doubtful(
    krita: FoundKrita, facts: str, remedy: str
) -> None:
    (finding,) = check_plugins(FoundEditors((krita,)), "1.2")
    assert finding.verdict is Verdict.DOUBTFUL
    assert facts in finding.facts
    assert remedy in finding.remedy


def test_krita_with_unknown_settings_counts_as_switched_on() -> None:
    (finding,) = check_plugins(FoundEditors((FoundKrita("K", Path("/k"), installed="1"),)), "1")
    assert finding.verdict is Verdict.GOOD


def test_machine_without_editors_is_sound() -> None:
    (finding,) = check_plugins(FoundEditors(), "1.2")
    assert finding.verdict is Verdict.GOOD
