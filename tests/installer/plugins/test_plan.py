"""What is meant to be done with each kind of editor; nothing is done here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from scumble_installer.errors import EditorError
from scumble_installer.plugins.bundled import Bundle, BundledFile
from scumble_installer.plugins.found import FoundEditors, FoundGimp, FoundKrita
from scumble_installer.plugins.moves import Moves, Put, Remove, Tell, Write
from scumble_installer.plugins.plan import (
    install_gimp,
    install_krita,
    uninstall_gimp,
    uninstall_krita,
    why_no_gimp,
    why_no_krita,
)


def bundle_of(*paths: str) -> Bundle:
    return tuple(BundledFile(PurePosixPath(path), path.encode()) for path in paths)


KRITA_BUNDLE = bundle_of(
    "actions/scumble_krita.action",
    "pykrita/scumble_krita.desktop",
    "pykrita/scumble_krita/__init__.py",
    "pykrita/scumble_krita/_vendor/msgpack/ext.py",
)
GIMP_BUNDLE = bundle_of("scumble/scumble.py", "scumble/scumble_gimp/__init__.py")

RESOURCES = Path("/data/krita")
RC = Path("/config/kritarc")
BACKUP = Path("/config/kritarc.before-scumble")
PLAIN = b"[General]\na=1\n"
ENABLED = PLAIN + b"\n[python]\nenable_scumble_krita=true\n"
DISABLED = b"[python]\nenable_scumble_krita=false\n"

KRITA = FoundKrita("Krita", RESOURCES, RC, content=PLAIN)
GIMP = FoundGimp("GIMP 3.2", Path("/config/GIMP/3.2/plug-ins"))


def said(moves: Moves) -> str:
    return "\n".join(move.text for move in moves if isinstance(move, Tell))


def changes(moves: Moves) -> Moves:
    return tuple(move for move in moves if not isinstance(move, Tell))


def test_plugin_is_put_in_place_before_krita_can_see_it() -> None:
    puts = [move for move in install_krita(KRITA, KRITA_BUNDLE) if isinstance(move, Put)]
    assert [put.target for put in puts] == [
        RESOURCES / "pykrita/scumble_krita",
        RESOURCES / "actions/scumble_krita.action",
        RESOURCES / "pykrita/scumble_krita.desktop",
    ]
    assert [len(put.files) for put in puts] == [2, 1, 1]


def test_plugin_is_switched_on_and_the_settings_are_kept() -> None:
    moves = install_krita(KRITA, KRITA_BUNDLE)
    assert changes(moves)[-1] == Write(RC, ENABLED, keep_as=BACKUP)
    assert "the plugin is installed in /data/krita" in said(moves)
    assert "Start Krita" in said(moves)


def test_settings_that_are_kept_already_are_not_kept_again() -> None:
    found = replace(KRITA, backup=b"older")
    assert changes(install_krita(found, KRITA_BUNDLE))[-1] == Write(RC, ENABLED)


def test_settings_that_krita_never_wrote_are_made() -> None:
    found = replace(KRITA, content=None)
    assert changes(install_krita(found, KRITA_BUNDLE))[-1] == Write(
        RC, b"[python]\nenable_scumble_krita=true\n"
    )


def test_update_leaves_the_settings_alone() -> None:
    moves = install_krita(replace(KRITA, content=ENABLED, installed="0.0.1"), KRITA_BUNDLE)
    assert not any(isinstance(move, Write) for move in moves)
    assert "the plugin is updated" in said(moves)


def test_plugin_that_a_painter_switched_off_is_switched_on_only_on_demand() -> None:
    found = replace(KRITA, content=DISABLED, installed="0.0.1")
    gentle = install_krita(found, KRITA_BUNDLE, insist=False)
    assert not any(isinstance(move, Write) for move in gentle)
    assert "switched off" in said(gentle)
    assert any(isinstance(move, Write) for move in install_krita(found, KRITA_BUNDLE))


def test_krita_with_unknown_settings_is_switched_on_by_hand() -> None:
    moves = install_krita(replace(KRITA, settings=None, content=None), KRITA_BUNDLE)
    assert not any(isinstance(move, Write) for move in moves)
    assert "Python Plugin Manager" in said(moves)


def test_caution_about_a_krita_is_told() -> None:
    found = replace(KRITA, caution="It is a Snap.")
    assert "It is a Snap." in said(install_krita(found, KRITA_BUNDLE))


def test_running_krita_is_left_alone_with_a_hint() -> None:
    running = replace(KRITA, is_running=True)
    with pytest.raises(EditorError, match=r"Krita is running.*\nClose it"):
        install_krita(running, KRITA_BUNDLE)
    with pytest.raises(EditorError, match="Krita is running"):
        uninstall_krita(running)


def test_uninstalling_restores_the_settings_byte_for_byte() -> None:
    found = replace(KRITA, content=ENABLED, backup=PLAIN, installed="0.1.0")
    assert changes(uninstall_krita(found)) == (
        Remove(RESOURCES / "pykrita/scumble_krita.desktop"),
        Remove(RESOURCES / "actions/scumble_krita.action"),
        Remove(RESOURCES / "pykrita/scumble_krita"),
        Write(RC, PLAIN),
        Remove(BACKUP),
    )


def test_uninstalling_keeps_what_krita_wrote_meanwhile() -> None:
    found = replace(KRITA, content=b"[new]\nb=2\n\n" + ENABLED, backup=PLAIN)
    write = next(move for move in uninstall_krita(found) if isinstance(move, Write))
    assert write.content == b"[new]\nb=2\n\n" + PLAIN + b"\n"


def test_uninstalling_removes_settings_that_were_not_there_before() -> None:
    found = replace(KRITA, content=b"[python]\nenable_scumble_krita=true\n")
    assert Remove(RC) in uninstall_krita(found)


@pytest.mark.parametrize("content", [None, PLAIN])
def test_uninstalling_leaves_settings_that_say_nothing_of_the_plugin(content: bytes | None) -> None:
    moves = uninstall_krita(replace(KRITA, content=content))
    assert not any(isinstance(move, Write) for move in moves)
    assert Remove(RC) not in moves


def test_uninstalling_without_known_settings_touches_none() -> None:
    moves = uninstall_krita(replace(KRITA, settings=None, content=None))
    assert len(changes(moves)) == 3


def test_gimp_gets_one_folder() -> None:
    moves = install_gimp(GIMP, GIMP_BUNDLE)
    (put,) = changes(moves)
    assert isinstance(put, Put)
    assert put.target == GIMP.plug_ins / "scumble"
    assert put.files == GIMP_BUNDLE
    assert "GIMP 3.2: the plug-in is installed" in said(moves)
    assert "Restart GIMP" in said(moves)
    assert "is updated" in said(install_gimp(replace(GIMP, installed=""), GIMP_BUNDLE))


def test_uninstalling_from_gimp_removes_the_folder() -> None:
    moves = uninstall_gimp(GIMP)
    assert changes(moves) == (Remove(GIMP.plug_ins / "scumble"),)
    assert "is gone" in said(moves)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (FoundEditors(), "--plug-ins"),
        (FoundEditors(has_old_gimp=True), "GIMP 3.0 or newer"),
        (FoundEditors(has_new_gimp=True), "Start GIMP once"),
        (FoundEditors(has_new_gimp=True, has_old_gimp=True), "Start GIMP once"),
    ],
)
def test_missing_gimp_is_explained(found: FoundEditors, words: str) -> None:
    assert words in str(why_no_gimp(found))


def test_missing_krita_is_explained() -> None:
    assert "--resources" in str(why_no_krita())
