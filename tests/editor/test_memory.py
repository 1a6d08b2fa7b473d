"""What a panel knows again after its editor was closed."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from scumble_protocol.editor.canvas import Margins, Source
from scumble_protocol.editor.memory import MOST_PROMPTS, Memory, Pending
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import RequestError

ORDER = Order(
    Mode.EXPAND,
    Settings(prompt="Äpfel", seed=3, source=Source.ACTIVE_LAYER),
    scale=3.5,
    upscaler="lanczos",
    margins=Margins(1, 2, 3, 4),
)


def test_everything_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "new" / "panel.json"
    memory = Memory.of(file)
    assert memory == Memory(file)
    memory.use(ORDER)
    memory.expect("job", Pending("cat.kra", "Äpfel"))
    assert Memory.of(file) == Memory(file, ORDER, ("Äpfel",), {"job": Pending("cat.kra", "Äpfel")})
    memory.over("job")
    memory.over("job")
    assert Memory.of(file).pending == {}


def test_prompts_are_kept_once_each_the_newest_first() -> None:
    memory = Memory()
    for prompt in ("a", "b", " a ", "", *map(str, range(MOST_PROMPTS - 2))):
        memory.use(Order(settings=Settings(prompt=prompt)))
    assert memory.prompts[-2:] == ("a", "b")
    assert len(memory.prompts) == MOST_PROMPTS
    memory.use(Order(settings=Settings(prompt="new")))
    assert (memory.prompts[0], memory.prompts[-1]) == ("new", "a")


def test_jobs_are_found_by_their_picture() -> None:
    memory = Memory(pending={"1": Pending("a", ""), "2": Pending("b", ""), "3": Pending("a", "")})
    assert list(memory.of_picture("a")) == ["1", "3"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"order": {}, "prompts": 3, "pending": {}}'])
def test_garbage_is_a_first_run(tmp_path: Path, text: str) -> None:
    file = tmp_path / "panel.json"
    file.write_text(text)
    assert Memory.of(file) == Memory(file)


def test_a_setting_that_is_illegal_now_is_a_first_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "panel.json"
    Memory(file).use(ORDER)
    file.write_text(file.read_text().replace('"steps": 20', '"steps": 2000'))
    with caplog.at_level(logging.WARNING):
        assert Memory.of(file) == Memory(file)
    assert "starts anew" in caplog.text


def test_a_disk_that_can_not_be_written_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    memory = Memory(tmp_path / "file" / "panel.json")
    memory.use(ORDER)
    assert memory.order == ORDER
    assert "can't be kept" in caplog.text


@pytest.mark.parametrize(
    "change", [{"mode": "dance"}, {"scale": "big"}, {"margins": {"left": -1}}, {"margins": 3}]
)
def test_an_order_is_taken_as_far_as_it_is_understood(change: dict[str, object]) -> None:
    remembered = json.loads(ORDER.to_json()) | change
    assert Order.from_json(json.dumps(remembered)) == Order(settings=ORDER.settings)


@pytest.mark.parametrize("text", ["", "3"])
def test_what_is_no_order_is_the_default(text: str) -> None:
    assert Order.from_json(text) == Order()


def test_an_order_with_illegal_settings_is_refused() -> None:
    with pytest.raises(RequestError, match="steps"):
        Order.from_json('{"settings": {"steps": 0}}')


def test_the_file_is_written_when_its_turn_comes(tmp_path: Path) -> None:
    turns: list[Callable[[], None]] = []
    file = tmp_path / "panel.json"
    memory = Memory.of(file, turns.append)
    memory.use(ORDER)
    memory.use(Order())
    assert not file.exists()
    turns[0]()
    assert Memory.of(file).order == ORDER, "as it was when it was asked for"
