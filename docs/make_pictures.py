"""Makes the pictures of the README and of the docs: `python docs/make_pictures.py`.

Runs the demo as a newcomer would, and puts before and after side by side.
"""
# ruff: noqa: INP001 (a script beside the pages, no package)

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

PICTURES = Path(__file__).parent / "pictures"
GAP = 12
"""White pixels between before and after."""


def main() -> None:
    """Make every picture anew."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(  # noqa: S603  our own program
            (sys.executable, "-m", "scumble_cli", "demo", "--out", str(folder)), check=True
        )
        joined = beside(folder / "before.png", folder / "after.png")
    joined.save(PICTURES / "demo.jpg", quality=90)


def beside(*files: Path) -> Image.Image:
    """The pictures from left to right, all of one height, with a gap between them."""
    pictures = [Image.open(file).convert("RGB") for file in files]
    width = sum(picture.width for picture in pictures) + GAP * (len(pictures) - 1)
    joined = Image.new("RGB", (width, pictures[0].height), "white")
    left = 0
    for picture in pictures:
        joined.paste(picture, (left, 0))
        left += picture.width + GAP
    return joined


if __name__ == "__main__":
    main()
