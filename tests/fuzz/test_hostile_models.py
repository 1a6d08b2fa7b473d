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

import pytest
import torch

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import Measure
from scumble_server.control.places import Role
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.prompts.library import Library
from scumble_server.prompts.measuring import Measuring
from scumble_server.work.report import silent
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
