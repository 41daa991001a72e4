"""The verdict on a file, and the final vote of every finding.

Two questions are answered apart, because they need different guarantees.

*Is the file flagged?* The signs of our own models become one score by a fitted rule (``rule``),
and its threshold is held on whole authentic files, so the false-positive rate belongs to the file
and is not shared among checks. Detectors that join beside them, and comparisons with a person,
have calibrations of their own: the rate is then shared equally among those that could speak
(Bonferroni's inequality), so it holds **whatever the dependence** between them.

*How strong is the evidence?* The rule's calibrated likelihood ratio. With other voices beside it,
the *mean of the likelihood ratios*: the mean of e-values is an e-value under any dependence, and
among symmetric ways to merge them it is essentially the only one (Vovk and Wang 2021, "E-values:
calibration, combination and applications", section 3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from unmask.decision.evidence import DETECTORS, gather
from unmask.decision.fused import Fused, judged, score_of
from unmask.decision.rule import MARKED, Rule, shipped_rule
from unmask.types import FLAGGED, Claim, Finding, Label, MediaInfo, Verdict, Vote, posterior

_WORDS = {
    Claim.FACE_MANIPULATED: "a face looks manipulated",
    Claim.PICTURE_EDITED: "a part of the picture looks edited",
    Claim.PICTURE_GENERATED: "the whole picture looks generated",
    Claim.VOICE_SYNTHETIC: "the voice looks synthetic",
    Claim.VOICE_EDITED: "a part of the speech looks replaced",
    Claim.FACE_IDENTITY: "a face is not that of the reference person",
    Claim.VOICE_IDENTITY: "a voice is not that of the reference person",
    Claim.COMPRESSION: "a part was saved differently from the rest",
    Claim.METADATA: "its thumbnail shows another picture",
    Claim.PROVENANCE: "its origin looks false",
    Claim.WATERMARK: "it looks marked by a generator",
    Claim.KNOWN_ITEM: "it looks like a known item",
}
_IDENTITY = (Claim.FACE_IDENTITY, Claim.VOICE_IDENTITY)


def mean_ratio(llrs: Sequence[float]) -> float:
    """Log of the mean of likelihood ratios, given as logs. Raises ValueError when empty."""
    top = max(llrs)
    return top + math.log(sum(math.exp(value - top) for value in llrs) / len(llrs))


def joins(finding: Finding) -> bool:
    """Whether a finding is a score that the rule does not know."""
    return finding.score is not None and finding.detector not in DETECTORS


def fuse(
    media: MediaInfo,
    findings: Sequence[Finding],
    fpr: float,
    prior: float,
    rule: Rule | None = None,
) -> tuple[Verdict, tuple[Finding, ...]]:
    """The verdict on a file and its findings with their final votes.

    A fact that bears on it decides before any score, and is not weighed: the verdict then has no
    probability. One that raises a doubt, and a score that must not count here, keep the file from
    being *no sign found*. Nothing judged is inconclusive.
    """
    fused = judged(gather(media, findings), rule or shipped_rule())
    court = _Court(fused, findings, fpr)
    for label in FLAGGED:
        for number, finding in enumerate(findings):
            if finding.bearing is label:
                said = Verdict(
                    label, None, None, fpr, prior, finding.reason, fused.surprise, number
                )
                return said, _settled(court, label, None)
    label, decided, reason = court.answer()
    llr = court.llr()
    verdict = Verdict(
        label,
        llr,
        None if llr is None else posterior(llr, prior),
        fpr,
        prior,
        reason,
        fused.surprise,
        decided,
        basis=court.basis(),
    )
    return verdict, _settled(court, label, decided)


class _Court:
    """Weighs what may vote."""

    def __init__(self, fused: Fused, findings: Sequence[Finding], fpr: float) -> None:
        self.fused = fused
        self.findings = findings
        self.joined = [n for n, one in enumerate(findings) if joins(one) and one.vote is not None]
        voters = {findings[number].detector for number in self.joined}
        self.voices = len(voters) + (fused.surprise is not None)
        self.share = fpr / max(1, self.voices)
        self.marked = max(MARKED, fpr) / max(1, self.voices)

    def over(self, share: float) -> int | None:
        """The finding that exceeds the threshold of a share of a rate, the strongest first."""
        level = -math.log(share)
        found = [
            (self._surprise(number, level), number)
            for number in self.joined
            if self._surprise(number, level) >= level
        ]
        if self.fused.surprise is not None and self.fused.surprise > level:
            driver = self.fused.driver
            assert driver is not None
            found.append((self.fused.surprise, driver))
        return max(found)[1] if found else None

    def _surprise(self, number: int, level: float) -> float:
        """Of a joined finding: by its own calibration, or by its vote where that is all it has."""
        finding = self.findings[number]
        if finding.rate is not None:
            return -math.log(max(finding.rate, 1e-12))
        return level if finding.vote is Vote.FORGED else 0.0

    def answer(self) -> tuple[Label, int | None, str]:
        """Label, the finding that decided, and why."""
        if (number := self.over(self.share)) is not None:
            finding = self.findings[number]
            return finding.claim.makes, number, f"{accused(finding)}."
        look = self.over(self.marked)
        if look is not None:
            words = words_of(self.findings[look])
            return (
                Label.INCONCLUSIVE,
                look,
                f"Look here: {words}, as in fewer than 1 in {1 / MARKED:.0f} authentic files. "
                "That is too much to pass over and too little to flag.",
            )
        return self._unflagged()

    def _unflagged(self) -> tuple[Label, int | None, str]:
        if (found := doubt(self.findings)) is not None:
            number, why = found
            return Label.INCONCLUSIVE, number, why
        if self.voices:
            return (
                Label.NO_SIGN,
                None,
                "No sign of the forgeries that these checks know was found in what was checked.",
            )
        if any(finding.score is not None for finding in self.findings):
            return (
                Label.INCONCLUSIVE,
                None,
                "There is a score, but nobody has calibrated it: no false-positive rate is known.",
            )
        return (
            Label.INCONCLUSIVE,
            None,
            "Nothing in this file could be judged; see what was not checked.",
        )

    def llr(self) -> float | None:
        """The likelihood ratio of the file."""
        ratios = [
            finding.llr
            for finding in (self.findings[number] for number in self.joined)
            if finding.llr is not None
        ]
        if self.fused.rule is not None:
            ratios.append(self.fused.rule.llr(self.fused.score))
        return mean_ratio(ratios) if ratios else None

    def basis(self) -> str:
        """On which authentic files the rate was held."""
        rule = self.fused.rule
        if rule is None:
            return ""
        return (
            f"{rule.reals:,} authentic files of {rule.sources} sources ({rule.fitted_on}; "
            f"{rule.date}); in the worst of them up to {rule.worst_source:g} times the rate"
        )


def words_of(finding: Finding) -> str:
    """What looks suspect, in a few words."""
    if joins(finding) and finding.claim not in _IDENTITY:
        return f"{_WORDS[finding.claim]}, says {finding.detector}"
    return _WORDS[finding.claim]


def accused(finding: Finding) -> str:
    """The same as the beginning of a sentence."""
    words = words_of(finding)
    return f"{words[0].upper()}{words[1:]}"


def doubt(findings: Sequence[Finding]) -> tuple[int, str] | None:
    """What keeps a file that is not suspect from *no sign found*: which finding, and why.

    A fact that raises a doubt, then a score that must not count here, then a person of whom it is
    undecided whether the file shows them.
    """
    for number, finding in enumerate(findings):
        if finding.bearing is Label.INCONCLUSIVE:
            return number, finding.reason
    for number, finding in enumerate(findings):
        if finding.withheld:
            return number, f"A score does not count here, because {finding.withheld}."
    for number, finding in enumerate(findings):
        if joins(finding) and finding.rate is None and finding.vote is Vote.UNDECIDED:
            return number, finding.reason
    return None


def _settled(court: _Court, label: Label, decided: int | None) -> tuple[Finding, ...]:
    """The findings with the votes that agree with the verdict.

    One of ours points to forgery where the file is flagged and it decided so, or would alone; it
    is undecided where it lies over the threshold of the mark.
    """
    out = []
    for number, finding in enumerate(court.findings):
        if finding.score is None or finding.vote is None:
            out.append(finding)
            continue
        if joins(finding):
            out.append(finding if finding.rate is None else finding.settled(_own(finding, court)))
            continue
        if finding.withheld or not court.fused.counts(finding):
            out.append(finding.settled(Vote.UNDECIDED))
            continue
        assert court.fused.rule is not None
        score = score_of(finding, court.fused)
        own = court.fused.rule.surprise(score)
        # The likelihood ratio of the finding alone is that of a file in which nothing else is.
        shown = replace(finding, llr=court.fused.rule.llr(score))
        if label in FLAGGED and (number == decided or own > -math.log(court.share)):
            out.append(shown.settled(Vote.FORGED))
        elif number == decided or own > -math.log(court.marked):
            out.append(shown.settled(Vote.UNDECIDED))
        else:
            out.append(shown.settled(Vote.CLEAR))
    return tuple(out)


def _own(finding: Finding, court: _Court) -> Vote:
    """The vote of a joined finding by its own calibration."""
    assert finding.rate is not None
    if finding.rate <= court.share:
        return Vote.FORGED
    return Vote.UNDECIDED if finding.rate <= court.marked else Vote.CLEAR
