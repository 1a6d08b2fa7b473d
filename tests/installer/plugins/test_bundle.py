"""A bundle works in a Python that has nothing else, and leaves that Python as clean as it was."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from scumble_installer.errors import BundleError
from scumble_installer.plugins import bundle, sources
from scumble_installer.plugins.bundle import GIMP, KRITA, bundle_gimp, bundle_krita, make_bundle
from scumble_installer.plugins.imports import find_imports
from tests.installer.plugins.bare_python import pythons, run_bare
from tests.installer.plugins.throwaway import make_gimp_plugin, make_krita_plugin

# Imports every module under the package named first, then names the strangers that came in.
IMPORT_ALL = """
import sys, pkgutil, importlib
path = list(sys.path)
sys.path.insert(0, sys.argv[1])
before = list(sys.path)
package = importlib.import_module(sys.argv[2])
names = [info.name for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
for name in names:
    importlib.import_module(name)
assert sys.path == before
print(len(names))
print(*sorted({n.partition(".")[0] for n in sys.modules} - set(sys.stdlib_module_names)))
print(*sorted(n for n in sys.modules if n.endswith(("_cmsgpack", "speedups"))))
"""

USE_BOTH = """
import sys
sys.path.insert(0, sys.argv[1])
from scumble_krita._vendor import msgpack
from scumble_krita._vendor.msgpack import fallback
from scumble_krita._vendor.scumble_protocol import packing
assert msgpack.Packer is fallback.Packer
from scumble_krita.inner import speaker
assert speaker.msgpack is msgpack
assert speaker.websockets.sync.client.connect
assert speaker.scumble_protocol.codec.encode
assert speaker.j.__name__ == "json"
assert speaker.geometry.__name__ == "scumble_krita._vendor.scumble_protocol.geometry"
print(*(thing.__name__ for thing in speaker.later()))
"""


@pytest.fixture
def krita_sources(tmp_path: Path) -> Path:
    return make_krita_plugin(tmp_path / "krita_plugin")


@pytest.fixture
def resources(tmp_path: Path, krita_sources: Path) -> Path:
    return bundle_krita(tmp_path / "resources", krita_sources)


@pytest.mark.parametrize("python", pythons())
def test_every_module_imports_in_a_bare_python_that_stays_clean(
    resources: Path, python: str
) -> None:
    count, strangers, compiled = run_bare(
        python, IMPORT_ALL, str(resources / "pykrita"), "scumble_krita"
    )
    assert int(count) > 50
    assert strangers.split() == ["__main__", "scumble_krita"]
    assert compiled == ""


@pytest.mark.parametrize("python", pythons())
def test_names_mean_what_they_meant_before(resources: Path, python: str) -> None:
    (said,) = run_bare(python, USE_BOTH, str(resources / "pykrita"))
    assert said == "scumble_krita._vendor.scumble_protocol.session Client"


def test_krita_bundle_lies_as_kritas_resource_folder_wants_it(resources: Path) -> None:
    files = {str(path.relative_to(resources)) for path in resources.rglob("*") if path.is_file()}
    assert {
        "pykrita/scumble_krita.desktop",
        "actions/scumble_krita.action",
        "pykrita/scumble_krita/__init__.py",
        "pykrita/scumble_krita/LICENSE",
        "pykrita/scumble_krita/NOTICE",
        "pykrita/scumble_krita/version.txt",
        "pykrita/scumble_krita/inner/words.json",
        "pykrita/scumble_krita/_vendor/msgpack/COPYING",
        "pykrita/scumble_krita/_vendor/websockets/LICENSE",
        "pykrita/scumble_krita/_vendor/scumble_protocol/messages.py",
    } <= files
    assert {Path(name).parts[0] for name in files} == {"pykrita", "actions"}


def test_bundle_holds_only_what_is_needed_and_pure(resources: Path) -> None:
    names = {path.name for path in resources.rglob("*")}
    assert {Path(name).suffix for name in names} <= {
        "", ".py", ".txt", ".json", ".action", ".desktop",
    }  # fmt: skip
    assert not names & {"legacy", "cli.py", "server.py", "router.py", "__pycache__"}


def test_data_files_are_copied_byte_by_byte(resources: Path, krita_sources: Path) -> None:
    inside = "scumble_krita/inner/words.json"
    assert (resources / "pykrita" / inside).read_bytes() == (krita_sources / inside).read_bytes()


def test_version_and_copies_are_named(resources: Path) -> None:
    package = resources / "pykrita" / "scumble_krita"
    assert (package / "version.txt").read_text("utf-8") == sources.version_of("scumble") + "\n"
    assert "websockets 15.0.1" in (package / "_vendor" / "__init__.py").read_text("utf-8")


def test_gimp_bundle_starts_from_its_executable_launcher(tmp_path: Path) -> None:
    plug_ins = bundle_gimp(tmp_path / "plug-ins", make_gimp_plugin(tmp_path / "gimp_plugin"))
    launcher = plug_ins / "scumble" / "scumble.py"
    if os.name == "posix":
        assert stat.S_IMODE(launcher.stat().st_mode) == 0o755
        others = [path for path in plug_ins.rglob("*") if path.is_file() and path != launcher]
        assert {stat.S_IMODE(path.stat().st_mode) for path in others} == {0o644}
    command = (sys.executable, "-I", "-S", str(launcher))
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == (
        "True True\n"
    )


def test_no_import_leads_out_of_the_plugin(krita_sources: Path) -> None:
    allowed = sys.stdlib_module_names | KRITA.host | {"scumble_krita", "__pypy__"}
    for file in make_bundle(KRITA, krita_sources):
        if file.path.suffix == ".py":
            tops = {found.top for found in find_imports(file.content) if found.level == 0}
            assert tops <= allowed, file.path


def test_import_that_no_editor_can_satisfy_is_refused(krita_sources: Path) -> None:
    (krita_sources / "scumble_krita" / "odd.py").write_text("import numpy\n", "utf-8")
    with pytest.raises(BundleError, match=r"pykrita/scumble_krita/odd\.py imports numpy.*Krita"):
        make_bundle(KRITA, krita_sources)


def test_import_by_a_string_is_refused_with_its_place(krita_sources: Path) -> None:
    (krita_sources / "scumble_krita" / "odd.py").write_text(
        "import importlib\nimportlib.import_module('msgpack')\n", "utf-8"
    )
    with pytest.raises(BundleError, match=r"scumble_krita/odd\.py: Line 2 imports 'msgpack'"):
        make_bundle(KRITA, krita_sources)


def test_build_without_a_plugin_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sources, "_CHECKOUT", tmp_path)
    with pytest.raises(BundleError, match="no plugin for GIMP"):
        make_bundle(GIMP)


def test_incomplete_sources_are_refused(krita_sources: Path) -> None:
    (krita_sources / "scumble_krita.desktop").unlink()
    with pytest.raises(BundleError, match=r"Krita lack scumble_krita\.desktop"):
        make_bundle(KRITA, krita_sources)


def test_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BundleError, match="no_such_package is not installed"):
        sources.package_folder("no_such_package")
    with pytest.raises(BundleError, match="no-such-package is not installed"):
        sources.version_of("no-such-package")
    monkeypatch.setattr(metadata, "files", lambda _: None)
    with pytest.raises(BundleError, match="without its licence"):
        sources.licences_of("msgpack")


def test_same_sources_give_the_same_bundle(krita_sources: Path) -> None:
    assert make_bundle(KRITA, krita_sources) == make_bundle(KRITA, krita_sources)
    assert bundle.VERSION_FILE == "version.txt"


def test_licence_comes_from_the_installed_program_where_there_is_no_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = sources.own_licences()
    monkeypatch.setattr(sources, "_CHECKOUT", tmp_path)
    assert sources.own_licences()["LICENSE"] == here["LICENSE"]
