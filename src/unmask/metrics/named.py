"""Figures by the words of a protocol: ``auc``, ``eer:mean``, ``tpr_at_fpr:0.01``.

After the name stand its arguments, between colons, in the order of ``CATALOGUE``: modes by name,
numbers as they are. What is left out has its usual value, and the full form is what tables print.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from unmask.errors import SettingError, UnknownName
from unmask.metrics import (
    attribution,
    calibration,
    costs,
    detection,
    imagetext,
    liveness,
    moves,
    pixels,
    segments,
    tandem,
)
from unmask.metrics.detection import Floats, Ints
from unmask.metrics.outcomes import Outcome

Needs = Literal[
    "score", "pixels", "proposals", "box", "tokens", "kinds", "classes", "families", "groups",
    "decisions",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One figure of the catalogue.

    ``usual``: its arguments by name, with their usual values. ``rises``: higher is better.
    ``function``: of labels and scores, or of rows where ``needs`` is not ``score``.
    """

    function: Callable[..., float]
    title: str
    meaning: str
    usual: dict[str, str | float]
    needs: Needs = "score"
    rises: bool = True


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its arguments. ``oracle``: it takes the best threshold for the very items."""

    spec: str
    title: str
    entry: Entry
    arguments: dict[str, Any]

    @property
    def oracle(self) -> bool:
        """Whether it would choose a threshold on the data that it judges."""
        return self.arguments.get("cut") == "best"

    def of_scores(
        self,
        labels: Ints,
        scores: Floats,
        threshold: float = 0.0,
        verifier: costs.Verifier | None = None,
    ) -> float:
        """The figure of scores. NaN for t-DCF and t-EER without a verifier (and its scores)."""
        given = dict(self.arguments)
        if self.entry.function is costs.tandem_dcf:
            if verifier is None:
                return float("nan")
            given["verifier"] = verifier
        if self.entry.function is tandem.tandem_eer:
            if verifier is None or verifier.trials is None:
                return float("nan")
            kinds = ("target", "nontarget", "spoof")
            given |= dict(zip(kinds, map(np.array, verifier.trials), strict=True))
        if self.entry.function in (detection.accuracy, detection.balanced_accuracy):
            given["threshold"] = threshold
        return self.entry.function(labels, scores, **given)

    def of_rows(self, rows: Sequence[Outcome], threshold: float = 0.0) -> float:
        """The figure of rows that carry what it needs; NaN without any."""
        given = dict(self.arguments)
        if self.entry.needs in ("families", "decisions"):
            given["threshold"] = threshold
        return self.entry.function(rows, **given) if rows else float("nan")


def _counts(rows: Sequence[Outcome]) -> list[pixels.Counts]:
    return [np.array(row.pixels, np.int64).reshape(2, -1) for row in rows]


def _lines(rows: Sequence[Outcome]) -> list[segments.Timeline]:
    return [segments.Timeline(row.segments, row.proposals) for row in rows]


def _boxes(rows: Sequence[Outcome]) -> Floats:
    truth, found = np.array([r.box for r in rows]), np.array([r.box_found for r in rows])
    return imagetext.box_ious(truth, found)


def _words(rows: Sequence[Outcome]) -> imagetext.Retrieval:
    return imagetext.token_retrieval([r.tokens for r in rows], [r.token_scores for r in rows])


def _kinds(rows: Sequence[Outcome]) -> tuple[Ints, Floats]:
    return np.array([r.kinds for r in rows]), np.array([r.kind_scores for r in rows])


def _classes(rows: Sequence[Outcome]) -> tuple[Ints, Floats]:
    return np.array([r.class_number for r in rows]), np.array([r.class_scores for r in rows])


def _families(rows: Sequence[Outcome], threshold: float) -> float:
    forged = [row for row in rows if row.class_scores]
    if not forged:
        return float("nan")
    families = {row.class_number: row.family for row in forged}
    truth = [(row.family or "unnamed") if row.label else "" for row in rows]
    said = [
        families.get(int(np.argmax(row.class_scores)), "unknown") if row.class_scores else "forged"
        for row in rows
    ]
    said = [name if row.score > threshold else "" for name, row in zip(said, rows, strict=True)]
    return attribution.agreement(truth, said)


def _clusters(rows: Sequence[Outcome]) -> tuple[Ints, list[str], Floats]:
    truth, scores = _classes(rows)
    return truth, [row.generator for row in rows], scores


_PIXELS: dict[str, str | float] = {"way": "per-image", "cut": "fixed"}
_MODE: dict[str, str | float] = {"mode": "strict"}

CATALOGUE: dict[str, Entry] = {
    "auc": Entry(detection.auc, "AUC", "area under the ROC curve", {}),
    "pauc": Entry(
        detection.partial_auc, "pAUC", "area up to a false-positive rate",
        {"mode": "mcclish", "limit": 0.1},
    ),
    "ap": Entry(detection.average_precision, "AP", "average precision of the forged class", {}),
    "eer": Entry(
        detection.eer, "EER", "equal error rate", {"mode": "interpolated"}, rises=False
    ),
    "acc": Entry(detection.accuracy, "Acc", "accuracy at the protocol's threshold", {}),
    "balanced_acc": Entry(
        detection.balanced_accuracy, "Balanced acc", "mean accuracy of both classes", {}
    ),
    "tpr_at_fpr": Entry(
        detection.tpr_at_fpr, "TPR at FPR", "forged found at a false-positive rate", {"fpr": 0.01}
    ),
    "min_dcf": Entry(costs.min_dcf, "minDCF", "lowest detection cost", {}, rises=False),
    "act_dcf": Entry(costs.act_dcf, "actDCF", "cost at the costs' threshold", {}, rises=False),
    "cllr": Entry(calibration.cllr, "Cllr", "cost of likelihood ratios, bits", {}, rises=False),
    "min_cllr": Entry(
        calibration.min_cllr, "min Cllr", "the same after the best calibration", {}, rises=False
    ),
    "t_dcf": Entry(
        costs.tandem_dcf, "min t-DCF", "lowest tandem cost with a verifier", {"mode": "2021"},
        rises=False,
    ),
    "t_eer": Entry(
        tandem.tandem_eer, "t-EER", "error rate with a verifier where all errors are equal",
        {"prevalence": 0.5}, rises=False,
    ),
    "ece": Entry(calibration.ece, "ECE", "expected calibration error", {"bins": 15}, rises=False),
    "brier": Entry(calibration.brier, "Brier", "squared error of the posterior", {}, rises=False),
    "pixel_f1": Entry(
        lambda rows, **a: pixels.f1(_counts(rows), **a), "Pixel F1", "of forged pixels",
        _PIXELS, "pixels",
    ),
    "pixel_iou": Entry(
        lambda rows, **a: pixels.iou(_counts(rows), **a), "Pixel IoU", "of forged pixels",
        _PIXELS, "pixels",
    ),
    "pixel_mcc": Entry(
        lambda rows, **a: pixels.mcc(_counts(rows), **a), "Pixel MCC", "of forged pixels",
        _PIXELS, "pixels",
    ),
    "pixel_auc": Entry(
        lambda rows, **a: pixels.pixel_auc(_counts(rows), **a), "Pixel AUC", "over pixels",
        {"way": "per-image"}, "pixels",
    ),
    "ap_at_iou": Entry(
        lambda rows, **a: segments.ap_at_iou(_lines(rows), **a), "AP@IoU",
        "average precision of proposed stretches", {**_MODE, "iou": 0.5}, "proposals",
    ),
    "ar_at_n": Entry(
        lambda rows, mode, n: segments.ar_at_n(_lines(rows), int(n), mode), "AR@N",
        "recall of forged stretches by the first N proposals", {**_MODE, "n": 100.0}, "proposals",
    ),
    "localisation": Entry(
        lambda rows, mode: segments.localisation(_lines(rows), mode), "Localisation",
        "mean AP and mean AR of stretches, halved", _MODE, "proposals",
    ),
    "box_iou": Entry(
        lambda rows: float(_boxes(rows).mean()), "Box IoU", "mean over pictures", {}, "box"
    ),
    "box_acc": Entry(
        lambda rows, iou: float((_boxes(rows) > iou).mean()), "Boxes over IoU",
        "share of pictures", {"iou": 0.5}, "box",
    ),
    "token_precision": Entry(
        lambda rows: _words(rows).precision, "Word precision", "of forged words", {}, "tokens"
    ),
    "token_recall": Entry(
        lambda rows: _words(rows).recall, "Word recall", "of forged words", {}, "tokens"
    ),
    "token_f1": Entry(lambda rows: _words(rows).f1, "Word F1", "of forged words", {}, "tokens"),
    "map": Entry(
        lambda rows: imagetext.mean_average_precision(*_kinds(rows)), "mAP",
        "mean AP over kinds of manipulation", {}, "kinds",
    ),
    "cf1": Entry(
        lambda rows: imagetext.per_kind(*_kinds(rows)).f1, "CF1", "F1 of means over kinds",
        {}, "kinds",
    ),
    "of1": Entry(
        lambda rows: imagetext.overall(*_kinds(rows)).f1, "OF1", "F1 over all kinds together",
        {}, "kinds",
    ),
    "class_acc": Entry(
        lambda rows: attribution.closed_accuracy(*_classes(rows)), "Class acc",
        "known classes named right", {}, "classes",
    ),
    "apcer": Entry(
        liveness.apcer, "APCER", "attacks taken for bona fide", {"way": "worst"}, "decisions",
        rises=False,
    ),
    "bpcer": Entry(
        liveness.bpcer, "BPCER", "bona fide presentations taken for attacks", {}, "decisions",
        rises=False,
    ),
    "acer": Entry(
        liveness.acer, "ACER", "mean of APCER and BPCER", {"way": "worst"}, "decisions",
        rises=False,
    ),
    "hter": Entry(
        liveness.hter, "HTER", "mean of both error rates", {}, "decisions", rises=False
    ),
    "score_moves": Entry(
        moves.score_moves, "Score moves", "mean difference of logits within a group",
        {}, "groups", rises=False,
    ),
    "family_acc": Entry(
        _families, "Family acc", "reals called real, and fakes called forged and of their family",
        {}, "families",
    ),
    "unknown_auroc": Entry(
        lambda rows: attribution.unknown_auroc(*_classes(rows)), "Unknown AUROC",
        "unknown classes told from known", {}, "classes",
    ),
    "oscr": Entry(
        lambda rows: attribution.oscr(*_classes(rows)), "OSCR",
        "open-set classification rate", {}, "classes",
    ),
    "cluster_acc": Entry(
        lambda rows, part: attribution.cluster_accuracy(*_clusters(rows), part), "Cluster acc",
        "generators kept apart, by the best assignment", {"part": "all"}, "classes",
    ),
    "nmi": Entry(
        lambda rows, part: attribution.cluster_agreement(*_clusters(rows), part, "nmi"), "NMI",
        "mutual information of clusters and generators", {"part": "all"}, "classes",
    ),
    "ari": Entry(
        lambda rows, part: attribution.cluster_agreement(*_clusters(rows), part, "ari"), "ARI",
        "adjusted Rand index of clusters and generators", {"part": "all"}, "classes",
    ),
}  # fmt: skip

_MODES: dict[tuple[str, str], tuple[str, ...]] = {
    ("eer", "mode"): detection.EER_MODES,
    ("pauc", "mode"): detection.PAUC_MODES,
    ("t_dcf", "mode"): costs.TDCF_MODES,
    ("ap_at_iou", "mode"): segments.MODES,
    ("ar_at_n", "mode"): segments.MODES,
    ("localisation", "mode"): segments.MODES,
    **{(name, "part"): attribution.PARTS for name in ("cluster_acc", "nmi", "ari")},
    **{(name, "way"): liveness.WAYS for name in ("apcer", "acer")},
    **{(f"pixel_{name}", "way"): pixels.WAYS for name in ("f1", "iou", "mcc", "auc")},
    **{(f"pixel_{name}", "cut"): pixels.CUTS for name in ("f1", "iou", "mcc")},
}


def measure(spec: str) -> Measure:
    """The figure that ``spec`` names. Raises UnknownName, SettingError."""
    name, *given = spec.split(":")
    if name not in CATALOGUE:
        raise UnknownName("metric", name, CATALOGUE)
    entry = CATALOGUE[name]
    if len(given) > len(entry.usual):
        raise SettingError(
            f"{spec!r} has too many arguments; {name} takes: {', '.join(entry.usual) or 'none'}."
        )
    arguments: dict[str, Any] = dict(entry.usual)
    for (key, usual), word in zip(entry.usual.items(), given, strict=False):
        arguments[key] = word if isinstance(usual, str) else _number(spec, word)
        if known := _MODES.get((name, key)):
            detection.mode_of(entry.title, arguments[key], known)
    if "bins" in arguments:
        arguments["bins"] = int(arguments["bins"])
    said = [word if isinstance(word, str) else f"{word:g}" for word in arguments.values()]
    title = f"{entry.title} ({', '.join(said)})" if said else entry.title
    return Measure(":".join([name, *said]), title, entry, arguments)


def _number(spec: str, word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise SettingError(f"{spec!r}: {word!r} is not a number.") from None
