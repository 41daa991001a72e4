"""Captions to tokens, and forged words to forged tokens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.detectors.imagetext.hammer.loss import IGNORED
from unmask.detectors.imagetext.hammer.text import PADDING
from unmask.errors import MissingExtra, ModelError
from unmask.train.backbones import hub_file

VOCABULARY = "bert-base-uncased"
MOST_WORDS = 50


def cleaned(text: str, most: int = MOST_WORDS) -> list[str]:
    """The words of a caption: lower case, without punctuation, at most ``most`` of them."""
    text = re.sub(r"""[,.'!?"()*#:;~]""", "", text.lower())
    text = re.sub(r"[-/]", " ", text).replace("<person>", "person")
    return text.split()[:most]


class Words:
    """BERT's tokeniser: ``vocabulary`` is the path of a vocab.txt, or a name on the hub.

    Raises MissingExtra without tokenizers, ModelError when the vocabulary cannot be had.
    """

    def __init__(self, vocabulary: str = VOCABULARY) -> None:
        try:
            from tokenizers import BertWordPieceTokenizer
        except ImportError:
            raise MissingExtra("Reading captions", "train") from None
        path = Path(vocabulary)
        if not path.is_file():
            path = hub_file(vocabulary, "vocab.txt")
        lines = path.read_text(encoding="utf-8").splitlines()
        numbers = {piece: number for number, piece in enumerate(lines)}
        if lacking := [piece for piece in ("[CLS]", "[SEP]", "[UNK]") if piece not in numbers]:
            raise ModelError(f"{path} is not a vocabulary of BERT: it lacks {lacking[0]}.")
        self.tokeniser: Any = BertWordPieceTokenizer(numbers, lowercase=True)

    def __call__(
        self, text: str, forged: tuple[int, ...], length: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Numbers of the tokens, and 1 for each that belongs to a forged word; ``length`` of both.

        ``forged``: places among the cleaned words. The first token stands for the whole caption; a
        closing token is not used. Padding is 0, its tag and the first token's are ``IGNORED``.
        """
        made = self.tokeniser.encode(cleaned(text), is_pretokenized=True)
        numbers, owners = made.ids[:-1][:length], made.word_ids[:-1][:length]
        tokens = np.full(length, PADDING, np.int64)
        tags = np.full(length, IGNORED, np.int64)
        tokens[: len(numbers)] = numbers
        tags[1 : len(numbers)] = [int(owner in forged) for owner in owners[1:]]
        return tokens, tags
