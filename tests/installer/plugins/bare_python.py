"""Pythons without any package, as the editors have them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def pythons() -> list[str]:
    """This Python, and every other from 3.10 on that runs here: names may be empty shims."""
    found = [sys.executable]
    for minor in (10, 11, 12, 13, 14):
        name = f"python3.{minor}"
        paths = (name, *map(str, Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/{name}")))
        for path in filter(None, map(shutil.which, paths)):
            if subprocess.run((path, "-V"), capture_output=True, check=False).returncode == 0:
                found.append(path)
                break
    return found


def run_bare(python: str, code: str, *arguments: str) -> list[str]:
    """Run code in a Python without its packages and give the lines that it printed."""
    command = (python, "-I", "-S", "-W", "error", "-c", code, *arguments)
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.splitlines()
