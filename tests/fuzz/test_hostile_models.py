"""Files that want to run a program when they are opened, in every place and by every name.

Each would leave a mark. None does, and each is refused in a sentence or not even seen.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol import codec
from scumble_protocol.errors import ErrorCode, RequestError, ScumbleError
from scumble_protocol.messages import Measure, Models
from scumble_server.control.places import Role
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.prompts.library import Library
from scumble_server.prompts.measuring import Measuring
from scumble_server.work.report import silent
from tests.fuzz.script import ODD, bent, places
from tests.server.models.checkpoints import make_folder
from tests.server.upscale.networks import compact, write

PROGRAM = "import os\nos.mkdir({mark!r})\nclass Net:\n    pass\n"
ENDINGS = (".pth", ".pt", ".ckpt", ".bin", ".safetensors", ".gguf", ".PTH", ".pkl", ".npy")
UNET = "unet/diffusion_pytorch_model.safetensors"


@dataclass(frozen=True)
class Evil:
    """What makes a folder when it is unpickled."""

    mark: Path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.mark),)


@dataclass(frozen=True)
class Place:
    """A folder of models, and where the mark of a program that was run would be."""

    models: Path
    mark: Path

    @property
    def catalog(self) -> Catalog:
        return Catalog([self.models], self.models / "none")

    def pickled(self, name: str, *, zipped: bool = False) -> Path:
        path = self.models / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if zipped:
            torch.save({"params": {"x": Evil(self.mark)}}, path)
        else:
            path.write_bytes(pickle.dumps({"params": Evil(self.mark)}, protocol=2))
        return path

    def program(self, name: str) -> None:
        (self.models / name).write_text(PROGRAM.format(mark=str(self.mark)))

    def change(self, name: str, **values: object) -> None:
        path = self.models / name
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    def try_everything(self, model: str) -> ErrorCode:
        """Ask for it in every way that there is; why it is refused."""
        self.catalog.list()
        self.catalog.broken()
        measuring = Measuring(self.catalog, Library.of(self.models.parent))
        measuring.answer(Measure("a cat <lora:evil>", model))
        with pytest.raises(RequestError) as refused:
            Shelf(self.catalog, torch.device("cpu")).get(model, silent)
        assert not self.mark.exists()
        return refused.value.code


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    models = tmp_path / "state" / "models"
    models.mkdir(parents=True)
    place = Place(models, tmp_path / "was run")
    yield place
    assert not place.mark.exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("whole") / "tiny")


@pytest.fixture
def folder(place: Place, whole: Path) -> Path:
    return Path(shutil.copytree(whole, place.models / "tiny"))


def test_the_mark_would_be_made(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Evil(tmp_path / "mark")))  # noqa: S301 (our own)
    assert (tmp_path / "mark").is_dir()


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_pickle_of_any_name_is_refused(place: Place, ending: str, zipped: bool) -> None:
    path = place.pickled(f"evil{ending}", zipped=zipped)
    codes = {ErrorCode.UNSAFE_MODEL, ErrorCode.DAMAGED_MODEL, ErrorCode.UNSUPPORTED_MODEL}
    assert place.try_everything(str(path)) in codes
    assert place.try_everything(path.name) in {*codes, ErrorCode.UNKNOWN_MODEL}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("ending", [".pth", ".pt", ".ckpt", ".bin", ".safetensors"])
def test_a_pickle_among_the_additions_is_refused(place: Place, role: Role, ending: str) -> None:
    path = place.pickled(f"{role.value}/evil{ending}")
    with pytest.raises(RequestError) as refused:
        place.catalog.additions.find(role, path.name)
    assert refused.value.code in {ErrorCode.UNSAFE_MODEL, ErrorCode.DAMAGED_MODEL}
    assert place.catalog.additions.of(role) == ()


@pytest.mark.parametrize("kind", ["loras", "embeddings"])
@pytest.mark.parametrize("ending", [".pt", ".bin", ".ckpt"])
def test_a_pickle_among_loras_and_embeddings_is_not_even_seen(
    place: Place, kind: str, ending: str
) -> None:
    place.pickled(f"{kind}/evil{ending}")
    library = Library.of(place.models.parent)
    assert (library.lora_names(), library.embedding_names()) == ((), ())


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_weights_of_a_folder_that_are_a_pickle_are_refused(
    place: Place, folder: Path, part: str
) -> None:
    (weights,) = (folder / part).glob("*.safetensors")
    weights.unlink()
    place.pickled(f"tiny/{part}/{weights.stem}.bin", zipped=True)
    assert place.try_everything("tiny") is ErrorCode.UNSAFE_MODEL


def test_an_index_that_names_a_pickle_is_refused(place: Place, folder: Path) -> None:
    (folder / UNET).unlink()
    place.pickled("tiny/unet/evil.bin")
    index = {"weight_map": {"conv_in.weight": "evil.bin"}}
    (folder / f"{UNET}.index.json").write_text(json.dumps(index))
    assert place.try_everything("tiny") is ErrorCode.DAMAGED_MODEL


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("part", "entry"),
    [
        ("unet", ["evil", "Net"]),
        ("vae", ["evil", "Net"]),
        ("scheduler", ["evil", "Net"]),
        ("tokenizer", ["evil", "Net"]),
        ("unet", ["os", "mkdir"]),
        ("unet", ["antigravity", "fly"]),
        ("unet", ["tests.fuzz.evil", "Net"]),
        ("unet", ["../evil", "Net"]),
        ("unet", [["evil"], "Net"]),
    ],
)
def test_a_part_of_a_class_that_the_model_brings_is_refused(
    place: Place, part: str, entry: list[str]
) -> None:
    place.program(f"tiny/{part}/evil.py")
    place.program("tiny/evil.py")
    place.change("tiny/model_index.json", **{part: entry})
    assert place.try_everything("tiny") is ErrorCode.UNSAFE_MODEL


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", [["evil", "Net"], "evil", "Net"])
def test_a_pipeline_of_a_class_that_the_model_brings_is_refused(place: Place, name: object) -> None:
    place.program("tiny/evil.py")
    place.program("tiny/pipeline.py")
    place.change("tiny/model_index.json", _class_name=name)
    assert place.try_everything("tiny") is ErrorCode.UNSUPPORTED_MODEL


AUTO_MAP = {
    "auto_map": {
        "AutoConfig": "modeling_evil.Net",
        "AutoModel": "modeling_evil.Net",
        "AutoTokenizer": ["modeling_evil.Net", "modeling_evil.Net"],
        "AutoImageProcessor": "modeling_evil.Net",
        "AutoModelForDepthEstimation": "modeling_evil.Net",
    }
}


def test_a_tokenizer_with_a_program_of_its_own_runs_nothing(place: Place, folder: Path) -> None:
    place.program("tiny/tokenizer/modeling_evil.py")
    place.change("tiny/tokenizer/tokenizer_config.json", **AUTO_MAP, tokenizer_class="Evil")
    measuring = Measuring(place.catalog, Library.of(place.models.parent))
    measuring.answer(Measure("a cat", "tiny"))
    # Whether a known class can take its place is transformers' to say.
    with contextlib.suppress(RequestError):
        Shelf(place.catalog, torch.device("cpu")).get("tiny", silent)


def test_a_preprocessor_with_a_program_of_its_own_is_refused(place: Place) -> None:
    own = place.models / "preprocessors" / "depth"
    own.mkdir(parents=True)
    place.program("preprocessors/depth/modeling_evil.py")
    write(own / "model.safetensors", compact())
    config = {"model_type": "evil", "architectures": ["EvilForDepthEstimation"], **AUTO_MAP}
    for name in ("config.json", "preprocessor_config.json"):
        (own / name).write_text(json.dumps(config))
    source = place.catalog.additions.find(Role.PREPROCESSOR, "depth")
    with pytest.raises(RequestError) as refused:
        Shelf(place.catalog, torch.device("cpu")).addition(source, silent)
    assert refused.value.code is ErrorCode.DAMAGED_MODEL


def test_an_archive_that_calls_itself_safetensors_is_no_such_thing(place: Place) -> None:
    with zipfile.ZipFile(place.models / "evil.safetensors", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Evil(place.mark)))
    assert place.try_everything("evil.safetensors") is ErrorCode.DAMAGED_MODEL


def test_a_server_for_others_opens_no_pickle_at_all(place: Place) -> None:
    write(place.models / "2x.pth", compact())
    write(place.models / "2x-safe.safetensors", compact())
    private, public = place.catalog, Catalog([place.models], place.models, is_private=False)
    assert {"2x.pth", "2x-safe.safetensors"} <= {info.id for info in private.list()}
    names = {info.id for info in public.list()}
    assert "2x-safe.safetensors" in names
    assert "2x.pth" not in names
    with pytest.raises(RequestError) as refused:
        public.find("2x.pth")
    assert refused.value.code is ErrorCode.UNSAFE_MODEL


# Whatever lies in the folder, there is a list, and it can be sent


ODD_NUMBERS: tuple[Any, ...] = (
    10**30,
    float("inf"),
    float("nan"),
    -(10**30),
    [10**30],
    "9" * 5000,
    [[]] * 300,
)
JSON_FILES = (
    "model_index.json",
    "scumble.json",
    "unet/config.json",
    "vae/config.json",
    "scheduler/scheduler_config.json",
    "tokenizer/tokenizer_config.json",
)


def assert_listed(catalog: Catalog) -> None:
    codec.encode(Models(catalog.list()))
    assert all(isinstance(error, ScumbleError) for error in catalog.broken())


@given(data=st.data())
def test_a_folder_with_bent_configs_is_listed_or_broken(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, whole: Path
) -> None:
    models = tmp_path_factory.getbasetemp() / "bent"
    if not models.exists():
        shutil.copytree(whole, models / "tiny")
        (models / "tiny" / "scumble.json").write_text('{"native_side": 64, "cfg": 2, "title": "T"}')
    name = data.draw(st.sampled_from(JSON_FILES))
    file = models / "tiny" / name
    good = file.read_text("utf-8")
    fields = json.loads(good)
    path = data.draw(st.sampled_from(list(places(fields))))
    odd = data.draw(st.integers(0, len(ODD)) | st.sampled_from(ODD_NUMBERS).map(repr))
    changed = bent(fields, path, odd if isinstance(odd, int) else 0)
    text = json.dumps(changed, default=str)
    if isinstance(odd, str):
        mark = json.dumps(bent(fields, path, ODD.index("..")))
        text = mark.replace('".."', odd.replace("'", '"').replace("inf", "Infinity"), 1)
    try:
        file.write_text(text)
        assert_listed(Catalog([models], models / "none"))
    finally:
        file.write_text(good)


@pytest.mark.parametrize(
    "entry", [{"unet": ["x" * 300, "Y"]}, {"x" * 300: ["y", "Z"]}, {"\0": ["y", "Z"]}]
)
def test_an_index_with_names_that_no_file_can_have_is_listed_or_broken(
    entry: dict[str, object], tmp_path: Path, whole: Path
) -> None:
    models = tmp_path / "bent"
    shutil.copytree(whole, models / "tiny")
    index = models / "tiny/model_index.json"
    index.write_text(json.dumps({**json.loads(index.read_text("utf-8")), **entry}))
    assert_listed(Catalog([models], models / "none"))


@pytest.mark.parametrize("role", ["", *(f"{role.value}/x/" for role in Role)])
@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"a": 1e999}',
        "[" * 100_000,
        "\0",
        '{"_class_name": 5, "cross_attention_dim": "x", "num_control_type": []}',
        '{"architectures": 5, "_class_name": ["a"]}',
        '{"scaling_factor": "x", "projection_dim": {}, "hidden_size": 1e999}',
    ],
)
def test_odd_configs_anywhere_are_listed_or_broken(place: Place, role: str, text: str) -> None:
    for name in ("model_index.json", "config.json", "model.safetensors"):
        path = place.models / f"{role}{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    write(place.models / f"{role}model.safetensors", compact())
    assert_listed(place.catalog)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("offset", [6, 8, 10, 20, 24, 28, 42])
def test_an_upscaler_in_a_damaged_archive_is_listed(
    place: Place, packing: int, offset: int
) -> None:
    path = place.models / "damaged.pth"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("archive/data.pkl", b"x" * 5000)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + offset] ^= 0xFF
    path.write_bytes(data)
    assert_listed(place.catalog)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no names that are no text")
def test_a_name_that_is_no_text_is_passed_over(place: Place, folder: Path) -> None:
    odd = os.fsdecode(b"odd-\xff")
    folder.rename(place.models / odd)
    for kind in ("loras", "embeddings", *(role.value for role in Role)):
        (place.models / kind).mkdir()
        write(place.models / kind / f"{odd}.safetensors", compact())
    write(place.models / f"{odd}.safetensors", compact())
    assert_listed(place.catalog)
    library = Library.of(place.models.parent)
    assert (library.lora_names(), library.embedding_names()) == ((), ())


def test_half_a_character_in_a_title_is_replaced(place: Place, folder: Path) -> None:
    (folder / "scumble.json").write_text('{"title": "a\\ud800b"}')
    assert_listed(place.catalog)
    assert "a?b" in {info.title for info in place.catalog.list()}
