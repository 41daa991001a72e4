"""Results in words that a person who is no expert understands."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unmask.report.phrases import one_in, rounded
from unmask.report.plain import finite, visible
from unmask.types import (
    FLAGGED,
    Claim,
    Finding,
    Kind,
    Label,
    Report,
    Verdict,
    Vote,
    posterior,
)

CLAIMS = {  # names of what was looked for, not of what was found
    Claim.FACE_MANIPULATED: "Face manipulation",
    Claim.PICTURE_EDITED: "Picture editing",
    Claim.PICTURE_GENERATED: "Picture generation by a machine",
    Claim.VOICE_SYNTHETIC: "Voice synthesis",
    Claim.VOICE_EDITED: "Voice editing",
    Claim.FACE_IDENTITY: "Whose face it is",
    Claim.VOICE_IDENTITY: "Whose voice it is",
    Claim.PROVENANCE: "Signed provenance",
    Claim.METADATA: "Metadata",
    Claim.WATERMARK: "Watermark",
    Claim.COMPRESSION: "Compression history",
    Claim.KNOWN_ITEM: "Known item",
}
VOTES = {
    Vote.FORGED: "Points to forgery",
    Vote.CLEAR: "No sign of it",
    Vote.UNDECIDED: "Look here",
    None: "Fact",
}
_PERSON_VOTES = {
    Vote.FORGED: "Points to another person",
    Vote.CLEAR: "Fits",
    Vote.UNDECIDED: "Undecided",
}
_IDENTITY = {Claim.FACE_IDENTITY: "face", Claim.VOICE_IDENTITY: "voice"}
BEARINGS = {
    Label.MANIPULATED: "Fact: it decides the verdict",
    Label.SYNTHETIC: "Fact: it decides the verdict",
    Label.INCONCLUSIVE: "Fact: it raises a doubt",
}
UNCALIBRATED = "Not calibrated"
WITHHELD = "Does not count here"
KINDS = {Kind.IMAGE: "picture", Kind.VIDEO: "video", Kind.AUDIO: "sound recording"}
_MADE = {
    Kind.IMAGE: "This picture",
    Kind.VIDEO: "The picture or the voice of this video",
    Kind.AUDIO: "The voice in this sound recording",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a probability is of: forgery, or another person than the reference."""

    name: str
    for_: str
    against: str
    if_: str
    else_: str
    files: str


FORGERY = Terms(
    "Probability of forgery", "forgery", "authenticity", "forged", "authentic", "authentic files"
)
PERSON = Terms(
    "Probability of another person",
    "another person",
    "the same person",
    "it is another person's",
    "it is the same person's",
    "files of the person",
)
RAREST = 1e-4
"""The lowest rate that is stated; beyond it the thresholds are continued and not measured."""
_STRENGTH = (  # likelihood ratio up to → words, after the scale of ENFSI (2015)
    (1.2, "no support"),
    (2.0, "next to no support"),
    (10.0, "weak support"),
    (100.0, "moderate support"),
    (1000.0, "moderately strong support"),
    (10_000.0, "strong support"),
    (math.inf, "very strong support"),
)


_SAYS = 2.0
"""Likelihood ratio under which evidence supports nothing."""


def vote(finding: Finding) -> str:
    """On which side a finding stands."""
    if finding.vote is None and finding.kind == "score":
        return UNCALIBRATED
    if finding.withheld:
        return WITHHELD
    if finding.bearing in BEARINGS:
        return BEARINGS[finding.bearing]
    if finding.vote is not None and finding.claim in _IDENTITY:
        return _PERSON_VOTES[finding.vote]
    return VOTES[finding.vote]


def is_comparison(report: Report) -> bool:
    """Whether all that was estimated is whose face or voice it is."""
    claims = {finding.claim for finding in report.findings if finding.kind == "score"}
    return bool(claims) and claims <= set(_IDENTITY)


def terms(report: Report) -> Terms:
    """What the probability of a report is of."""
    return PERSON if is_comparison(report) else FORGERY


def terms_of(finding: Finding) -> Terms:
    """What the probability of a finding is of."""
    return PERSON if finding.claim in _IDENTITY else FORGERY


def _set_aside(report: Report) -> bool:
    """Whether the file is inconclusive because a score must not count in it."""
    decided = report.verdict.decided_by
    return (
        report.verdict.label is Label.INCONCLUSIVE
        and decided is not None
        and bool(report.findings[decided].withheld)
    )


def answer(report: Report) -> str:
    """The verdict of a report in a few words; of a comparison, whose face or voice it is."""
    verdict = report.verdict
    if _set_aside(report):
        return "Inconclusive: a score does not count here"
    if not is_comparison(report) or verdict.label is Label.INCONCLUSIVE:
        return headline(verdict)
    wanted = Vote.CLEAR if verdict.label is Label.NO_SIGN else Vote.FORGED
    found = [f for f in report.findings if f.vote is wanted and f.claim in _IDENTITY]
    if not found or (verdict.label is not Label.NO_SIGN and verdict.probability is None):
        return headline(verdict)
    whose = visible(found[0].subject, 60) or "the reference person"
    sense = " and the ".join(dict.fromkeys(_IDENTITY[f.claim] for f in found))
    if verdict.label is Label.NO_SIGN:
        return f"The {sense} {'fits' if ' ' not in sense else 'fit'} {whose}"
    highest = max(finite(finding.llr) or 0.0 for finding in found)
    chance = posterior(highest, verdict.prior)
    sure = "very likely" if chance >= 0.99 else "likely" if chance >= 0.7 else "possibly"
    verb = "is" if " " not in sense else "are"
    tail = f"that of another person than {whose}" if verb == "is" else f"not those of {whose}"
    text = f"The {sense} {verb} {sure} {tail}"
    return f"In part, {text[0].lower()}{text[1:]}" if all(f.where.spans for f in found) else text


