"""From findings to one verdict.

Two questions are answered apart, because they need different guarantees.

*Is the file flagged?* Each finding votes at its own operating point. The analyzers share the
false-positive rate of the file equally (Bonferroni's inequality), and so do the votes inside one
analyzer, so the rate holds for the file **whatever the dependence** between the votes.

*How strong is the evidence?* A file is forged when any of its parts is, so the alternative is a
mixture over the findings: the fused likelihood ratio is the *mean of the likelihood ratios*. The
mean of e-values is an e-value under any dependence, and among symmetric ways to merge them it is
essentially the only one (Vovk and Wang 2021, "E-values: calibration, combination and
applications", section 3). Nothing is counted twice, and a clean background cannot argue away a
forged face.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from unmask.types import FLAGGED, Claim, Finding, Label, Verdict, Vote, posterior

_WORDS = {
    Claim.FACE_MANIPULATED: "a face looks manipulated",
    Claim.PICTURE_EDITED: "a part of the picture looks edited",
    Claim.PICTURE_GENERATED: "the whole picture looks generated",
    Claim.VOICE_SYNTHETIC: "the voice looks synthetic",
    Claim.VOICE_EDITED: "a part of the speech looks replaced",
    Claim.FACE_IDENTITY: "a face is not that of the reference person",
    Claim.VOICE_IDENTITY: "a voice is not that of the reference person",
}


def mean_ratio(llrs: Sequence[float]) -> float:
    """Log of the mean of likelihood ratios, given as logs. Raises ValueError when empty."""
    top = max(llrs)
    return top + math.log(sum(math.exp(value - top) for value in llrs) / len(llrs))


def fuse(findings: Sequence[Finding], fpr: float, prior: float) -> Verdict:
    """The verdict on a file.

    A fact that bears on it decides before any score, and is not weighed: the verdict then has no
    probability. One that raises a doubt keeps the file from being cleared. No vote at all is
    inconclusive.
    """
    for label in FLAGGED:
        for finding in findings:
            if finding.bearing is label:
                return Verdict(label, None, None, fpr, prior, finding.reason)
    doubts = [finding for finding in findings if finding.bearing is Label.INCONCLUSIVE]
    scores = [finding for finding in findings if finding.llr is not None]
    llr = (
        mean_ratio([finding.llr for finding in scores if finding.llr is not None])
        if scores
        else None
    )
    probability = None if llr is None else posterior(llr, prior)

    def verdict(label: Label, reason: str) -> Verdict:
        return Verdict(label, llr, probability, fpr, prior, reason)

    if not scores and any(finding.score is not None for finding in findings):
        return verdict(
            Label.INCONCLUSIVE,
            "There is a score, but nobody has calibrated it: no false-positive rate is known.",
        )
    if not scores:
        return verdict(
            Label.INCONCLUSIVE, "Nothing in this file could be judged; see what was not checked."
        )
    forged = [finding for finding in scores if finding.vote is Vote.FORGED]
    if forged:
        forged.sort(key=lambda finding: -(finding.llr or 0.0))
        said = list(dict.fromkeys(_WORDS[finding.claim] for finding in forged))
        text = "; ".join(said)
        return verdict(forged[0].claim.makes, text[0].upper() + text[1:] + ".")
    if all(finding.vote is Vote.CLEAR for finding in scores):
        if doubts:
            return verdict(Label.INCONCLUSIVE, doubts[0].reason)
        return verdict(
            Label.NO_SIGN,
            "No sign of the forgeries that these models know was found in what was checked.",
        )
    return verdict(
        Label.INCONCLUSIVE,
        "There are signs too weak to flag and too strong to clear the file.",
    )
