"""A small tokenizer in CLIP's layout and a text encoder that learns what captions tell."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from . import checkpoint
from .captions import caption, random_facts
from .checkpoint import Pace, Place, learning_rate, set_learning_rate
from .objects import THINGS
from .scenes import COLOURS, GROUNDS, SKIES, Facts
from .settings import TextSettings

START, END = "<|startoftext|>", "<|endoftext|>"
"""CLIP's special tokens; END also pads, as in Stable Diffusion."""

WORD_END = "</w>"

WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
"""CLIP's rule for cutting text into words."""

PATTERNS = ("plain", "gradient", "cloudy", "striped", "checkered", "surface", "landscape")

HEADS: dict[str, tuple[str, ...]] = {
    "colour": ("", *COLOURS),
    "pattern": ("", *PATTERNS),
    "first": ("", *COLOURS),
    "second": ("", *COLOURS),
    "ground": ("", *GROUNDS),
    "sky": ("", *SKIES),
}
"""What can be told, by the name of the fact; the thing itself is counted apart."""


def make_tokenizer(lines: Iterable[str], settings: TextSettings) -> CLIPTokenizer:
    """Learns a byte-pair vocabulary from the lines."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix=WORD_END, unk_token=END))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocabulary - len(letters),
        special_tokens=[START, END],
        initial_alphabet=letters,
        end_of_word_suffix=WORD_END,
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    for letter in letters:
        # CLIP's layout has every byte twice: inside a word and at its end.
        vocabulary.setdefault(letter + WORD_END, len(vocabulary))
    return CLIPTokenizer(
        vocab=vocabulary, merges=_merges(tokenizer), model_max_length=settings.length
    )


def make_encoder(tokenizer: CLIPTokenizer, settings: TextSettings) -> CLIPTextModel:
    """Builds an untrained CLIP text encoder for the tokenizer."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.width,
        intermediate_size=settings.width * 4,
        projection_dim=settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        max_position_embeddings=settings.length,
        hidden_act="quick_gelu",
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def tokens(tokenizer: CLIPTokenizer, lines: list[str]) -> Tensor:
    """Turns lines into a lines x length tensor of token numbers, cut or padded."""
    length = tokenizer.model_max_length
    encoded = tokenizer(lines, padding="max_length", truncation=True, max_length=length)
    return torch.tensor(encoded["input_ids"])


def labels(facts: list[Facts]) -> dict[str, Tensor]:
    """The class numbers of what captions tell, one tensor per head."""
    numbers = {
        name: torch.tensor([choices.index(getattr(fact, name)) for fact in facts])
        for name, choices in HEADS.items()
    }
    return numbers | {"thing": torch.tensor([fact.thing + 1 for fact in facts])}


class Reader(nn.Module):
    """Text encoder with one linear classifier per fact, for training and for checking it."""

    def __init__(self, encoder: CLIPTextModel, width: int) -> None:
        super().__init__()
        self.encoder = encoder
        sizes = {name: len(choices) for name, choices in HEADS.items()}
        sizes["thing"] = len(THINGS) + 1
        self.heads = nn.ModuleDict({name: nn.Linear(width, size) for name, size in sizes.items()})

    def forward(self, numbers: Tensor) -> dict[str, Tensor]:
        """Classifies batch x length tokens at every position from the text's end on.

        Stable Diffusion attends to the padding as well, so each of these positions is to know
        everything. Returns positions x classes for every fact, row after row of the batch.
        """
        hidden = self.encoder(numbers)[0]
        ended = numbers == self.encoder.config.eos_token_id
        return {name: head(hidden[ended]) for name, head in self.heads.items()}


def corpus(seed: int, count: int) -> list[str]:
    """Captions that the tokenizer's vocabulary is learned from, with every name in them."""
    rng = np.random.default_rng([3, seed])
    names = [word for thing in THINGS for word in (thing.name, *thing.words)]
    return names * 20 + [caption(random_facts(rng), rng)[0] for _ in range(count)]


def train(
    settings: TextSettings,
    tokenizer: CLIPTokenizer,
    pace: Pace,
    place: Place,
    device: torch.device,
) -> CLIPTextModel:
    """Teaches an encoder to know from a caption everything that it tells.

    A finished encoder stays as it is: the denoiser has learned to read it.
    """
    torch.manual_seed(4)
    reader = Reader(make_encoder(tokenizer, settings), settings.width).to(device)
    kept = checkpoint.load(place.path)
    if kept:
        reader.load_state_dict(kept["model"])
    else:
        _learn_to_read(reader, tokenizer, settings, pace)
        checkpoint.save(place.path, {"model": reader.state_dict()})
        right = accuracy(reader, tokenizer)
        shares = ", ".join(f"{name} {share:.1%}" for name, share in right.items())
        place.report(f"text step {pace.done}, told rightly: {shares}")
    return reader.encoder.eval().requires_grad_(requires_grad=False)


def _learn_to_read(
    reader: Reader, tokenizer: CLIPTokenizer, settings: TextSettings, pace: Pace
) -> None:
    optimizer = torch.optim.AdamW(
        reader.parameters(), settings.rate, betas=(0.9, 0.99), weight_decay=0.01
    )
    pace.start()
    while (fraction := pace.fraction) < 1:
        rate = learning_rate(settings.rate, pace.done, fraction, warm_steps=100, flat=0.4)
        set_learning_rate(optimizer, rate)
        loss = _loss(reader, tokenizer, settings.batch, np.random.default_rng([5, pace.done]))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimizer.step()
        pace.tick()


@torch.no_grad()
def accuracy(reader: Reader, tokenizer: CLIPTokenizer, count: int = 512) -> dict[str, float]:
    """How often each fact is read rightly from captions of a seed that training never uses."""
    rng = np.random.default_rng([6])
    made = [caption(random_facts(rng), rng) for _ in range(count)]
    answers, wanted = _read(reader, tokenizer, made)
    return {
        name: float((answers[name].argmax(1) == classes).float().mean())
        for name, classes in wanted.items()
    }


def _loss(reader: Reader, tokenizer: CLIPTokenizer, batch: int, rng: np.random.Generator) -> Tensor:
    made = [caption(random_facts(rng), rng) for _ in range(batch - 1)]
    made.append(("", Facts()))
    answers, wanted = _read(reader, tokenizer, made)
    losses = [functional.cross_entropy(answers[name], classes) for name, classes in wanted.items()]
    return torch.stack(losses).sum()


def _read(
    reader: Reader, tokenizer: CLIPTokenizer, made: list[tuple[str, Facts]]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """What the reader says of captions, and what it should say, position for position."""
    numbers = tokens(tokenizer, [words for words, _ in made]).to(reader.encoder.device)
    rows = (numbers == reader.encoder.config.eos_token_id).nonzero()[:, 0]
    wanted = labels([told for _, told in made])
    return reader(numbers), {
        name: classes.to(rows.device)[rows] for name, classes in wanted.items()
    }


def _merges(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in merges]
    return [(first, second) for first, second in pairs]
