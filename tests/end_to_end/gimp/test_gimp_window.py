"""By mouse and keys: the dialog from the menu, layers in one undo step, Cancel and what is left."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scumble_protocol.program import write_program
from tests.end_to_end.editors.processes import wait_for
from tests.end_to_end.gimp.desk import Desk
from tests.end_to_end.gimp.painter import MAIN, SELECT, Painter, painter_at
from tests.end_to_end.server_process import ServerProcess, running_server
from tests.timing import MS

pytestmark = pytest.mark.editor

PATIENCE = 60_000 * MS
JOB = 240_000 * MS

MASKS = "result = [c.get_mask() is not None for c in image.get_layers()[0].get_children()]"
PROMPT = """
import json
request = image.get_layers()[0].get_parasite("scumble-request")
result = json.loads(bytes(request.get_data()))["prompt"]
"""
STROKE = """
stroke = Gimp.Layer.new(image, "stroke", 9, 9, Gimp.ImageType.RGBA_IMAGE, 100, 28)
image.insert_layer(stroke, None, 0)
Gimp.displays_flush()
"""
SIZE = "result = [image.get_width(), image.get_height()]"

INDEXED = """
image = Gimp.get_images()[0]
image.convert_indexed(0, Gimp.ConvertPaletteType.GENERATE, 16, False, True, "")
Gimp.displays_flush()
"""
KINDS = """
images = sorted(Gimp.get_images(), key=lambda image: image.get_id())
kinds = {0: "RGB", 1: "GRAY", 2: "INDEXED"}
result = [[kinds[int(i.get_base_type())], len(i.get_layers())] for i in images]
"""

START = """#!/bin/sh
cd "$(dirname "$0")"
touch asked
while [ ! -e enough ]; do sleep 0.2; done
"""


@pytest.fixture
def picture(desk: Desk, tmp_path: Path) -> Path:
    """A picture's file, where this GIMP sees it."""
    file = desk.gimp.work / f"{tmp_path.name}.png"
    noise = np.random.default_rng(1).integers(0, 256, (150, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file)
    return file


def test_a_dialog_from_the_menu_makes_layers_that_one_undo_takes_away(
    desk: Desk, picture: Path, served: ServerProcess
) -> None:
    with painter_at(desk, picture) as painter:
        painter.gimp.run(SELECT)
        painter.choose("regenerate selection")
        painter.turn_to("Regenerate selection")
        painter.hands.write("a red apple")
        painter.gimp.screen.photograph(desk.gimp.work / "dialog.png")
        painter.hands.press("alt+o")
        layers = painter.wait_for_layers(2)
        assert layers[0][0] == "Scumble: a red apple"
        painter.gimp.screen.photograph(desk.gimp.work / "result.png")

        painter.undo()
        assert painter.wait_for_layers(1) == [picture.name]
        painter.redo()
        assert painter.wait_for_layers(2) == layers
        assert painter.gimp.run(MASKS) == [True]

        painter.turn_to("GIMP$")
        painter.hands.press("ctrl+f")
        painter.wait_for_layers(3)
        assert painter.gimp.run(PROMPT) == "a red apple"

        painter.choose("expand canvas")
        painter.turn_to("Expand canvas")
        painter.hands.write("24")
        painter.hands.press("alt+o")
        painter.wait_for_layers(4)
        assert painter.gimp.run(SIZE) == [224, 150]
        painter.undo()
        painter.wait_for_layers(3)
        assert painter.gimp.run(SIZE) == [200, 150]
    assert served.process.poll() is None


def test_an_indexed_picture_is_worked_on_as_a_copy_or_not_at_all(
    desk: Desk, picture: Path, served: ServerProcess
) -> None:
    with painter_at(desk, picture) as painter:
        painter.gimp.run(INDEXED)
        painter.gimp.run(SELECT)
        painter.choose("regenerate selection")
        painter.turn_to("^Scumble$")
        painter.gimp.screen.photograph(desk.gimp.work / "indexed.png")
        painter.hands.press("alt+c")
        wait_for(lambda: not painter.windows("^Scumble$"), PATIENCE, "end of the question")
        assert painter.gimp.run(KINDS) == [["INDEXED", 1]]

        show_again(painter)
        painter.turn_to("^Scumble$")
        painter.hands.press("alt+m")
        painter.turn_to("Regenerate selection")
        painter.hands.write("a red apple")
        painter.hands.press("alt+o")
        wanted = [["INDEXED", 1], ["RGB", 2]]
        wait_for(lambda: painter.gimp.run(KINDS) == wanted, JOB, "result in a copy")
    assert served.process.poll() is None


def test_cancel_leaves_the_result_to_be_put_in_or_thrown_away(
    desk: Desk, picture: Path, served: ServerProcess
) -> None:
    with painter_at(desk, picture) as painter:
        painter.gimp.run(SELECT)
        painter.choose("regenerate selection")
        start_a_long_job(desk, painter, variations=5)
        painter.gimp.run(STROKE)  # GIMP can be used while a job runs
        cancel(desk, painter)
        assert [job["key"] for job in desk.jobs] == [picture.as_uri()]
        show_again(painter)
        painter.turn_to("^Scumble$")
        painter.gimp.screen.photograph(desk.gimp.work / "question.png")
        painter.hands.press("alt+p")
        wait_for(lambda: not desk.jobs, PATIENCE, "empty memory")
        group, *others = painter.layers()
        assert len(group[1]) == 5
        assert others == ["stroke", picture.name]
        painter.undo()
        assert painter.wait_for_layers(2) == ["stroke", picture.name]

        show_again(painter)
        start_a_long_job(desk, painter, variations=6)
        cancel(desk, painter)
        show_again(painter)
        painter.turn_to("^Scumble$")
        painter.hands.press("alt+t")
        painter.turn_to("Regenerate selection")
        painter.hands.press("Escape")
        wait_for(lambda: not desk.jobs, PATIENCE, "empty memory")
        assert len(painter.layers()) == 2
    assert served.process.poll() is None


def show_again(painter: Painter) -> None:
    """Filters ▸ Re-show; the search would rather repeat than show what was used already."""
    painter.turn_to(MAIN)
    painter.hands.press("ctrl+shift+f")


def start_a_long_job(desk: Desk, painter: Painter, variations: int) -> None:
    painter.turn_to("Regenerate selection")
    painter.hands.press("alt+v", "ctrl+a")
    painter.hands.write(str(variations))
    painter.hands.press("Tab")  # so that the field takes the number
    painter.hands.press("alt+o")
    wait_for(lambda: desk.jobs, PATIENCE, "job in the plug-in's memory")


def cancel(desk: Desk, painter: Painter) -> None:
    """Click on Cancel, whereupon GIMP kills the plug-in."""
    time.sleep(0.5)
    (job,) = desk.jobs
    painter.click_cancel()
    process = Path(f"/proc/{job['pid']}")
    wait_for(lambda: not process.exists(), PATIENCE, "end of the plug-in")


def test_a_server_that_does_not_run_is_started_by_ok(
    desk: Desk, picture: Path, tmp_path: Path
) -> None:
    state = desk.gimp.work / f"state-{tmp_path.name}"
    state.mkdir()
    program = state / "start"
    program.write_text(START, "utf-8")
    program.chmod(0o755)
    write_program(state, [str(program)], "1")
    try:
        with painter_at(desk, picture, SCUMBLE_STATE=str(state)) as painter:
            painter.choose("regenerate selection")
            painter.turn_to("Regenerate selection")
            time.sleep(1)
            painter.gimp.screen.photograph(desk.gimp.work / "no-server.png")
            assert not (state / "asked").exists()
            painter.hands.press("alt+o")
            wait_for((state / "asked").is_file, PATIENCE, "start of the server")
            with running_server(state):
                painter.wait_for_layers(2)
    finally:
        (state / "enough").touch()
