"""What a panel asks of prompts while one types."""

from __future__ import annotations

import asyncio
import json
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scumble_protocol.messages import AskNames, Measure, Measured, Names
from scumble_server.app import STARTER_FOLDER
from scumble_server.clients.questions import Questions
from scumble_server.models.catalog import Catalog
from scumble_server.prompts.library import Library
from scumble_server.prompts.measuring import Measuring
from tests.timing import MS


@pytest.fixture
def measuring(tmp_path: Path) -> Measuring:
    library = Library.of(tmp_path)
    for folder in (library.loras, library.embeddings, library.wildcards):
        assert folder is not None
        folder.mkdir(parents=True)
    assert library.loras
    assert library.embeddings
    assert library.wildcards
    (library.loras / "ink").mkdir()
    (library.loras / "ink" / "sumi.safetensors").touch()
    (library.wildcards / "animal.txt").write_text("cat\ncat\n")
    # A textual inversion of three vectors, of which only the header counts here.
    header = json.dumps({"emb_params": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}})
    data = struct.pack("<Q", len(header)) + header.encode() + bytes(48)
    (library.embeddings / "wood.safetensors").write_bytes(data)
    return Measuring(Catalog([tmp_path / "models"], STARTER_FOLDER), library)


def measured(measuring: Measuring, text: str, model: str = "starter") -> Measured:
    answer = measuring.answer(Measure(text, model))
    assert isinstance(answer, Measured)
    assert (answer.text, answer.model) == (text, model)
    return answer


def test_the_tokenizer_of_a_model_counts(measuring: Measuring) -> None:
    one = measured(measuring, "cat")
    assert (one.tokens, one.chunks, one.kept, one.wrong) == (1, 1, 1, ())
    assert measured(measuring, "a (cat:1.3)").tokens == measured(measuring, "a cat").tokens
    assert measured(measuring, "cat", "").tokens == 1, "the first model there is"
    long = measured(measuring, "a cat, " * 40)
    assert long.tokens == long.kept > 75
    assert long.room == 30 * long.chunks >= long.tokens, "the starter reads 30 at once"
    assert measured(measuring, "a BREAK cat").chunks == 2


def test_a_prompt_is_measured_as_it_will_be_read(measuring: Measuring) -> None:
    cats = measured(measuring, "cat cat")
    assert measured(measuring, "__animal__ {cat|cat} <lora:sumi:0.8>") == Measured(
        "__animal__ {cat|cat} <lora:sumi:0.8>", "starter", cats.tokens, 1, cats.kept, room=30
    )
    assert measured(measuring, "wood").tokens == 3, "a textual inversion counts by its vectors"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<lora:sumy:1>", "There is no LoRA 'sumy'. Did you mean sumi?"),
        ("__animals__", "There is no wildcard 'animals'. Did you mean animal?"),
        ("embedding:wod", "There is no embedding 'wod'. Did you mean wood?"),
        ("(cat:99)", "The weight of 'cat' in the prompt is 99."),
        ("<lora:sumi:x>", "has the weight 'x'"),
    ],
)
def test_what_is_wrong_is_said_with_what_was_meant(
    measuring: Measuring, text: str, said: str
) -> None:
    (sentence,) = measured(measuring, text).wrong
    assert said in sentence


def test_all_that_is_wrong_is_said(measuring: Measuring) -> None:
    assert len(measured(measuring, "<lora:a:1> <lora:b:1> embedding:c").wrong) == 3


@pytest.mark.parametrize("model", ["lanczos", "there is none"])
def test_what_reads_no_prompts_counts_none(measuring: Measuring, model: str) -> None:
    assert measured(measuring, "cat", model).tokens == 0


def test_a_damaged_model_counts_none(measuring: Measuring, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "broken"
    folder.mkdir()
    (folder / "model_index.json").write_text("{}")
    assert measured(measuring, "cat", "broken").tokens == 0, "damaged, which running it will say"


def test_every_name_is_told_once(measuring: Measuring) -> None:
    assert measuring.answer(AskNames()) == Names(("sumi",), ("wood",), ("animal",))


def test_of_questions_that_wait_only_the_newest_is_answered() -> None:
    asked: list[object] = []
    told: list[object] = []

    def answer(question: Measure | AskNames) -> Measured | Names:
        asked.append(question)
        if isinstance(question, AskNames):
            return Names((), (), ())
        return Measured(question.text, question.model, 1, 1, 1)

    async def main(executor: ThreadPoolExecutor) -> None:
        both = asyncio.Event()

        def tell(answered: object) -> None:
            told.append(answered)
            if len(told) == 2:
                both.set()

        questions = Questions(answer, tell, 10, executor)
        for text in ("a", "ab", "abc"):
            questions.ask(Measure(text, ""))
        questions.ask(AskNames())
        await asyncio.wait_for(both.wait(), 20_000 * MS)
        questions.ask(Measure("x" * 11, ""))
        await questions.end()

    with ThreadPoolExecutor(1) as executor:
        asyncio.run(main(executor))
    assert set(asked) == {Measure("abc", ""), AskNames()}
    assert told[-1].message == "The prompt is 11 characters long."  # type: ignore[attr-defined]
