"""Our figures against those of the programs that papers were written with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

import made_scores as made
from unmask import metrics
from unmask.metrics import aggregate, costs, imagetext, segments, tandem

REFERENCE: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "reference.json").read_text()
)


def test_asvspoof5() -> None:
    theirs = REFERENCE["asvspoof5"]
    labels, scores = made.scores()
    assert metrics.eer(labels, scores, "mean") == pytest.approx(theirs["eer"], abs=1e-12)
    assert costs.min_dcf(labels, scores) == pytest.approx(theirs["min_dcf"], abs=1e-12)
    assert costs.act_dcf(labels, scores) == pytest.approx(theirs["act_dcf"], abs=1e-12)
    assert metrics.cllr(labels, scores) == pytest.approx(theirs["cllr"], abs=1e-12)
    assert costs.agnostic_dcf(*made.verifier()) == pytest.approx(theirs["a_dcf"], abs=1e-12)


def test_verifier_rates_are_read_as_the_asvspoof_packages_do(tmp_path: Path) -> None:
    lines = []
    for key, values in zip(("target", "nontarget", "spoof"), made.verifier(), strict=True):
        lines += [f"bonafide {key} {value!r}" for value in values.tolist()]
    path = tmp_path / "asv.txt"
    path.write_text("\n".join(lines))
    found = costs.read_verifier(path)
    theirs = REFERENCE["asvspoof5"]["verifier"]
    assert [found.miss, found.accept, found.accept_spoof] == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize(("mode", "key"), [("2021", "t_dcf"), ("legacy", "t_dcf_legacy")])
def test_tandem_cost(mode: str, key: str) -> None:
    labels, scores = made.scores()
    verifier = costs.Verifier(*REFERENCE["asvspoof5"]["verifier"])
    ours = costs.tandem_dcf(labels, scores, verifier, mode=mode)
    assert ours == pytest.approx(REFERENCE["asvspoof2021"][key], abs=1e-12)


def test_tandem_error_rate() -> None:
    labels, scores = made.scores()
    for prevalence, value in REFERENCE["t_eer"]["concurrent"].items():
        ours = tandem.tandem_eer(labels, scores, *made.verifier(), float(prevalence))
        assert ours == pytest.approx(value, abs=1e-12)


def _lines(rows: list[tuple[Any, Any]]) -> list[segments.Timeline]:
    return [segments.Timeline(tuple(truth), tuple(found)) for truth, found in rows]


def test_lav_df() -> None:
    lines = _lines(made.timelines())
    total = sum(len(line.truth) for line in lines)
    for iou, value in REFERENCE["lavdf"]["ap"].items():
        ours = segments.ap_at_iou(lines, float(iou), "official")
        assert ours == pytest.approx(value, abs=1e-5)
        lost = segments.ap_at_iou(lines, float(iou)) - ours
        assert 0 <= lost <= 1 / total + 1e-9
    for n, value in REFERENCE["lavdf"]["ar"].items():
        for mode in segments.MODES:  # no recording is silent
            assert segments.ar_at_n(lines, int(n), mode) == pytest.approx(value, abs=1e-6)


def test_av_deepfake1m_and_its_silent_recordings() -> None:
    theirs = REFERENCE["avdeepfake1m"]
    lines = _lines(made.timelines(6, silent=True))
    heard = [line for line in lines if line.proposals]
    assert len(heard) < len(lines)
    for iou, value in theirs["ap"].items():
        assert segments.ap_at_iou(heard, float(iou), "official") == pytest.approx(value, abs=1e-5)
    for n, value in theirs["ar"].items():
        assert segments.ar_at_n(lines, int(n), "official") == pytest.approx(value, abs=1e-6)
        assert segments.ar_at_n(lines, int(n), "strict") < value - 0.02


def test_dgm4() -> None:
    theirs, data = REFERENCE["dgm4"], made.picture_texts()
    assert imagetext.box_ious(data["boxes"], data["found"]) == pytest.approx(theirs["iou"])
    words = imagetext.token_retrieval(data["tokens"], data["token_logits"])
    assert [words.precision, words.recall] == pytest.approx([theirs["precision"], theirs["recall"]])
    kinds, logits = data["kinds"], data["kind_logits"]
    assert imagetext.mean_average_precision(kinds, logits) == pytest.approx(theirs["map"], abs=1e-6)
    for ours, names in (
        (imagetext.overall(kinds, logits), ("OP", "OR", "OF1")),
        (imagetext.per_kind(kinds, logits), ("CP", "CR", "CF1")),
    ):
        expected = [theirs[name] for name in names]
        assert [ours.precision, ours.recall, ours.f1] == pytest.approx(expected)


def test_deepfakebench() -> None:
    theirs = REFERENCE["deepfakebench"]
    paths, labels, probability = made.frames()
    assert metrics.auc(labels, probability) == pytest.approx(theirs["auc"])
    assert metrics.eer(labels, probability, "argmin") == pytest.approx(theirs["eer"])
    assert metrics.average_precision(labels, probability) == pytest.approx(theirs["ap"])
    assert metrics.accuracy(labels, probability, 0.5) == pytest.approx(theirs["acc"])
    logits = np.log(probability / (1 - probability))
    ids = [str(Path(path).parent) for path in paths]
    by_folder = aggregate.merged(
        ids, labels.tolist(), logits.tolist(), "deepfakebench-folder", paths
    )
    value = metrics.auc(*_columns(by_folder))
    assert value == pytest.approx(theirs["video_auc"], abs=1e-9)
    by_id = aggregate.merged(ids, labels.tolist(), logits.tolist(), "mean-probability")
    assert len(by_id) == 48
    assert len(by_folder) == 36
    assert metrics.auc(*_columns(by_id)) != pytest.approx(theirs["video_auc"], abs=1e-3)
    a, b = made.scores()
    assert metrics.eer(a, b, "argmin") == pytest.approx(theirs["eer_scores"])


def _columns(rows: list[tuple[list[int], int, float]]) -> tuple[Any, Any]:
    return np.array([row[1] for row in rows]), np.array([row[2] for row in rows])


def test_scikit_learn() -> None:
    labels, scores = made.scores(7, 90, 60)
    x, y, _ = sk.roc_curve(labels, scores, drop_intermediate=False)
    assert metrics.auc(labels, scores) == pytest.approx(sk.auc(x, y))
    raw = metrics.partial_auc(labels, scores, 0.2, "area")
    assert metrics.partial_auc(labels, scores, 0.2, "share") == pytest.approx(raw / 0.2)
    least, most = 0.5 * 0.2**2, 0.2
    mcclish = 0.5 * (1 + (raw - least) / (most - least))
    assert metrics.partial_auc(labels, scores, 0.2) == pytest.approx(mcclish)
    decided = scores > 0.3
    assert metrics.balanced_accuracy(labels, scores, 0.3) == pytest.approx(
        sk.balanced_accuracy_score(labels, decided)
    )
    probability = 1 / (1 + np.exp(-scores))
    weight = np.where(labels == 1, 1 / 60, 1 / 90)
    assert metrics.brier(labels, scores) == pytest.approx(
        sk.brier_score_loss(labels, probability, sample_weight=weight)
    )
