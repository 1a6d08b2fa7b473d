"""The fuzzers find nothing, starting from the corpus that is kept; see `CONTRIBUTING.md`."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.protocol import samples
from tests.timing import IS_NIGHTLY, MS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SECONDS = 600 if IS_NIGHTLY else 15
STARTING = 120_000 * MS
"""For a fuzzer to import and to go through what is kept."""

IN_A_SMALL_PROCESS = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
"""The most memory that a process ever had is counted on for what it is turned into. So the fuzzer
must not be forked from the process of the tests, which may have loaded torch."""

MOST_KEPT = 2**19
"""Bytes of one corpus: small enough to go through at each run."""

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris has no build for this Python or system",
)


@pytest.mark.timeout(2 * SECONDS + 2 * STARTING)
@pytest.mark.parametrize("name", ["codec", "session"])
def test_fuzzer_finds_nothing(name: str, tmp_path: Path) -> None:
    found, broken = tmp_path / "found", tmp_path / "broken"
    found.mkdir()
    broken.mkdir()
    if name == "codec":
        _seed(found)
    run = subprocess.run(
        (
            *IN_A_SMALL_PROCESS,
            *(
                sys.executable,
                "-m",
                f"tests.fuzz.fuzz_{name}",
                "-seed=20260",
                "-print_final_stats=1",
            ),
            *(f"-max_total_time={SECONDS}", "-rss_limit_mb=512", "-timeout=10"),
            *(f"-artifact_prefix={broken}/", str(found), str(HERE / "corpus" / name)),
        ),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=SECONDS + 2 * STARTING,
    )
    said = run.stdout.decode("utf-8", "replace")
    kept = [f"{file.name}: {file.read_bytes().hex()}" for file in broken.iterdir()]
    assert run.returncode == 0, f"{said[-5000:]}\nkeep in tests/fuzz/corpus/{name}: {kept}"
    assert not kept
    assert "Done " in said
    # It went on from what is kept, and did not just look at it.
    runs = int(said.rpartition("stat::number_of_executed_units:")[2].split()[0])
    assert runs > 2 * len(list((HERE / "corpus" / name).iterdir()))


@pytest.mark.parametrize("name", ["codec", "session"])
def test_the_kept_corpus_is_small(name: str) -> None:
    files = list((HERE / "corpus" / name).iterdir())
    assert len(files) > 50
    assert sum(file.stat().st_size for file in files) < MOST_KEPT


def _seed(folder: Path) -> None:
    """Every message as it is now, so that a new one is fuzzed from its first day."""
    from scumble_protocol import codec

    for number, message in enumerate(samples.MESSAGES.values()):
        (folder / f"message-{number}").write_bytes(codec.encode(message))
