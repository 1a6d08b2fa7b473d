"""Lock files are taken apart and put together by package."""

from __future__ import annotations

from scumble_installer.locking import select, split, version_of

TEXT = """\
numpy==2.4.6 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
nvidia-cublas==13.1.1.3 ; sys_platform == 'linux' \\
    --hash=sha256:cc
torch==2.13.0 \\
    --hash=sha256:dd
"""


def test_packages_keep_their_hashes_and_conditions() -> None:
    lock = split(TEXT)
    assert list(lock) == ["numpy", "nvidia-cublas", "torch"]
    assert "".join(lock.values()) == TEXT


def test_version_is_read_without_what_follows() -> None:
    assert version_of(split(TEXT), "nvidia-cublas") == "13.1.1.3"


def test_unwanted_packages_go_with_their_hashes() -> None:
    rest = select(split(TEXT), lambda name: name == "torch")
    assert list(rest.values()) == ["torch==2.13.0 \\\n    --hash=sha256:dd\n"]
