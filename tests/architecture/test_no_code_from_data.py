"""No line of ours lets a file that is data run as a program; see `docs/security.md`.

It is read from the code itself, so that a new call can't forget what the old ones say.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("server", "protocol", "installer", "krita_plugin", "gimp_plugin")

RUNS_WHAT_IT_READS = {
    "eval", "exec", "compile", "__import__", "pickle.load", "pickle.loads", "pickle.Unpickler",
    "marshal.load", "marshal.loads", "shelve.open", "yaml.load", "yaml.unsafe_load", "dill.load",
    "joblib.load", "torch.jit.load", "torch.package.PackageImporter", "torch.hub.load", "os.system",
    "os.popen", "runpy.run_path", "runpy.run_module", "pandas.read_pickle", "code.interact",
}  # fmt: skip
"""Calls that nothing of ours needs."""

NAMED_MODULES = {
    "server/scumble_cli/__main__.py": "scumble_cli.commands.",
    "server/scumble_cli/commands/bench.py": "scumble_cli.benchmarks.",
}
"""Who may import a module by a name put together, and what the name begins with."""

SPANDREL = "server/scumble_server/upscale/loading.py"
"""The one place that opens pickles, by spandrel's unpickler for tensors."""


@dataclass(frozen=True)
class Call:
    """A call in our code."""

    file: str
    node: ast.Call

    @property
    def name(self) -> str:
        """What is called, as it is written."""
        return ast.unparse(self.node.func)

    @property
    def place(self) -> str:
        return f"{self.file}:{self.node.lineno} {self.name}"

    def says(self, **wanted: bool) -> bool:
        """Whether it has these keywords with exactly these values, in so many words."""
        said = {
            word.arg: word.value.value
            for word in self.node.keywords
            if isinstance(word.value, ast.Constant)
        }
        return all(said.get(name) is value for name, value in wanted.items())


def calls_in(source: str, file: str) -> Iterator[Call]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield Call(file, node)


def wrongs(call: Call) -> Iterator[str]:
    """What is wrong with a call."""
    what = call.name.rpartition(".")[2]
    if call.name in RUNS_WHAT_IT_READS:
        yield "it can run what it reads"
    if call.name == "torch.load" and not call.says(weights_only=True):
        yield "it lacks weights_only=True"
    if what in LOADERS:
        yield from LOADERS[what](call)
    yield from _wrong_words(call)


def _wrong_words(call: Call) -> Iterator[str]:
    for word in call.node.keywords:
        if word.arg in {"allow_pickle", "shell", "pickle_module", "custom_pipeline"}:
            yield f"it says {word.arg}"
        if word.arg == "trust_remote_code" and not call.says(trust_remote_code=False):
            yield "it may trust remote code"


def _wrong_loading(call: Call) -> Iterator[str]:
    reads_text = any(mark in call.name for mark in ("Tokenizer", "Processor"))
    if not reads_text and not call.says(use_safetensors=True):
        yield "it lacks use_safetensors=True"
    if not call.says(local_files_only=True):
        yield "it lacks local_files_only=True"
    chooses_by_data = any(mark in call.name.lower() for mark in ("auto", "pipeline"))
    if chooses_by_data and not call.says(trust_remote_code=False):
        yield "it lacks trust_remote_code=False"


def _wrong_file(call: Call) -> Iterator[str]:
    if not call.says(local_files_only=True):
        yield "it lacks local_files_only=True"


def _wrong_import(call: Call) -> Iterator[str]:
    start = NAMED_MODULES.get(call.file)
    if start is None or not ast.unparse(call.node.args[0]).startswith(f"f'{start}"):
        yield "it may import anything"


def _wrong_opening(call: Call) -> Iterator[str]:
    if call.file != SPANDREL:
        yield "only the loading of upscalers may open pickles"


LOADERS = {
    "from_pretrained": _wrong_loading,
    "from_single_file": _wrong_file,
    "import_module": _wrong_import,
    "ModelLoader": _wrong_opening,
    "load_from_file": _wrong_opening,
}


OF_OUR_OWN_MODELS = {
    # These open only what they trained themselves, or what ships.
    "server/starter/export.py",
    "server/starter/train.py",
    "server/scumble_cli/benchmarks/steps.py",
}


def test_nothing_of_ours_runs_what_it_reads() -> None:
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    calls = [
        call
        for path in files
        for call in calls_in(path.read_text("utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert sum(call.name.endswith("from_pretrained") for call in calls) > 5
    found = [
        f"{call.place}: {wrong}"
        for call in calls
        if call.file not in OF_OUR_OWN_MODELS
        for wrong in wrongs(call)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "eval(text)",
        "pickle.loads(data)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "AutoModel.from_pretrained(path, use_safetensors=True, local_files_only=True)",
        "CLIP.from_pretrained(path, use_safetensors=wanted, local_files_only=True)",
        "CLIP.from_pretrained(path, use_safetensors=True)",
        "T.from_pretrained(p, use_safetensors=True, local_files_only=True, trust_remote_code=yes)",
        "CLIPTokenizer.from_pretrained(path)",
        "UNet.from_single_file(path)",
        "importlib.import_module(name)",
        "np.load(path, allow_pickle=True)",
        "subprocess.run(command, shell=True)",
        "ModelLoader('cpu')",
    ],
)
def test_a_call_that_could_run_data_would_be_found(source: str) -> None:
    (call,) = calls_in(source, "somewhere.py")
    assert list(wrongs(call))
