"""Lock files are taken apart and put together by package."""

from __future__ import annotations

from scumble_installer.locking import leave_out, split, text_of

TEXT = """\
imagecodecs==2026.3.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
imagecodecs==2026.10.10 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
torch==2.13.0
torchsde==0.2.6 \\
    --hash=sha256:dd
"""


def test_packages_have_names_and_versions() -> None:
    assert [(entry.name, entry.version) for entry in split(TEXT)] == [
        ("imagecodecs", "2026.3.6"),
        ("imagecodecs", "2026.10.10"),
        ("torch", "2.13.0"),
        ("torchsde", "0.2.6"),
    ]


def test_nothing_is_lost_on_the_way() -> None:
    assert text_of(split(TEXT)) == TEXT


def test_unwanted_packages_go_with_their_hashes() -> None:
    rest = leave_out(split(TEXT), lambda name: name != "torchsde")
    assert text_of(rest) == "torchsde==0.2.6 \\\n    --hash=sha256:dd\n"
