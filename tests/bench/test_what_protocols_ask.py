"""What single protocols promise in their title, held against what they run."""

from __future__ import annotations

import pytest

from unmask.bench.protocol import Protocol, read_protocol
from unmask.datasets.manifest import KINDS


def where(protocol: Protocol, field: str) -> dict[str, object]:
    """What each test asks of a field."""
    return {test.name: test.where.get(field) for test in protocol.test}


def test_the_challenge_counts_whether_and_where() -> None:
    protocol = read_protocol("1m-deepfakes")
    assert protocol.manifests == ["av-deepfake1m"]
    assert {"auc", "localisation:official"} <= set(protocol.metrics)
    overlaps = {m.rpartition(":")[2] for m in protocol.metrics if m.startswith("ap_at_iou")}
    counts = {m.rpartition(":")[2] for m in protocol.metrics if m.startswith("ar_at_n")}
    assert overlaps == {"0.5", "0.75", "0.9", "0.95"}
    assert counts == {"50", "30", "20", "10", "5"}
    assert where(protocol, "split") == {"validation part": ["val"]}, "its test labels are secret"


def test_one_attribute_at_a_time_and_six_groups() -> None:
    protocol = read_protocol("causal-face-bias")
    changed = {"pose", "age", "expression", "lighting"}
    asked = where(protocol, "condition")
    assert {name: asked[name] for name in changed} == {name: ["base", name] for name in changed}
    people = {
        (test.where["ethnicity"][0], test.where["gender"][0])
        for test in protocol.test
        if test.name not in changed
    }
    assert people == {(e, g) for e in ("Asian", "Black", "White") for g in ("female", "male")}
    assert "score_moves" in protocol.metrics
    assert not protocol.both_classes, "all of its faces are made"


def test_from_one_generator_through_seven_distortions() -> None:
    protocol = read_protocol("dff")
    assert protocol.train is not None
    trained = set(protocol.train.where["generator"]) - {""}
    assert trained == {"Stable Diffusion Inpainting"}
    for test in protocol.test:
        assert test.held_out == (not trained & set(test.where["generator"]))
    assert sum(bool(test.held_out) for test in protocol.test) == 2
    kinds = {condition.partition("@")[0] for condition in protocol.conditions} - {"clean"}
    assert len(kinds) == 7
    assert set(protocol.conditions) == {"clean"} | {f"{k}@{s}" for k in kinds for s in range(1, 6)}


@pytest.mark.parametrize(
    ("name", "kind", "metrics"),
    [
        ("forgerynet-image", "image", {"auc", "class_acc", "family_acc"}),
        ("forgerynet-mask", "image", {"pixel_iou:per-image:fixed", "pixel_f1:per-image:fixed"}),
        ("forgerynet-video", "video", {"auc", "acc"}),
        ("forgerynet-time", "video", {"ap_at_iou:strict:0.5", "ar_at_n:strict:5"}),
    ],
)
def test_the_four_questions_of_forgerynet(name: str, kind: str, metrics: set[str]) -> None:
    protocol = read_protocol(name)
    assert kind in KINDS
    assert list(protocol.kinds) == [kind]
    assert metrics <= set(protocol.metrics)
    assert where(protocol, "kind") == {"validation part": [kind]}
    assert where(protocol, "split") == {"validation part": ["val"]}
    assert protocol.train is not None
    assert protocol.train.where["split"] == ["train"]
    assert protocol.val is not None
    assert protocol.val.share == 0.05
    assert len(protocol.classes) == (15 if name == "forgerynet-image" else 0)
