"""A folder for the tiny pipelines of one file of tests, and one thread to run them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    """The models are so small that threads would mostly wait for each other."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made families go here, by name."""
    return tmp_path_factory.mktemp("families")