def headline(verdict: Verdict) -> str:
    """The verdict in a few words."""
    if verdict.label is Label.NO_SIGN:
        return "No sign of forgery found"
    if verdict.label is Label.INCONCLUSIVE:
        return "Inconclusive" if verdict.decided_by is None else "Inconclusive: look here"
    if verdict.probability is None:
        return verdict.label.value.capitalize()
    sure = "Very likely" if verdict.probability >= 0.99 else "Likely"
    return f"{sure if verdict.probability >= 0.7 else 'Possibly'} {verdict.label.value}"


def meaning(verdict: Verdict, kind: Kind) -> str:
    """What the headline means, and what it does not."""
    if verdict.label is Label.NO_SIGN:
        return (
            f"The checks that ran found no sign of forgery in this {KINDS[kind]}. That is worth "
            "only what they would have found, which is said below; it is no proof."
        )
    if verdict.label is Label.INCONCLUSIVE:
        if verdict.decided_by is None:
            return (
                "The evidence does not allow an answer either way. That is a result, not a failure."
            )
        return "Something in it deserves a closer look by a person. It is not an accusation."
    if verdict.label is Label.SYNTHETIC:
        return f"{_MADE[kind]} seems to be made by a machine."
    return f"Part of this {KINDS[kind]} seems to have been changed after it was recorded."


def explained(report: Report) -> str:
    """What the answer of a report means, and what it does not."""
    label, kind = report.verdict.label, report.media.kind
    if _set_aside(report):
        return (
            f"This is a kind of {KINDS[kind]} that misleads a model, so its score was set aside. "
            "That neither accuses nor clears it."
        )
    if not is_comparison(report) or label is Label.INCONCLUSIVE:
        return meaning(report.verdict, kind)
    if label is Label.NO_SIGN:
        return (
            "What was compared is as near to the references as the recordings of one person are. "
            "A swapped face or a cloned voice is made to be that near: a scan looks for its traces."
        )
    return (
        f"What was compared in this {KINDS[kind]} is further from the references than the "
        "recordings of one person are. Relatives and look-alikes are nearer than strangers."
    )


def rarity(verdict: Verdict) -> str:
    """How rare signs as strong are among authentic files; empty where that is not known."""
    if verdict.surprise is None or verdict.label is Label.NO_SIGN:
        return ""
    rate = math.exp(-verdict.surprise)
    number = rounded(1 / rate) if rate > RAREST else f"{1 / RAREST:,.0f} or more"
    return f"About 1 in {number} authentic files shows signs as strong."


def caveat(verdict: Verdict, words: Terms = FORGERY) -> str:
    """Why the label and the strength of the evidence do not contradict each other; mostly empty."""
    if verdict.llr is None:
        return ""
    if verdict.label in FLAGGED and verdict.llr < math.log(_SAYS):
        return (
            f"It is flagged because {words.files} seldom show such signs; how many times as often "
            "others do is not known well enough for a higher figure."
        )
    if verdict.label is Label.NO_SIGN and verdict.llr >= math.log(_SAYS) and words is FORGERY:
        often = ""
        if verdict.surprise is not None:
            often = f": about 1 in {rounded(math.exp(verdict.surprise))} shows as much"
        return f"That is too common among authentic files to count as a sign{often}."
    return ""


def tells(finding: Finding) -> bool:
    """Whether the probability of a finding alone adds something to its vote.

    Not where it must not count, nor where the likelihood ratio supports nothing, or something else
    than the vote says.
    """
    llr = finite(finding.llr)
    if llr is None or finding.withheld or abs(llr) < math.log(_SAYS):
        return False
    return (llr < 0) is (finding.vote is Vote.CLEAR)


def false_alarm(verdict: Verdict, words: Terms = FORGERY) -> str:
    """The false-positive rate of the operating point, in plain words."""
    flagged, total = one_in(verdict.fpr)
    end = " like this" if verdict.label in FLAGGED else ""
    return f"Of {total:,} {words.files}, about {flagged:,} would be flagged{end}."


def likelihood(llr: float, words: Terms = FORGERY) -> str:
    """How strongly the evidence speaks, on a verbal scale for likelihood ratios."""
    ratio = math.exp(min(abs(llr), 50.0))
    strength = next(text for limit, text in _STRENGTH if ratio < limit or math.isinf(limit))
    if strength == _STRENGTH[0][1]:
        return f"{strength} either way"
    return f"{strength} for {words.for_ if llr >= 0 else words.against}"


def ratio(llr: float, words: Terms = FORGERY) -> str:
    """A likelihood ratio as "33 times as likely if forged as if authentic"."""
    value = math.exp(min(abs(llr), 50.0))
    times = f"{value:,.1f}" if value < 10 else f"{float(f'{value:.2g}'):,.0f}"
    first, second = (words.if_, words.else_) if llr >= 0 else (words.else_, words.if_)
    return f"{times} times as likely if {first} as if {second}"


def title(finding: Finding) -> str:
    """The claim of a finding and what it is about, fit to be shown."""
    claim = CLAIMS[finding.claim]
    return f"{claim}: {visible(finding.subject, 60)}" if finding.subject else claim
