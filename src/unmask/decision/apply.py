"""The verdict under a user's own calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from unmask.decision.calibration import Calibration, Judged
from unmask.decision.evidence import gather
from unmask.decision.fused import Fused, alone_of
from unmask.decision.fused import judged as by_rule
from unmask.decision.fusion import accused, doubt, joins, words_of
from unmask.decision.rows import BASE
from unmask.decision.rule import MARKED, shipped_rule
from unmask.types import FLAGGED, Finding, Kind, Label, MediaInfo, Verdict, Vote, posterior


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

    ``base`` and ``findings``: of ``fusion.fuse``; the surprise is one of the voters. A fact that
    settles the verdict still does. A kind that is not calibrated keeps the base verdict and is
    told so in ``unlike``. Without forged files the likelihood ratio is that of the shipped rule
    where it alone spoke, and there is none where a joined detector did. Who votes by a calibration
    of its own and is not in this one (a comparison with a person) shares the rate (Bonferroni).
    """
    scores = joined_scores(findings, calibration.certificate.birth.joined)
    judged = calibration.judge(media.kind, base.surprise, scores)
    known = replace(
        base,
        basis=calibration.basis(media.kind) or base.basis,
        unlike=calibration.unlike(media, findings, base.fpr),
    )
    if judged is None or any(finding.bearing in FLAGGED for finding in findings):
        return known, tuple(findings)
    others = _others(findings, calibration.certificate.birth.joined)
    share = base.fpr / (1 + len(others))
    if judged.p > share and (other := _accuser(findings, others)) is not None:
        said = f"{accused(findings[other])}."
        makes = findings[other].claim.makes
        return replace(known, label=makes, reason=said, decided_by=other), tuple(findings)
    fused = by_rule(gather(media, findings), shipped_rule())
    label, reason, decided = _said(judged, findings, share, base, fused)
    alone = list(judged.shares) == [BASE]
    llr = base.llr if judged.llr is None and alone else judged.llr
    verdict = replace(
        known,
        label=label,
        reason=reason,
        llr=llr,
        probability=None if llr is None else posterior(llr, base.prior),
        surprise=judged.surprise,
        decided_by=decided,
    )
    voted = calibration.voted(media.kind, findings, base.fpr)
    return verdict, tuple(
        _settled(calibration, media.kind, finding, fused, verdict, number == decided)
        for number, finding in enumerate(voted)
    )


def _others(findings: Sequence[Finding], joined: Sequence[str]) -> set[str]:
    """Detectors that vote and are neither ours nor in the calibration."""
    return {
        finding.detector
        for finding in findings
        if joins(finding) and finding.vote is not None and finding.detector not in joined
    }


def _accuser(findings: Sequence[Finding], others: set[str]) -> int | None:
    """Number of the first finding of ``others`` that points to forgery."""
    accusing = (
        number
        for number, finding in enumerate(findings)
        if finding.detector in others and finding.vote is Vote.FORGED
    )
    return next(accusing, None)


def _said(
    judged: Judged, findings: Sequence[Finding], share: float, base: Verdict, fused: Fused
) -> tuple[Label, str, int | None]:
    """Label, why, and the finding that did most for it; ``share``: of the rate."""
    of = f"{judged.p:.1%} of the authentic files of your calibration look at least as suspect"
    decided = _deciding(judged, findings, base, fused)
    if judged.p <= share:
        label = findings[decided].claim.makes if decided is not None else Label.MANIPULATED
        said = accused(findings[decided]) if decided is not None else "The file looks forged"
        return label, f"{said}: {of}.", decided
    looks = words_of(findings[decided]) if decided is not None else "the file looks forged"
    if judged.p <= max(MARKED, base.fpr) * share / base.fpr:
        return (
            Label.INCONCLUSIVE,
            f"Look here: {looks}; {of}. That is too much to pass over and too little to flag.",
            decided,
        )
    if (found := doubt(findings)) is not None:
        number, why = found
        return Label.INCONCLUSIVE, why, number
    return Label.NO_SIGN, f"No sign of the forgeries that these checks know was found: {of}.", None


def _deciding(
    judged: Judged, findings: Sequence[Finding], base: Verdict, fused: Fused
) -> int | None:
    """Number of the finding that did most for it."""
    if judged.strongest == BASE:
        return base.decided_by if fused.driver is None else fused.driver
    own = [at for at, one in enumerate(findings) if one.detector == judged.strongest]
    return max(own, key=lambda at: findings[at].score or 0.0, default=None)


def _settled(
    calibration: Calibration,
    kind: Kind,
    finding: Finding,
    fused: Fused,
    verdict: Verdict,
    decided: bool,
) -> Finding:
    """A finding with the vote that agrees with the verdict.

    Withheld ones, and those of detectors that are not in the calibration, stay as they are.
    """
    if finding.score is None or finding.vote is None or finding.withheld:
        return finding
    if joins(finding):
        if finding.detector not in calibration.certificate.birth.joined or finding.rate is None:
            return finding
        p = finding.rate
    elif fused.rule is None:
        return finding
    else:
        p = calibration.share(kind, BASE, alone_of(finding, fused))
    return finding.settled(_vote(p, verdict, decided))


def _vote(p: float, verdict: Verdict, decided: bool) -> Vote:
    """The vote of a score that a share ``p`` of authentic files reaches, in a file so judged."""
    if verdict.label is Label.NO_SIGN:
        return Vote.CLEAR
    if verdict.label in FLAGGED and (decided or p <= verdict.fpr):
        return Vote.FORGED
    return Vote.UNDECIDED if decided or p <= max(MARKED, verdict.fpr) else Vote.CLEAR
