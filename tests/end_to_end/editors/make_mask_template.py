"""Makes the file that the Krita plugin takes its transparency masks from.

`python -m tests.end_to_end.editors.make_mask_template` starts Krita and writes it anew. Krita's
scripts can make a transparency mask, but in Krita 5.1 not one that takes pixels; a copy of one that
Krita's own action made does.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.end_to_end.editors.krita import Krita, open_krita

TEMPLATE: Final = (
    Path(__file__).resolve().parents[3] / "krita_plugin/scumble_krita/mask_template.kra"
)

NEW_DOCUMENT: Final = """
document = app.createDocument(16, 16, "mask", "GRAYA", "U8", "", 72.0)
app.activeWindow().addView(document)
"""
ACTIVE: Final = "result = document.activeNode() is not None"
# Nothing is selected, so that the mask is empty; the action works on the active layer.
ADD_MASK: Final = """
from krita import Selection

document.setSelection(Selection())
app.action("add_new_transparency_mask").trigger()
"""
HAS_MASK: Final = """
children = document.topLevelNodes()[0].childNodes()
result = [child.type() for child in children] == ["transparencymask"]
"""
SAVE: Final = """
(mask,) = document.topLevelNodes()[0].childNodes()
mask.setPixelData(bytes(16 * 16), 0, 0, 16, 16)
document.setBatchmode(True)
document.setSelection(None)
document.waitForDone()
result = document.saveAs(file)
"""


def write_template(krita: Krita, file: Path) -> None:
    """Have Krita save a document of one layer with an empty transparency mask."""
    krita.run(NEW_DOCUMENT)
    krita.wait_for(ACTIVE, "active layer")
    krita.run(ADD_MASK)
    krita.wait_for(HAS_MASK, "mask")
    assert krita.run(SAVE, file=str(file))


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as folder,
        open_krita(Path(folder)) as krita,
    ):
        write_template(krita, TEMPLATE)
