"""A real Krita loads what was installed, imports what was bundled, and forgets what was removed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scumble_installer.plugins import kritarc
from scumble_installer.plugins.bundle import KRITA, make_bundle
from scumble_installer.plugins.bundled import zip_bytes
from scumble_installer.plugins.running import is_krita_running
from tests.end_to_end.editors.conftest import missing
from tests.end_to_end.editors.krita import CONTROL, KRITADISPLAYRC, KRITARC, Krita, open_krita
from tests.end_to_end.editors.processes import wait_for
from tests.installer.plugins.throwaway import make_krita_plugin
from tests.timing import MS

pytestmark = [pytest.mark.editor, pytest.mark.timeout(900)]

PLUGIN = "scumble_krita"

LOADED = """
import sys
result = {
    "plugin": sorted(n for n in sys.modules if n.startswith("scumble_krita.inner")),
    "foreign": sorted({"msgpack", "websockets", "scumble_protocol"} & set(sys.modules)),
}
"""

# Krita asks whether to enable what it imported; the answer comes while it waits.
IMPORT = """
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication, QMessageBox
from plugin_importer.plugin_importer_extension import PluginImporterExtension
said = []
def answer():
    box = QApplication.activeModalWidget()
    if not isinstance(box, QMessageBox):  # none yet, or what Krita shows while it starts
        QTimer.singleShot(100, answer)
        return
    said.append(box.text())
    box.button(QMessageBox.Yes).click()
QTimer.singleShot(100, answer)
PluginImporterExtension(app).do_import(archive)
result = said
"""


# A Krita that is still putting its window up passes over the wish to quit, so it is repeated.
QUIT = """
again = QTimer()
again.timeout.connect(quit.trigger)
again.start(2000)
QTimer.singleShot(50, quit.trigger)
"""


@pytest.fixture
def component(tmp_path: Path) -> Path:
    """A plugin that loads all it carries as soon as Krita starts."""
    folder = make_krita_plugin(tmp_path / "krita_plugin")
    code = "from scumble_krita.inner import speaker\n"
    (folder / PLUGIN / "__init__.py").write_text(code, "utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A home in which Krita can start, with the settings of one that started before."""
    if not Path("/usr/bin/krita").exists():
        missing("krita")
    home = tmp_path / "krita"
    (home / "config").mkdir(parents=True)
    settings = KRITARC.format(enabled=f"enable_{CONTROL}=true")
    (home / "config/kritarc").write_text(settings, "utf-8")
    (home / "config/kritadisplayrc").write_text(KRITADISPLAYRC, "utf-8")
    return home


@contextmanager
def krita_in(folder: Path) -> Iterator[Krita]:
    """Krita in that home; it leaves by its own menu, so that it writes its settings."""
    with open_krita(folder) as krita:
        yield krita
        krita.run("from PyQt5.QtCore import QTimer\nquit = app.action('file_quit')")
        krita.run(QUIT)
        resources = folder / "data" / "krita"
        wait_for(lambda: not is_krita_running(resources), 120_000 * MS, "end of Krita")


def scumble(folder: Path, component: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line of the user whose home this is, with the sources of this test."""
    code = (
        "import sys, pathlib\n"
        "from scumble_installer.plugins import sources\n"
        f"sources._CHECKOUT = pathlib.Path({str(component.parent)!r})\n"
        "from scumble_cli.__main__ import main\n"
        "sys.exit(main())\n"
    )
    home = {
        "HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    return subprocess.run(
        (sys.executable, "-c", code, *arguments),
        env=dict(os.environ) | home,
        capture_output=True,
        text=True,
        check=False,
    )


def test_krita_loads_what_was_installed_and_nothing_after_it_was_uninstalled(
    folder: Path, component: Path
) -> None:
    before = (folder / "config/kritarc").read_bytes()
    installed = scumble(folder, component, "install", "krita")
    assert installed.returncode == 0, installed.stderr
    with krita_in(folder) as krita:
        assert krita.run(LOADED) == {
            "plugin": ["scumble_krita.inner", "scumble_krita.inner.speaker"],
            "foreign": [],
        }
        refused = scumble(folder, component, "install", "krita")
        assert refused.returncode == 1
        assert "Krita is running" in refused.stderr
    # Krita has written its settings anew, and the plugin is still on.
    settings = (folder / "config/kritarc").read_bytes()
    assert settings != before
    assert kritarc.is_enabled(settings, PLUGIN)

    removed = scumble(folder, component, "uninstall", "krita")
    assert removed.returncode == 0, removed.stderr
    settings = (folder / "config/kritarc").read_bytes()
    assert kritarc.is_enabled(settings, PLUGIN) is None
    assert kritarc.is_enabled(settings, CONTROL)
    with krita_in(folder) as krita:
        assert krita.run(LOADED)["plugin"] == []


def test_krita_imports_the_zip_by_its_own_dialog(
    folder: Path, component: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "scumble-krita.zip"
    archive.write_bytes(zip_bytes(make_bundle(KRITA, component)))
    with krita_in(folder) as krita:
        (said,) = krita.run(IMPORT, archive=str(archive))
        assert "Scumble" in said
    with krita_in(folder) as krita:
        assert krita.run(LOADED) == {
            "plugin": ["scumble_krita.inner", "scumble_krita.inner.speaker"],
            "foreign": [],
        }
