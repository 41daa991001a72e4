"""Which labels mean forged, and under which licence a model stands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from unmask.adding.labels import forged_labels
from unmask.adding.odds import Odds
from unmask.adding.safety import plain
from unmask.adding.sources import UNSTATED, licence_of
from unmask.errors import SettingError, UnknownName


@pytest.mark.parametrize(
    ("labels", "forged"),
    [
        (["Real", "Fake"], [1]),
        (["AI-generated", "human"], [0]),
        (["artificial", "hum"], [0]),
        (["bona-fide", "spoof"], [1]),
        (["DeepFake", "RealFace", "SyntheticFace"], [0, 2]),
        (["not_fake", "fake"], [1]),
        (["fake"], [0]),
        (["real"], []),
    ],
)
def test_names_that_tell(labels: list[str], forged: list[int]) -> None:
    assert forged_labels(labels) == forged


@pytest.mark.parametrize(
    "labels", [["LABEL_0", "LABEL_1"], ["real", "dalle"], ["fake", "spoof"], ["real_fake", "real"]]
)
def test_names_that_do_not_tell_are_asked_for(labels: list[str]) -> None:
    with pytest.raises(SettingError, match="--forged LABEL") as caught:
        forged_labels(labels)
    assert all(label in str(caught.value) for label in labels)


def test_the_users_word_holds() -> None:
    assert forged_labels(["LABEL_0", "LABEL_1"], ["label_1"]) == [1]
    assert forged_labels(["real", "dalle", "flux"], ["dalle", "flux"]) == [1, 2]
    with pytest.raises(UnknownName, match="Did you mean 'dalle'"):
        forged_labels(["real", "dalle"], ["dale"])
    with pytest.raises(SettingError):
        forged_labels(["a", "b"], ["a", "b"])


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: mit\n---\n", "mit"),
        ("---\ntags:\n- x\nlicense: 'apache-2.0' # ours\n---\n", "apache-2.0"),
        ("---\nlicense:\n- cc-by-4.0\n---\n", "cc-by-4.0"),
        ("---\nlicense: other\nlicense_name: our-own\n---\n", "our-own"),
        ("---\nlicense: other\n---\n", "other"),
        ("---\ntags: x\n---\nlicense: mit\n", UNSTATED),
        ("license: mit\n", UNSTATED),
        ("", UNSTATED),
    ],
)
def test_the_licence_of_a_model_card(card: str, licence: str, tmp_path: Path) -> None:
    assert licence_of(tmp_path / "README.md") == UNSTATED
    (tmp_path / "README.md").write_text(card)
    assert licence_of(tmp_path / "README.md") == licence


def test_odds_are_those_of_probabilities() -> None:
    logits = np.random.default_rng(1).normal(0, 3, (20, 4))
    share = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    forged = share[:, [1, 3]].sum(1)
    np.testing.assert_allclose(Odds((1, 3), 4).of(logits), np.log(forged / (1 - forged)))
    each = 1 / (1 + np.exp(-logits))
    none = (1 - each[:, [1, 3]]).prod(1)
    found = Odds((1, 3), 4, "logits of each").of(logits)
    np.testing.assert_allclose(found, np.log((1 - none) / none))
    np.testing.assert_allclose(Odds((2,), 4, "logits of each").of(logits), logits[:, 2])
    np.testing.assert_allclose(Odds((), 1).of(logits[:, :1]), -logits[:, 0])


def test_words_of_strangers_cannot_steer_a_terminal() -> None:
    assert plain("a\x1b[2Jb\n\u202ec") == "a [2Jb c"
    assert plain("x" * 400, 80) == "x" * 79 + "…"
