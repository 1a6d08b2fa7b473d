"""Code that is given the weights serves every checkpoint of its shape, where it is right."""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from scumble_server.compiling import unet
from scumble_server.compiling.apart import export
from scumble_server.compiling.architecture import (
    Architecture,
    UnlikeError,
    architecture_of,
    built,
    read_architecture,
    tensors_of,
)
from scumble_server.compiling.check import is_like
from scumble_server.compiling.compiler import REFUSED, UNLIKE, Compiler, why_not_on
from scumble_server.compiling.graph import Recording, Replayed
from scumble_server.compiling.order import Order, read_order
from scumble_server.compiling.rows import shapes_of
from scumble_server.compiling.unet import CompiledUnet, attach, attach_apart
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.packed import packed_bytes
from tests.server.compiling.exporting import REFUSING
from tests.server.compiling.test_unet import (
    TOLERANCE,
    load,
    make_model,
    needs_compiler,
    predict,
    rows,
)


@pytest.fixture(scope="module", autouse=True)
def enough_memory() -> Iterator[None]:
    """However much others take of it while this runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unet, "COMPILER_BYTES", 0)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models"), seed=1)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another checkpoint of the same shape."""
    return make_model(tmp_path_factory.mktemp("others"), seed=2)


@pytest.fixture(scope="module")
def code(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the code for `predict`, made by the real program."""
    needs_compiler()
    folder = tmp_path_factory.mktemp("code")
    compiler = Compiler(folder)
    predict(apart(made, compiler))
    compiler.wait()
    assert [file.suffix for file in folder.iterdir()] == [".pt2"]
    return folder


def apart(folder: Path, compiler: Compiler, record: Any = None) -> DiffusionModel:
    """A model whose code gets the weights each time, as on a GPU."""
    model = load(folder, None)
    if record is None:
        attach_apart(model, "model", compiler)
    else:
        model.compiled = CompiledUnet(model.unet, architecture(model), compiler, record)
    return model


def architecture(model: DiffusionModel) -> Architecture:
    found = architecture_of(model.unet)
    assert found is not None
    return found


def is_compiled(model: DiffusionModel, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a prediction that was compared before does without the UNet now."""
    with monkeypatch.context() as patch:
        patch.delattr(type(model.unet), "forward")
        try:
            predict(model)
        except TypeError:  # of a module that has no way to run
            return False
        return True


def again(run: Callable[[], list[torch.Tensor]]) -> Recording:
    """What records where there is no GPU: it reads and writes where it did at first, too."""
    made = run()

    def replay() -> None:
        for kept, tensor in zip(made, run(), strict=True):
            kept.copy_(tensor)

    return Recording(replay, made, 1000)


@pytest.mark.timeout(1200)
def test_one_code_serves_every_checkpoint_of_its_shape(
    made: Path, other: Path, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted = []
    for folder in (made, other):
        model = apart(folder, Compiler(code, REFUSING))
        expected = predict(load(folder, None))
        assert torch.allclose(predict(model), expected, atol=TOLERANCE)
        assert is_compiled(model, monkeypatch)
        predicted.append(expected)
    assert not torch.allclose(predicted[0], predicted[1], atol=0.01)


@pytest.mark.timeout(1200)
def test_code_follows_weights_that_are_changed_or_put_elsewhere(
    made: Path, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = apart(made, Compiler(code, REFUSING), again)
    before = predict(model), predict(model)
    bias = model.unet.conv_out.bias
    bias.add_(1)
    changed = predict(model)
    bias.data = bias.data + 1
    moved = predict(model), predict(model)
    assert is_compiled(model, monkeypatch)
    for predicted, more in ((before[1], 0), (changed, 1), (moved[0], 2), (moved[1], 2)):
        assert torch.allclose(predicted, before[0] + more, atol=TOLERANCE)


@pytest.mark.timeout(1200)
def test_a_recording_predicts_what_the_unet_predicts(made: Path, code: Path) -> None:
    model = apart(made, Compiler(code, REFUSING), again)
    weights = model.bytes
    expected = predict(load(made, None))
    for _ in range(3):
        assert torch.allclose(predict(model), expected, atol=TOLERANCE)
    (file,) = code.glob("*.pt2")
    packed = packed_bytes(model.unet)  # its predictions were compared with the UNet's own
    assert model.bytes == weights + packed + file.stat().st_size + 1000


@pytest.mark.timeout(1200)
def test_a_unet_whose_turn_on_the_device_is_to_come_is_not_compiled(
    made: Path, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = apart(made, Compiler(code, REFUSING))
    predict(model)
    vars(model.unet)["_hf_hook"] = object()
    assert not is_compiled(model, monkeypatch)
    del vars(model.unet)["_hf_hook"]
    assert is_compiled(model, monkeypatch)


@pytest.mark.timeout(1200)
def test_code_that_predicts_something_else_is_never_used_again(
    made: Path, code: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (file,) = code.glob("*.pt2")
    (tmp_path / file.name).write_bytes(file.read_bytes())
    model, plain = apart(made, Compiler(tmp_path, REFUSING)), load(made, None)
    # The code is not told of this, as if it were wrong itself.
    for each in (model, plain):
        forward = each.unet.forward
        each.unet.forward = lambda *given, forward=forward, **named: [
            2 * forward(*given, **named)[0]
        ]
    for _ in range(2):
        assert torch.equal(predict(model), predict(plain))
    assert [kept.suffix for kept in tmp_path.iterdir()] == [REFUSED]
    (said,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "predicts something else" in said.getMessage()


def test_checkpoints_of_one_shape_have_one_architecture(made: Path, other: Path) -> None:
    first, second = (architecture(load(folder, None)) for folder in (made, other))
    assert first == second
    order = Order(first, (("read", (2, 4, 8, 8), "float32"),), 1)
    assert read_order(order.written()) == order
    assert read_architecture(json.loads(json.dumps(asdict(first)))) == first
    others = [
        replace(order, module=replace(first, config="{}")),
        replace(order, module=replace(first, weights=first.weights[1:])),
        replace(order, threads=2),
        replace(order, call="[]"),
    ]
    assert len({each.name for each in (order, *others)}) == 5


def test_what_is_built_has_the_shape_of_what_was_loaded_and_no_weights(made: Path) -> None:
    model = load(made, None)
    module = built(architecture(model))
    assert tensors_of(module).keys() == tensors_of(model.unet).keys()
    assert {tensor.device.type for tensor in tensors_of(module).values()} == {"meta"}


def test_a_module_that_its_config_does_not_describe_is_not_built(made: Path) -> None:
    found = architecture(load(made, None))
    with pytest.raises(UnlikeError, match="not what its config describes"):
        built(replace(found, weights=found.weights[1:]))


def test_what_one_model_can_not_have_others_still_get(
    made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    compiler = Compiler(tmp_path, (sys.executable, "-c", f"import sys; sys.exit({UNLIKE})"))
    model = apart(made, compiler)
    for count in (2, 1, 2):
        predict(model, count)
        compiler.wait()
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 2
    assert {kept.suffix for kept in tmp_path.iterdir()} == {REFUSED}


def test_code_that_is_damaged_twice_is_not_compiled_a_third_time(
    made: Path, tmp_path: Path
) -> None:
    writing = "import sys, pathlib as p; sys.stdin.readline();"
    writing += "p.Path(sys.stdin.readline().strip()).write_bytes(b'no code')"
    compiler = Compiler(tmp_path, (sys.executable, "-c", writing))
    model, plain = apart(made, compiler), load(made, None)
    for _ in range(4):
        assert torch.equal(predict(model), predict(plain))
        compiler.wait()
    assert [kept.suffix for kept in tmp_path.iterdir()] == [REFUSED]


def test_weights_in_fewer_bits_and_parts_in_turns_are_left_alone(
    made: Path, tmp_path: Path
) -> None:
    class Packed(torch.nn.Parameter):
        pass

    compiler = Compiler(tmp_path, REFUSING)
    packed = load(made, None)
    packed.unet.conv_out.weight = Packed(packed.unet.conv_out.weight, requires_grad=False)
    turning = load(made, None)
    vars(turning.unet)["_hf_hook"] = object()
    for model in (packed, turning):
        attach_apart(model, "model", compiler)
        assert model.compiled is None


def test_a_recording_is_made_at_the_second_run_and_gives_copies() -> None:
    recorded = []

    class Doubling:
        bytes = 1

        def __call__(self, row: Sequence[torch.Tensor]) -> list[torch.Tensor]:
            return [2 * row[0]]

    def record(run: Callable[[], list[torch.Tensor]]) -> Recording:
        recorded.append(run)
        return again(run)

    code = Replayed(Doubling(), record)
    made = [code([torch.full((2,), float(value))])[0] for value in range(4)]
    assert [float(each[0]) for each in made] == [0, 2, 4, 6]
    assert len(recorded) == 1


@pytest.mark.parametrize("error", ["operation not permitted when stream is capturing", "bad"])
def test_what_can_not_be_recorded_runs_plainly(
    error: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Doubling:
        bytes = 1

        def __call__(self, row: Sequence[torch.Tensor]) -> list[torch.Tensor]:
            return [2 * row[0]]

    def record(_run: Callable[[], list[torch.Tensor]]) -> Recording:
        raise RuntimeError(error)

    code = Replayed(Doubling(), record)
    assert [float(code([torch.tensor(value)])[0]) for value in (1.0, 2.0, 3.0)] == [2, 4, 6]
    assert len(caplog.records) == 1


def test_memory_that_is_short_for_a_recording_is_no_matter_of_the_code() -> None:
    class Same:
        bytes = 1

        def __call__(self, row: Sequence[torch.Tensor]) -> list[torch.Tensor]:
            return list(row)

    def record(_run: Callable[[], list[torch.Tensor]]) -> Recording:
        raise torch.OutOfMemoryError("CUDA out of memory")

    code = Replayed(Same(), record)
    code([torch.zeros(1)])
    with pytest.raises(torch.OutOfMemoryError):
        code([torch.zeros(1)])


@pytest.mark.parametrize(
    ("kind", "off", "said"),
    [
        (torch.float32, 1e-5, True),
        (torch.float32, 1e-2, False),
        (torch.float16, 1e-2, True),
        (torch.float16, 0.1, False),
        (torch.bfloat16, 2e-2, True),
        (torch.bfloat16, 0.2, False),
        (torch.float32, float("nan"), False),
        (torch.float32, float("inf"), False),
    ],
)
def test_predictions_may_differ_by_rounding_alone(
    kind: torch.dtype, off: float, said: bool
) -> None:
    expected = torch.linspace(1, 2, 1000).to(kind)
    assert is_like([expected * (1 + off)], [expected]) is said


def test_predictions_of_other_shapes_are_others() -> None:
    one = torch.ones(4)
    assert not is_like([one], [one, one])
    assert not is_like([one[:3]], [one])
    assert not is_like([one.double()], [one])
    assert is_like([torch.zeros(4)], [torch.zeros(4)])


def test_it_is_said_why_a_device_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_not_on("cpu") == ""
    assert "GPUs" in why_not_on("mps")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert "triton" in why_not_on("cuda")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())
    assert why_not_on("cuda") == ""


def test_what_is_exported_for_a_gpu_calculates_there_alone(made: Path) -> None:
    model = load(made, None)
    found = architecture(model)
    halves = tuple((name, sides, strides, "float16") for name, sides, strides, _ in found.weights)
    shapes = tuple(
        (name, sides, kind if name == "timestep" else "float16")
        for name, sides, kind in shapes_of(rows(2))
    )
    program = export(Order(replace(found, weights=halves, device="cuda:0"), shapes, 1))
    made_there = [node.meta["val"] for node in program.graph.nodes if node.op == "call_function"]
    tensors = [value for value in made_there if isinstance(value, torch.Tensor)]
    assert {str(tensor.device) for tensor in tensors} == {"cuda:0"}


def test_only_diffusion_models_from_files_are_compiled(made: Path, tmp_path: Path) -> None:
    model = load(made, None)
    for one, source in ((object(), object()), (model, object())):
        attach(one, source, Compiler(tmp_path, REFUSING))
    assert model.compiled is None
