from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from unmask import metrics
from unmask.bench.statistics import mean_interval
from unmask.errors import DataError, SettingError
from unmask.metrics import attribution, costs, imagetext, pixels, segments, tandem
from unmask.metrics.aggregate import merged
from unmask.metrics.named import measure
from unmask.metrics.outcomes import Outcome

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
SCORES = np.array([0.1, 0.2, 0.3, 0.8, 0.4, 0.7, 0.9, 1.0])


def test_auc_by_hand() -> None:
    # of 16 pairs only 0.8 > 0.4 and 0.8 > 0.7 are in the wrong order
    assert metrics.auc(LABELS, SCORES) == pytest.approx(14 / 16)


def test_eer_by_hand() -> None:
    # at a threshold between 0.7 and 0.8: fpr 1/4, fnr 2/4; between 0.4 and 0.7: fpr 1/4, fnr 1/4
    assert metrics.eer(LABELS, SCORES) == pytest.approx(0.25)


def test_eer_is_interpolated_between_points() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    scores = np.array([0.1, 0.2, 0.9, 0.5, 1.0])
    # the ROC goes (0, 1/2) -> (1/3, 1/2) -> (1/3, 1); fnr = fpr at fpr 1/3 on the vertical piece
    assert metrics.eer(labels, scores) == pytest.approx(1 / 3)


def test_tpr_at_fpr_counts_only_allowed_false_alarms() -> None:
    assert metrics.tpr_at_fpr(LABELS, SCORES, 0.01) == pytest.approx(0.5)
    assert metrics.tpr_at_fpr(LABELS, SCORES, 0.25) == pytest.approx(1.0)


def test_ece_by_hand_and_independent_of_class_sizes() -> None:
    llrs = np.array([0.0, 0.0])
    assert metrics.ece(np.array([0, 1]), llrs) == pytest.approx(0.0)
    sure = np.full(2, 10.0)
    assert metrics.ece(np.array([0, 1]), sure) == pytest.approx(0.5, abs=1e-4)
    many = metrics.ece(np.array([0] + [1] * 50), np.full(51, 10.0))
    assert many == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("figure", [metrics.auc, metrics.eer, metrics.tpr_at_fpr, metrics.ece])
def test_one_class_gives_no_number(figure: object) -> None:
    value = figure(np.zeros(3, int), np.arange(3.0))  # type: ignore[operator]
    assert np.isnan(value)


def test_bootstrap_draws_whole_groups() -> None:
    values = np.array([1.0] * 50 + [0.0] * 50)
    alone = mean_interval(values, [str(i) for i in range(100)])
    paired = mean_interval(values, ["a"] * 50 + ["b"] * 50)
    assert paired == (0.0, 1.0)
    assert 0.35 < alone[0] < 0.5 < alone[1] < 0.65


def test_eer_modes_by_hand() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    scores = np.array([0.1, 0.2, 0.9, 0.5, 1.0])
    # corners: (0, 0), (0, 1/2), (1/3, 1/2), (1/3, 1), (1, 1)
    # |fnr - fpr|: 1, 1/2, 1/6, 1/3, 1: the smallest has fpr 1/3 and fnr 1/2
    assert metrics.eer(labels, scores, "mean") == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert metrics.eer(labels, scores, "argmin") == pytest.approx(1 / 3)
    with pytest.raises(SettingError, match="interpolated, argmin, mean"):
        metrics.eer(labels, scores, "exact")


def test_partial_auc_by_hand() -> None:
    # the curve runs (0, 1/2), (1/4, 1/2), (1/4, 1): up to 1/2 it holds 1/4·1/2 + 1/4·1
    assert metrics.partial_auc(LABELS, SCORES, 0.5, "area") == pytest.approx(3 / 8)
    assert metrics.partial_auc(LABELS, SCORES, 0.5, "share") == pytest.approx(3 / 4)
    # chance holds 1/8, perfection 1/2
    assert metrics.partial_auc(LABELS, SCORES, 0.5) == pytest.approx(0.5 + 0.5 * (1 / 4) / (3 / 8))


def test_costs_by_hand() -> None:
    # misses cost 0.95, accepted spoofs 0.5: best is to accept all over 0.3 as bona fide … in ours:
    # threshold 0.3 rejects one real (1/4) and no fake passes: 0.95/4; no real lost: two pass: 0.25
    assert costs.min_dcf(LABELS, SCORES) == pytest.approx(0.95 / 4 / 0.5)
    llrs = np.where(LABELS == 1, 5.0, -5.0)
    assert costs.act_dcf(LABELS, llrs) == 0
    # a ratio of 0 is under log(0.95 / 0.5), so all is accepted and all spoofs pass
    assert costs.act_dcf(LABELS, np.zeros(8)) == pytest.approx(1)


