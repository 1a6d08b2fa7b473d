"""Krita's own "Import Python Plugin" takes the zip: its logic runs here without Krita around it."""

from __future__ import annotations

import configparser
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from scumble_installer.plugins.bundle import KRITA, bundle_krita, make_bundle
from scumble_installer.plugins.bundled import zip_bytes
from tests.installer.plugins.throwaway import make_krita_plugin

pytestmark = pytest.mark.editor

IMPORTER = Path("/usr/share/krita/pykrita/plugin_importer/plugin_importer.py")


@pytest.fixture
def importer() -> ModuleType:
    if not IMPORTER.exists():
        if os.environ.get("SCUMBLE_TEST_EDITORS") == "required":
            pytest.fail("Krita is missing, though the editors were set up")
        pytest.skip("needs Krita: `python3 installer test --editors` gets it (Debian, as root)")
    spec = importlib.util.spec_from_file_location("plugin_importer", IMPORTER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def component(tmp_path: Path) -> Path:
    return make_krita_plugin(tmp_path / "krita_plugin")


@pytest.fixture
def archive(tmp_path: Path, component: Path) -> Path:
    file = tmp_path / "scumble-krita.zip"
    file.write_bytes(zip_bytes(make_bundle(KRITA, component)))
    return file


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def import_zip(importer: ModuleType, archive: Path, resources: Path) -> list[dict[str, Any]]:
    resources.mkdir(exist_ok=True)
    plugins: list[dict[str, Any]] = importer.PluginImporter(
        str(archive), str(resources), lambda _: True
    ).import_all()
    return plugins


def test_importer_puts_every_file_where_installing_would(
    importer: ModuleType, archive: Path, component: Path, tmp_path: Path
) -> None:
    (plugin,) = import_zip(importer, archive, tmp_path / "resources")
    assert plugin["name"] == "scumble_krita"
    installed = bundle_krita(tmp_path / "installed", component)
    assert tree(tmp_path / "resources") == tree(installed)


def test_importing_again_leaves_nothing_of_the_older_version(
    importer: ModuleType, archive: Path, tmp_path: Path
) -> None:
    resources = tmp_path / "resources"
    import_zip(importer, archive, resources)
    (resources / "pykrita/scumble_krita/stale.py").write_text("", "utf-8")
    import_zip(importer, archive, resources)
    assert not (resources / "pykrita/scumble_krita/stale.py").exists()


def test_imported_plugin_runs_in_a_bare_python(
    importer: ModuleType, archive: Path, tmp_path: Path
) -> None:
    import_zip(importer, archive, tmp_path / "resources")
    code = "import sys; sys.path.insert(0, sys.argv[1]); import scumble_krita.inner.speaker"
    command = (sys.executable, "-I", "-S", "-c", code, str(tmp_path / "resources/pykrita"))
    subprocess.run(command, check=True)


def test_desktop_file_names_the_package(archive: Path, importer: ModuleType) -> None:
    plugin_importer = importer.PluginImporter(str(archive), "", lambda _: True)
    (info,) = plugin_importer.get_plugin_info()
    config: configparser.ConfigParser = plugin_importer.read_desktop_config(info["desktop"])
    assert config["Desktop Entry"]["X-KDE-Library"] == "scumble_krita"
    assert info["action"] == "actions/scumble_krita.action"
