"""A panel asks at once how long its prompt is, while the worker still imports its libraries."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, threading, time
from pathlib import Path
from scumble_protocol.messages import Measure
from scumble_protocol.requests import LoadModel
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import STARTER, Catalog
from scumble_server.models.importing import IMPORTING
from scumble_server.prompts.library import Library
from scumble_server.prompts.measuring import Measuring

catalog = Catalog([], STARTER_FOLDER)
measuring = Measuring(catalog, Library())
answers = []

def measure():
    # The moment that is dangerous: the other thread has begun, and not ended.
    while "transformers" not in sys.modules:
        time.sleep(0.0005)
    answers.append(measuring.answer(Measure("a red apple", "")))

asking = threading.Thread(target=measure)
asking.start()
with IMPORTING:
    from scumble_server.engine import DeviceEngine
engine = DeviceEngine("cpu", catalog, None, Library())
engine.run(LoadModel(STARTER), {}.__getitem__, lambda _: None)
asking.join()
print(answers[0].tokens)
"""


def test_a_prompt_is_measured_while_the_libraries_of_models_are_imported() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True
    )
    assert (ended.stdout, ended.returncode) == ("3\n", 0), ended.stderr