def test_tandem_cost_by_hand() -> None:
    verifier = costs.Verifier(miss=0.1, accept=0.2, accept_spoof=0.5)
    # C0 = 0.9405·0.1 + 0.0095·10·0.2, C1 = 0.9405 - C0, C2 = 0.05·10·0.5
    c0 = 0.9405 * 0.1 + 0.095 * 0.2
    c1, c2 = 0.9405 - c0, 0.25
    value = min(c0 + c1 * 0 + c2 * 0.5, c0 + c1 * 0.25) / (c0 + c2)
    assert costs.tandem_dcf(LABELS, SCORES, verifier) == pytest.approx(value)
    legacy = min(c2 * 0.5, c1 * 0.25) / c2
    assert costs.tandem_dcf(LABELS, SCORES, verifier, mode="legacy") == pytest.approx(legacy)
    with pytest.raises(DataError, match="negative"):
        costs.tandem_dcf(LABELS, SCORES, costs.Verifier(1.0, 1.0, 0.5))


def test_agnostic_cost_by_hand() -> None:
    # accepting over 0.5 loses one target in two and lets no one in
    target, nontarget, spoof = np.array([0.4, 0.9]), np.array([0.1, 0.2]), np.array([0.3, 0.5])
    accept_all = 0.095 + 0.5
    over_03 = 0.5 * 0.5  # one spoof passes
    assert costs.agnostic_dcf(target, nontarget, spoof) == pytest.approx(over_03 / accept_all)


def test_cllr_by_hand() -> None:
    labels = np.array([0, 1])
    assert metrics.cllr(labels, np.zeros(2)) == pytest.approx(1)
    assert metrics.cllr(labels, np.array([-np.log(3), np.log(3)])) == pytest.approx(np.log2(4 / 3))
    # the best calibration of one real over one fake says nothing; of sorted ones, all
    assert metrics.min_cllr(labels, np.array([2.0, 1.0])) == pytest.approx(1)
    assert metrics.min_cllr(labels, np.array([1.0, 2.0])) == pytest.approx(0)


def test_min_cllr_does_not_see_a_rising_transform() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    scores = rng.normal(labels * 2.0 - 1)
    least = metrics.min_cllr(labels, scores)
    assert least <= metrics.cllr(labels, 2 * scores)
    assert metrics.min_cllr(labels, scores**3) == pytest.approx(least)


def test_brier_by_hand() -> None:
    # 1/4 for each at no idea; classes weigh alike
    assert metrics.brier(np.array([0, 1, 1, 1]), np.zeros(4)) == pytest.approx(0.25)
    assert metrics.brier(np.array([0, 1]), np.array([-40.0, 0.0])) == pytest.approx(0.125)


def test_a_video_is_its_media_id() -> None:
    rows = (["a", "a", "b"], [1, 1, 0], [0.0, 2.0, -1.0])
    assert [r[2] for r in merged(*rows, "mean-logit")] == [1.0, -1.0]
    assert [r[2] for r in merged(*rows, "max")] == [2.0, -1.0]
    p = (0.5 + 1 / (1 + np.exp(-2))) / 2
    assert merged(*rows, "mean-probability")[0][2] == pytest.approx(np.log(p / (1 - p)))
    assert len(merged(*rows, "none")) == 3
    with pytest.raises(DataError, match="real and forged"):
        merged(["a", "a"], [0, 1], [0.0, 0.0], "median")


def test_pixels_by_hand() -> None:
    truth = np.array([[True, True], [False, False]])
    values = np.array([[0.9, 0.2], [0.6, 0.1]])
    whole = pixels.counts(np.ones((1, 2), bool), np.array([[0.9, 0.1]]))
    one = pixels.counts(truth, values)
    # over 0.5: one right, one wrong, one missed
    assert pixels.f1([one]) == pytest.approx(0.5)
    assert pixels.iou([one]) == pytest.approx(1 / 3)
    assert pixels.mcc([one]) == pytest.approx(0)
    # over 0.2 (0.6 is in): two right, one wrong
    assert pixels.f1([one], cut="best") == pytest.approx(0.8)
    assert pixels.pixel_auc([one]) == pytest.approx(3 / 4)
    # per image: (1/2 + 2/3) / 2; pooled: two right, one wrong, two missed
    assert pixels.f1([one, whole]) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert pixels.f1([one, whole], "pooled") == pytest.approx(4 / 7)


