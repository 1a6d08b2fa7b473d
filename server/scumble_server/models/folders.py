"""A diffusers folder as a source of a model: whether it is whole, and its size."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.families.known import family_of
from scumble_server.models.configs import check_pipeline
from scumble_server.models.file_names import is_plain
from scumble_server.models.gguf_header import check_gguf
from scumble_server.models.headers import damaged, read_header, weigh
from scumble_server.models.json_files import read_json
from scumble_server.models.quantised import GGUF, check_readable, gguf_file
from scumble_server.spec import Weights

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTED = (
    "unet",
    "transformer",
    "vae",
    "movq",
    "text_encoder",
    "text_encoder_2",
    "text_encoder_3",
)
"""The components with weights that are used."""

READERS = ("tokenizer", "tokenizer_2", "tokenizer_3")
"""The components that make tokens of text."""

LIBRARIES = ("diffusers", "transformers")
"""Whose classes the parts of a model are."""

PICKLES = (".ckpt", ".pt", ".pth", ".bin")
"""Endings of files that can run any program when loaded."""


def check_folder(folder: Path) -> Weights:
    """Make sure that every file of a model is there and whole; give what its weights are.

    Raises:
        RequestError: `DAMAGED_MODEL` naming the first file at fault, `UNSAFE_MODEL` when weights
            exist only as a pickle, `UNSUPPORTED_MODEL` for other kinds of model.
    """
    index = read_json(folder / "model_index.json")
    pipeline = str(index.get("_class_name", ""))
    check_pipeline(pipeline, folder)
    check_libraries(index, folder)
    family = family_of(pipeline)
    for name in family.parts if family else ():
        if not (folder / name).is_dir():
            raise damaged(folder / name, "is missing")
    read_json(folder / "scheduler" / "scheduler_config.json")
    present = [name for name in WEIGHTED if has_component(index, name)]
    for name in present:
        check_readable(folder / name, read_json(folder / name / "config.json"))
    for name in READERS:
        if has_component(index, name):
            _check_tokenizer(folder / name)
    weights = [path for name in present for path in weight_files(folder / name)]
    return sum((_weigh(path) for path in weights), Weights())


def check_libraries(index: dict[str, object], folder: Path) -> None:
    """Refuse a model whose parts are of classes that it brings itself, or of any odd module.

    diffusers imports whatever module the index names. Besides its own and transformers', names of
    its pipelines are in use (`kolors`), which are no modules by themselves.

    Raises:
        RequestError: `UNSAFE_MODEL`.
    """
    for name, entry in index.items():
        library = entry[0] if isinstance(entry, list) and entry else None
        if library is None or library in LIBRARIES:
            continue
        if not _is_pipeline(library) or _is_there(folder / name / f"{library}.py"):
            raise RequestError(
                ErrorCode.UNSAFE_MODEL,
                f"The model {folder} wants to run a program of its own for its {name}.",
                "Don't use it; get a model that is made for diffusers as it is.",
            )


def _is_pipeline(library: object) -> bool:
    is_name = isinstance(library, str) and library.isidentifier()
    return is_name and importlib.util.find_spec(str(library)) is None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no file can have such a name: too long, or with a NUL in it
        return False


def _weigh(path: Path) -> Weights:
    if path.suffix == GGUF:
        check_gguf(path)
        return Weights(path.stat().st_size, 0, path.stat().st_size)
    return weigh(read_header(path), path.stat().st_size)


def has_component(index: dict[str, object], name: str) -> bool:
    """Whether `model_index.json` names a class for this component."""
    entry = index.get(name)
    return isinstance(entry, list) and len(entry) == 2 and entry[1] is not None


def weight_files(component: Path) -> list[Path]:
    """The files that hold a component's weights, `.safetensors` or `.gguf`, existing or not.

    Raises:
        RequestError: `UNSAFE_MODEL` when there are only pickles, `DAMAGED_MODEL` when nothing is.
    """
    variant = variant_of(component)
    for stem in ("diffusion_pytorch_model", "model"):
        plain = component / f"{stem}{variant}.safetensors"
        if plain.exists():
            return [plain]
        index = component / f"{stem}.safetensors.index{variant}.json"
        if index.exists():
            return _shards(index)
    if packed := gguf_file(component):
        return [packed]
    pickles = sorted(path for path in component.glob("*") if path.suffix in PICKLES)
    if pickles:
        raise unsafe(pickles[0])
    raise damaged(component / _expected_weights(component), "is missing")


def _shards(index: Path) -> list[Path]:
    """The files that an index names, which lie beside it and nowhere else."""
    named = read_json(index).get("weight_map")
    names = set(named.values()) if isinstance(named, dict) and _are_texts(named) else set()
    if not names or not all(is_plain(name) and name.endswith(".safetensors") for name in names):
        raise damaged(index, "names other things than weights beside it")
    return sorted(index.with_name(name) for name in names)


def _are_texts(named: dict[object, object]) -> bool:
    return all(isinstance(name, str) for name in named.values())


def variant_of(component: Path) -> str:
    """`.fp16` where a component's weights come only in that variant, else nothing."""
    names = [path.name for path in component.glob("*.safetensors*")]
    return ".fp16" if names and all(".fp16" in name for name in names) else ""


def unsafe(path: Path) -> RequestError:
    """The error for a pickled checkpoint."""
    return RequestError(
        ErrorCode.UNSAFE_MODEL,
        f"The model file {path} is a pickle, which could run any program when opened.",
        "Get the model as .safetensors, or convert it with a tool such as safetensors' convert.py.",
    )


def _expected_weights(component: Path) -> str:
    stem = "model" if component.name.startswith("text_encoder") else "diffusion_pytorch_model"
    return f"{stem}.safetensors"


def _check_tokenizer(folder: Path) -> None:
    if (folder / "tokenizer.json").exists():
        read_json(folder / "tokenizer.json")
        return
    if not folder.is_dir():
        raise damaged(folder, "is missing")
    # A vocabulary of sentencepiece, as T5's and ChatGLM's, is whole in itself.
    if any(folder.glob("*.model")):
        return
    read_json(folder / "vocab.json")
    if not (folder / "merges.txt").exists():
        raise damaged(folder / "merges.txt", "is missing")
