"""The verdict under a user's own calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from unmask.decision.calibration import DOUBT, Calibration, Judged
from unmask.decision.rows import BASE
from unmask.types import FLAGGED, Finding, Label, MediaInfo, Verdict, posterior


def joined_scores(findings: Sequence[Finding], joined: Sequence[str]) -> dict[str, float]:
    """Raw score of each joined detector that spoke: the highest where it gives several."""
    found: dict[str, float] = {}
    for finding in findings:
        if finding.detector in joined and finding.score is not None:
            found[finding.detector] = max(finding.score, found.get(finding.detector, finding.score))
    return found


def apply(
    calibration: Calibration, media: MediaInfo, findings: Sequence[Finding], base: Verdict
) -> tuple[Verdict, tuple[Finding, ...]]:
    """The verdict and the findings at the calibration's rates.

    ``base``: the shipped rule's verdict, whose ``surprise`` is one of the voters. A fact that
    settles the verdict still does. A kind that is not calibrated keeps the base verdict and is
    told so in ``unlike``. Without forged files the likelihood ratio is that of the shipped rule
    where it alone spoke, and there is none where a joined detector did.
    """
    voted = calibration.voted(media.kind, findings, base.fpr)
    scores = joined_scores(findings, calibration.certificate.birth.joined)
    judged = calibration.judge(media.kind, base.surprise, scores)
    known = replace(
        base,
        basis=calibration.basis(media.kind) or base.basis,
        unlike=calibration.unlike(media, findings, base.fpr),
    )
    if judged is None or any(finding.bearing in FLAGGED for finding in findings):
        return known, voted
    label, reason = _said(judged, voted, base)
    decided = _deciding(judged, voted, base)
    if label in FLAGGED and decided is not None:
        label = voted[decided].claim.makes
    alone = list(judged.shares) == [BASE]
    llr = base.llr if judged.llr is None and alone else judged.llr
    return replace(
        known,
        label=label,
        reason=reason,
        llr=llr,
        probability=None if llr is None else posterior(llr, base.prior),
        surprise=judged.surprise,
        decided_by=decided,
    ), voted


def _said(judged: Judged, findings: Sequence[Finding], base: Verdict) -> tuple[Label, str]:
    of = "of your authentic files as suspicious as this one or more so"
    if judged.p <= base.fpr:
        whose = "the signs" if judged.strongest == BASE else judged.strongest
        return Label.MANIPULATED, f"At most {judged.p:.2g} {of}; most of it by {whose}."
    if judged.p <= max(DOUBT, base.fpr):
        return Label.INCONCLUSIVE, f"{judged.p:.2g} {of}: too weak to flag, too strong to clear."
    doubts = [finding for finding in findings if finding.bearing is Label.INCONCLUSIVE]
    if doubts:
        return Label.INCONCLUSIVE, doubts[0].reason
    return Label.NO_SIGN, f"No sign of forgery was found: {judged.p:.2g} {of}."


def _deciding(judged: Judged, findings: Sequence[Finding], base: Verdict) -> int | None:
    """Number of the finding that did most for it."""
    if judged.strongest == BASE:
        return base.decided_by
    own = [at for at, one in enumerate(findings) if one.detector == judged.strongest]
    return max(own, key=lambda at: findings[at].score or 0.0, default=None)