def test_pixels_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((40, 40)) < 0.3
    values = np.clip(rng.normal(0.35 + 0.3 * truth, 0.2), 0, 1)
    one = [pixels.counts(truth, values)]
    said = values.ravel() >= 0.5
    assert pixels.f1(one) == pytest.approx(sk.f1_score(truth.ravel(), said))
    assert pixels.iou(one) == pytest.approx(sk.jaccard_score(truth.ravel(), said))
    assert pixels.mcc(one) == pytest.approx(sk.matthews_corrcoef(truth.ravel(), said))
    binned = np.minimum((values * 256).astype(int), 255).ravel()
    assert pixels.pixel_auc(one) == pytest.approx(sk.roc_auc_score(truth.ravel(), binned))


def test_segments_by_hand() -> None:
    good = segments.Timeline(((1.0, 2.0),), ((0.9, 1.0, 2.0), (0.8, 5.0, 6.0)))
    half = segments.Timeline(((1.0, 2.0),), ((0.95, 1.0, 1.62),))
    # over 0.5: hits at ranks 1 and 2 of three; over 0.75: one hit at rank 2 of two stretches
    assert segments.ap_at_iou([good, half], 0.5) == pytest.approx(1)
    assert segments.ap_at_iou([good, half], 0.75) == pytest.approx(0.25)
    # the official curve starts at the first proposal: of two hits it keeps the second
    assert segments.ap_at_iou([good, half], 0.5, "official") == pytest.approx(0.5)
    # IoU 1 counts at all ten, IoU 0.62 at 0.5, 0.55 and 0.6
    assert segments.ar_at_n([good, half], 1) == pytest.approx((3 * 1 + 7 * 0.5) / 10)
    silent = segments.Timeline(((0.0, 1.0),), ())
    assert segments.ar_at_n([good, silent], 1) == pytest.approx(0.5)
    assert segments.ar_at_n([good, silent], 1, "official") == pytest.approx(1)


def test_words_and_kinds_by_hand() -> None:
    words = imagetext.token_retrieval([[1, 0], [1, 1]], [[1.0, 1.0], [-1.0, 2.0]])
    assert (words.precision, words.recall, words.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    truth, logits = np.array([[1, 0], [1, 1]]), np.array([[1.0, 1.0], [-1.0, 2.0]])
    together = imagetext.overall(truth, logits)
    assert (together.precision, together.recall) == pytest.approx((2 / 3, 2 / 3))
    apart = imagetext.per_kind(truth, logits)
    assert (apart.precision, apart.recall) == pytest.approx((3 / 4, 3 / 4))
    boxes = np.array([[0.5, 0.5, 0.2, 0.2], [0, 0, 0, 0], [0, 0, 0, 0]])
    found = np.array([[0.6, 0.5, 0.2, 0.2], [0, 0, 0, 0], [0.5, 0.5, 0.1, 0.1]])
    assert imagetext.box_ious(boxes, found) == pytest.approx([1 / 3, 1, 0])


def test_tandem_error_rate_by_hand() -> None:
    # From 1 to 2.5 the verifier rejects a quarter of the targets, and accepts a quarter of the
    # impostors and half of the spoofs; the detector, from -1 to -0.6, rejects no real and half of
    # the forged: all three errors of the tandem are a quarter.
    target, nontarget = np.array([1.0, 3, 4, 5]), np.array([0, 0.5, 0.7, 2.5])
    spoof = np.array([0.8, 0.9, 2.6, 6])
    scores = np.array([-1.0, -2, -3, -4, -0.6, -0.5, -1.1, -1.2])
    found = tandem.tandem_eer(LABELS, scores, target, nontarget, spoof)
    assert found == pytest.approx(0.25)
    verifier = costs.Verifier(0.25, 0.25, 0.5, (tuple(target), tuple(nontarget), tuple(spoof)))
    what = measure("t_eer")
    assert what.of_scores(LABELS, scores, verifier=verifier) == found
    assert np.isnan(what.of_scores(LABELS, scores, verifier=costs.Verifier(0.25, 0.25, 0.5)))
    assert np.isnan(tandem.tandem_eer(LABELS, scores, target, nontarget, spoof[:0]))


def test_families_by_hand() -> None:
    def row(family: str, score: float, number: int = -1, *scores: float) -> Outcome:
        label = int(bool(family))
        return Outcome("", "", "", "t", "clean", label, score, family=family,
                       class_number=number, class_scores=scores)  # fmt: skip

    rows = [
        row("", -1.0),  # right
        row("", 1.0),  # a real one that is called forged
        row("replaced", 2.0, 0, 5.0, 1.0, 0.0),  # right
        row("replaced", 2.0, 1, 5.0, 1.0, 0.0),  # right: another class, but of the family
        row("remained", 2.0, 2, 5.0, 1.0, 0.0),  # the other family
        row("remained", -2.0, 2, 0.0, 1.0, 5.0),  # right class, but called real
    ]
    what = measure("family_acc")
    assert what.of_rows(rows) == pytest.approx(3 / 6)
    assert what.of_rows(rows, threshold=1.5) == pytest.approx(4 / 6)
    assert np.isnan(what.of_rows(rows[:2]))


def test_attribution_by_hand() -> None:
    truth = np.array([0, 1, -1])
    scores = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]])
    assert attribution.closed_accuracy(truth, scores) == pytest.approx(0.5)
    # highest: 0.9, 0.6 known, 0.7 unknown: one of two pairs is right
    assert attribution.unknown_auroc(truth, scores) == pytest.approx(0.5)
    # right and over the threshold is one of two, before the unknown comes in
    assert attribution.oscr(truth, scores) == pytest.approx(0.5)
    assert np.isnan(attribution.oscr(np.array([0, 1]), scores[:2]))


