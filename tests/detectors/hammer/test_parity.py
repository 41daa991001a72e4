"""HAMMER against the authors' network (rshaojimmy/MultiModal-DeepFake 33fc04f)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from official import filled, noise
from unmask.detectors.imagetext.hammer.convert import renamed
from unmask.detectors.imagetext.hammer.loss import box_losses
from unmask.detectors.imagetext.hammer.method import WEIGHTS, HammerMethod
from unmask.detectors.imagetext.hammer.model import Hammer
from unmask.detectors.imagetext.hammer.words import Words, cleaned
from unmask.errors import DataError, ModelError
from unmask.train.method import fitted

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)["shapes"]
GOLDEN = np.load(HERE / "golden.npz")
SMALL = {
    "backbone_config": {
        **HammerMethod.small["backbone_config"],
        **{"layers": 4, "alone": 2, "picture_layers": 2},
    }
}
"""Two layers of each kind, as in the authors' network that gave the outputs."""
TEXT = torch.tensor(
    [
        [2, 5, 9, 12, 7, 0, 0, 0, 0],
        [2, 30, 31, 4, 8, 22, 17, 0, 0],
        [2, 11, 3, 39, 6, 14, 15, 16, 18],
    ]
)


def off(ours: torch.Tensor, theirs: Any) -> float:
    return float(np.abs(ours.detach().numpy() - theirs).max())


def checkpoint() -> dict[str, torch.Tensor]:
    made = filled(NAMES["small"])
    made["temp"] = torch.tensor(0.07)
    made["queue_ptr"] = torch.zeros(1, dtype=torch.long)
    for name in ("image_queue", "text_queue"):
        made[name] = F.normalize(made[name], dim=0)
    return made


@pytest.fixture
def network() -> Hammer:
    method = HammerMethod(SMALL)
    made = method.network()
    made.load_state_dict(method.convert(checkpoint()))
    assert isinstance(made, Hammer)
    return made.eval()


def batch() -> dict[str, torch.Tensor]:
    tokens = torch.where(TEXT != 0, 0, -1)
    tokens[:, 0] = -1
    tokens[1, 2:4] = 1
    tokens[2, 1:] = 1
    return {
        "picture": noise((3, 3, 32, 32), seed=9, low=0, high=255),
        "text": TEXT,
        "label": torch.tensor([0.0, 1.0, 1.0]),
        "types": torch.tensor([[0.0, 0, 0, 0], [1, 0, 0, 1], [0, 0, 1, 0]]),
        "box": torch.tensor([[0.0, 0, 0, 0], [0.5, 0.4, 0.3, 0.2], [0, 0, 0, 0]]),
        "tokens": tokens,
    }


def test_made_weights(network: Hammer) -> None:
    given = network(batch()["picture"], TEXT)
    match, tokens = GOLDEN["match"], GOLDEN["tokens"]
    assert off(given["logit"], match[:, 1] - match[:, 0]) < 1e-4
    assert off(given["types"], GOLDEN["types"]) < 1e-4
    assert off(given["box"], GOLDEN["box"]) < 1e-4
    assert off(given["tokens"], tokens[..., 1] - tokens[..., 0]) < 1e-4


def test_losses_and_what_they_leave_behind(network: Hammer) -> None:
    """Dropout off, but the twin follows and the queues take the batch in, as in training."""
    method = HammerMethod(SMALL)
    network.training = True
    loss, parts = method.loss(network, batch())
    for name, value in parts.items():
        assert value == pytest.approx(float(GOLDEN[f"loss_{name}"]), abs=1e-4), name
    assert loss.item() == pytest.approx(sum(WEIGHTS[k] * v for k, v in parts.items()), abs=1e-4)
    assert off(network.picture_queue, GOLDEN["queue"]) < 1e-4
    assert off(network.momentum.see_common.weight, GOLDEN["slow"]) < 1e-6
    assert network.place.item() == 3
    assert network.steps.item() == 3


def test_the_share_of_the_twin_grows(network: Hammer) -> None:
    at = {}
    for ramp, steps in ((0, 0), (100, 0), (100, 50), (100, 500)):
        method = HammerMethod({**SMALL, "ramp": ramp})
        network.steps.fill_(steps)
        at[ramp, steps] = method.loss(network, batch())[1]["contrast"]
    assert at[100, 500] == at[0, 0]
    assert len({at[100, 0], at[100, 50], at[100, 500]}) == 3


def test_the_whole_network_has_the_authors_names_and_shapes() -> None:
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["whole"].items()}
        network = HammerMethod().network()
        known = fitted(network, renamed(theirs), "hammer", ("steps",))
    assert set(known) == set(network.state_dict())


def test_albef_starts_both_encoders(tmp_path: Path) -> None:
    albef = {
        name: value
        for name, value in checkpoint().items()
        if not name.startswith(("text_encoder.classifier", "cls_head", "bbox_head"))
    }
    albef["text_encoder.cls.predictions.bias"] = torch.zeros(40)  # what HAMMER has no use for
    path = tmp_path / "ALBEF_4M.pth"
    torch.save({"model": albef}, path)
    method = HammerMethod({**SMALL, "albef": str(path)})
    network = method.network(pretrained=True)
    assert isinstance(network, Hammer)
    for part in (network.encoders, network.momentum):
        assert torch.equal(part.see.pos_embed, albef["visual_encoder.pos_embed"])
    del albef["visual_encoder.norm.weight"]
    torch.save({"model": albef}, path)
    with pytest.raises(ModelError, match=r"lacks 'see\.norm\.weight'"):
        method.network(pretrained=True)
    with pytest.raises(ModelError, match="albef"):
        HammerMethod().network(pretrained=True)
    with pytest.raises(DataError, match="no checkpoint"):
        HammerMethod({"albef": str(tmp_path / "none.pth")}).network(pretrained=True)


def test_generalised_overlap() -> None:
    """Hand-worked: equal boxes cost nothing; two unit squares a unit apart overlap by -1/3."""
    box = torch.tensor([[0.5, 0.5, 1.0, 1.0]])
    assert [value.item() for value in box_losses(box, box)] == pytest.approx([0, 0], abs=1e-6)
    absolute, overlap = box_losses(box, torch.tensor([[2.5, 0.5, 1.0, 1.0]]))
    assert absolute.item() == pytest.approx(2)
    assert overlap.item() == pytest.approx(1 + 1 / 3, abs=1e-6)


def test_words_become_tokens(tmp_path: Path) -> None:
    vocabulary = tmp_path / "vocab.txt"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "queen", "smile", "##s", "vote"]
    vocabulary.write_text("\n".join(pieces), encoding="utf-8")
    assert cleaned("The <person>'s re-vote, (2019)!") == ["the", "persons", "re", "vote", "2019"]
    words = Words(str(vocabulary))
    text, tags = words("The queen smiles.", (2,), 8)
    assert text.tolist() == [2, 5, 6, 7, 8, 0, 0, 0]
    assert tags.tolist() == [-1, 0, 0, 1, 1, -1, -1, -1]
    text, tags = words("the queen smiles the vote", (4,), 4)
    assert text.tolist() == [2, 5, 6, 7]
    assert tags.tolist() == [-1, 0, 0, 0]


def test_a_vocabulary_that_cannot_be_had_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=r"vocab\.txt of 'no-such/vocabulary'"):
        Words("no-such/vocabulary")


def test_a_vocabulary_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(ModelError, match="lacks"):
        Words(str(tmp_path / "vocab.txt"))
