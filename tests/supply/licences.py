"""Under which licences what Scumble runs on may be, and how packages say which is theirs.

Nothing of it is distributed with Scumble, but for websockets and msgpack in the editors' plugins:
the installer gets each package from its own makers. So what counts is that everybody may use them
together with a program under the Apache License 2.0.
"""

from __future__ import annotations

import re
from importlib import metadata

ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CNRI-Python",
        "ISC", "LLVM-exception", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "Zlib",
    }
)  # fmt: skip
"""All of them ask for no more than their notice."""

FOR_A_REASON = {
    "certifi": ("MPL-2.0", "a list of certificates, which is used as it is"),
    "pathspec": ("MPL-2.0", "part of what builds Scumble; unchanged, and not in what it builds"),
    "tqdm": ("MPL-2.0", "draws progress for libraries that we use; unchanged"),
}
"""Packages whose licence asks for more: that changes to their own files are open, too."""

BRINGS_OTHERS = {
    "imagecodecs": "its wheels hold codecs, libheif and others under the LGPL among them",
    "numpy": "its wheels hold OpenBLAS and GCC's runtime, which the GPL lets be used by anybody",
    "opencv-python-headless": "its wheels hold FFmpeg under the LGPL",
    "pillow": "its wheels hold codecs under licences like its own",
    "scipy": "its wheels hold OpenBLAS and GCC's runtime, which the GPL lets be used by anybody",
    "torch": "with CUDA, its wheels need NVIDIA's libraries under NVIDIA's terms",
}
"""Whose wheels hold libraries of others. They are loaded as they are, and can be exchanged, which
is what the LGPL asks for. An installer that has them inside would have to ship their texts."""

ELSEWHERE = {"colorama": "BSD-3-Clause"}
"""Packages for Windows alone, which are not installed where the tests run."""

NOWHERE = {"httpx2-jsfetch"}
"""For Python inside a browser, which is no place that Scumble runs in."""

_WORDS = {
    "Apache": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache 2.0 License": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""How those say it that do not use the names of SPDX."""


def licences_of(package: str) -> frozenset[str]:
    """The SPDX names of all licences of an installed package; of a choice, all it may be.

    Raises:
        ValueError: It says none that is understood.
    """
    about = metadata.metadata(package)
    said = next((about[key] for key in ("License-Expression", "License") if key in about), "")
    if "\n" in said or not said:  # a whole text, in place of its name
        classifiers = [text for text in about.get_all("Classifier") or [] if "License" in text]
        said = " AND ".join(_WORDS[text.split(" :: ")[-1]] for text in classifiers)
    said = _WORDS.get(said, said)
    names = frozenset(re.split(r" (?:AND|OR|WITH) ", re.sub(r"[()]", "", said)))
    if not all(re.fullmatch(r"[\w.-]+", name) for name in names):
        raise ValueError(f"{package} says {said[:80]!r} of its licence")
    return names