def test_clusters_of_known_and_novel_generators() -> None:
    truth = np.array([0, 0, 1, -1, -1, -1, -1])
    names = ["a", "a", "b", "new", "new", "other", "other"]
    said = [0, 1, 1, 3, 3, 2, 3]
    scores = np.eye(4)[said]
    accuracy, agreement = attribution.cluster_accuracy, attribution.cluster_agreement
    assert accuracy(truth, names, scores, "known") == pytest.approx(2 / 3)
    # Column 3 is "new", 2 "other": three of four; which column is which does not matter.
    assert accuracy(truth, names, scores, "novel") == pytest.approx(3 / 4)
    assert accuracy(truth, names, scores[:, [2, 3, 0, 1]], "novel") == pytest.approx(3 / 4)
    assert accuracy(truth, names, scores, "all") == pytest.approx(5 / 7)
    assert agreement(truth, names, np.eye(4)[[0, 0, 1, 3, 3, 2, 2]], "all", "ari") == 1
    for measured, of in (("nmi", sk.normalized_mutual_info_score), ("ari", sk.adjusted_rand_score)):
        expected = of(names[3:], said[3:])
        assert agreement(truth, names, scores, "novel", measured) == pytest.approx(expected)  # type: ignore[arg-type]
    assert np.isnan(accuracy(truth[:3], names[:3], scores[:3], "novel"))
    assert measure("nmi:novel").arguments == {"part": "novel"}
    with pytest.raises(SettingError, match="all, known, novel"):
        measure("ari:old")


def test_the_challenges_figure_is_half_precision_and_half_recall() -> None:
    def row(name: str, end: float) -> Outcome:
        return Outcome(name, name, name, "t", "clean", 1, 0.0, kind="video",
                       segments=((1.0, 2.0),), proposals=((0.9, 1.0, end),))  # fmt: skip

    assert measure("localisation").of_rows([row("a", 2.0)]) == pytest.approx(1)
    # IoU 0.8: found at 0.5 and 0.75 of four; recalled up to 0.75 (or 0.8) of ten IoUs.
    half = measure("localisation").of_rows([row("a", 1.8)])
    recall = measure("ar_at_n:strict:5").of_rows([row("a", 1.8)])
    assert half == pytest.approx((2 / 4 + recall) / 2)


@pytest.mark.parametrize(
    ("target", "nontarget", "cut"),
    [
        ([0, 1, -1, 3, 2, 1], [1, 0, -1, 1], 1.0),
        ([0, 1, 1, 2, 1], [-1, -1, 1, 2, 0, -1], 1.0),
        ([0, -1, -2], [0, 1, 0, 1, 1, -1], 0.0),
        ([1, 2, 3], [-1, -2, 0], 0.0),
    ],
)
def test_ties_of_the_verifier_are_broken_as_the_organisers_program_breaks_them(
    target: list[float], nontarget: list[float], cut: float
) -> None:
    """Trial by trial, targets first among equals; the wanted thresholds are that program's."""
    assert costs.equal_error_cut(np.array(target), np.array(nontarget)) == cut
