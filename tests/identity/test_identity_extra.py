"""What is said when the package that faces need is not there."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from unmask.cli import doctor
from unmask.errors import ModelError, UnknownName
from unmask.identity.cards import MEAN, NAMES, PAIR, card_path, identity_card, operating

PACKAGE = "face_recognition_models"


def test_doctor_names_the_command_that_adds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec

    def without(name: str, package: str | None = None) -> object:
        return None if name == PACKAGE else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    missing = {part["package"]: part for part in doctor.examine()["missing"]}
    assert missing[PACKAGE]["command"] == "pip install 'unmask[identity]'"


def test_embedding_loads_no_dlib_and_no_research_package() -> None:
    code = (
        "import sys, numpy as np\n"
        "from unmask.voices.embed import VoiceEmbedder\n"
        "import unmask.faces.embed, unmask.faces.recognise, unmask.identity.morph\n"
        "VoiceEmbedder(1).embed_speech(np.ones(16000, np.float32) / 9)\n"
        "print(sorted({'dlib', 'torch', 'onnx', 'scipy', 'sklearn', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", NAMES)
def test_cards_are_complete(name: str) -> None:
    card = identity_card(name)
    assert card.name == card_path(name).parent.name == name
    assert len((card_path(name).parent / "README.md").read_text(encoding="utf-8")) > 500
    outputs = {output.name for output in card.outputs}
    assert card.operating
    for row in card.operating:
        assert row.output in outputs
        assert min(one.fpr for one in row.thresholds) <= 0.001
        assert min(row.reals, row.fakes) >= 20


def test_tables_are_chosen_by_what_is_compared_with() -> None:
    assert operating("voice_identity").output == PAIR
    assert operating("voice_identity", references=4).output == MEAN
    assert operating("face_identity", references=4).output == PAIR  # means were not measured
    with pytest.raises(UnknownName, match="identity card"):
        operating("faces")
    with pytest.raises(ModelError, match="nothing about distances"):
        operating("face_morph")
