"""Krita is closed in the middle of a job, and opened again: the result waits for its picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.krita_desk import krita_desk, require_krita
from tests.end_to_end.server_process import running_server
from tests.timing import MS

pytestmark = pytest.mark.editor


@pytest.mark.timeout(600_000 * MS)
def test_a_result_waits_for_krita_to_come_back(tmp_path: Path) -> None:
    require_krita()
    state = tmp_path / "state"
    state.mkdir()
    file = tmp_path / "picture.kra"
    with running_server(state):
        with krita_desk(tmp_path, with_server=False) as desk:
            desk.new_document(320, 256)
            desk.wait_until("bool(shown().models)", "connection")
            desk.krita.run("select(40, 40, 160, 160)")
            desk.krita.run("doc().setBatchmode(True); assert doc().saveAs(file)", file=str(file))
            desk.set(prompt="an owl", steps=200)
            desk.click("scumble_run")
            desk.wait_until("shown().job is not None and shown().job.fraction", "running job")
            desk.krita.run("doc().setModified(False)")
            desk.krita.run(QUIT)
            assert desk.krita.wait_for_end() == 0
        with krita_desk(tmp_path, with_server=False) as desk:
            desk.krita.run("show(app.openDocument(file))", file=str(file))
            desk.wait_until("bool(shown().offers)", "offer", 120_000 * MS)
            assert desk.ask("docker().panel.form.prompt.text()") == "an owl", "it is remembered"
            desk.krita.run("docker().panel.ensureWidgetVisible(widget('scumble_insert'))")
            desk.click("scumble_insert")
            desk.finish()
            names = [node[0] for node in desk.ask("tree()")]
            assert names == ["Background", "Scumble: an owl"]


# After the answer to this call; Krita ends its event loop.
QUIT = """
from PyQt5.QtCore import QTimer

QTimer.singleShot(100, app.action("file_quit").trigger)
"""
