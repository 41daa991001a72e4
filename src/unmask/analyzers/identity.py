"""Is it really that person? Faces and voices against authentic references."""

from __future__ import annotations

from unmask.analyzers.base import Analyzer, Options, Result
from unmask.errors import MissingExtra
from unmask.identity.conflict import Answer, conflict
from unmask.identity.evidence import Evidence
from unmask.identity.face_answer import face_outcome
from unmask.identity.face_drift import APART
from unmask.identity.face_trail import RATE, FaceTrail
from unmask.identity.likeness import Sense
from unmask.identity.networks import face_embedder, voice_network
from unmask.identity.outcome import Outcome
from unmask.identity.references import Person, people
from unmask.identity.voice_answer import LEAST, voice_outcome
from unmask.identity.voice_trail import VoiceTrail
from unmask.identity.words import inner_reason, reason
from unmask.types import (
    AudioBlock,
    Claim,
    Finding,
    Frame,
    Kind,
    Label,
    MediaInfo,
    NotChecked,
    Where,
)

_CLAIMS: dict[Sense, Claim] = {"face": Claim.FACE_IDENTITY, "voice": Claim.VOICE_IDENTITY}


class IdentityAnalyzer(Analyzer):
    """Compares faces and voices with the references of ``--reference``."""

    name = "identity"
    title = "Whether it is that person"
    kinds = frozenset(Kind)
    wants_frames = True
    wants_sound = True
    needs = "reference"

    def __init__(self, media: MediaInfo, options: Options) -> None:
        super().__init__(media, options)
        self._people = people(options.reference, options.threads)
        self._skipped: list[NotChecked] = []
        self._faces = self._face_trail() if media.kind is not Kind.AUDIO else None
        self._voice = self._voice_trail() if media.audio_codec is not None else None
        self.wants_frames = self._faces is not None
        self.wants_sound = self._voice is not None
        claimed = self._people[0].face if self._faces is not None else None
        self._evidence = None if claimed is None else Evidence(claimed, APART)
        pairs = ((self._faces, "face_identity"), (self._voice, "voice_identity"))
        self.detectors = tuple(name for trail, name in pairs if trail is not None)
        share = sum(trail is not None for trail in (self._faces, self._voice))
        self._fpr = options.fpr / max(1, share)

    @classmethod
    def prepare(cls, options: Options) -> None:
        """Enrol the references, or say why they do not suffice."""
        people(options.reference, options.threads)

    @property
    def rate(self) -> float:
        """Frames a second that edges of a change are placed with."""
        return RATE if self._faces is not None else 0.0

    def _lacks(self, sense: Sense) -> bool:
        """Whether nobody's references speak of a sense; why is noted."""
        for person in self._people:
            for what, why in person.lacking:
                if what == sense:
                    self._skip(sense, f"of {person.name}, {why}")
        return all(person.template(sense) is None for person in self._people)

    def _skip(self, sense: Sense, why: str) -> None:
        self._skipped.append(NotChecked(self.name, f"whose {sense} it is", why))

    def _face_trail(self) -> FaceTrail | None:
        if self._lacks("face"):
            return None
        try:
            embedder = face_embedder(self.options.threads)
        except MissingExtra as error:
            self._skip("face", str(error))
            return None
        return FaceTrail(self.media.kind is Kind.IMAGE, embedder)

    def _voice_trail(self) -> VoiceTrail | None:
        if self._lacks("voice"):
            return None
        return VoiceTrail(voice_network(self.options.threads)[1])

    def frame(self, frame: Frame) -> None:
        """Find, follow and embed the faces of one picture."""
        if self._faces is None:
            return
        looks = self._faces.frame(frame)
        if self._evidence is not None:
            self._evidence.frame(frame, looks, self._faces.still)

    def sound(self, block: AudioBlock) -> None:
        """Take the next block of sound."""
        if self._voice is not None:
            self._voice.feed(block.samples)

    def finish(self) -> Result:
        """One finding a sense and person, changes inside the file, and contradictions.

        Only the first person votes: that the file shows nobody of the others is no forgery.
        """
        outcomes = [*self._face_outcomes(), *self._voice_outcomes()]
        findings = [self._finding(outcome) for outcome in outcomes]
        for sense in _CLAIMS:
            first = next((one for one in outcomes if one.sense == sense and one.inner), None)
            if first is not None:
                findings.append(self._inner(first))
        said = self._conflict(outcomes)
        if said:
            findings.append(
                Finding(
                    self.name,
                    Claim.VOICE_IDENTITY,
                    said,
                    kind="fact",
                    subject="face and voice",
                    bearing=Label.INCONCLUSIVE,
                )
            )
        return Result(tuple(findings), tuple(self._skipped))

    def _face_outcomes(self) -> list[Outcome]:
        trail = self._faces
        if trail is None:
            return []
        if not trail.looks:
            self._skip("face", trail.problem() or "no face was found")
            return []
        return [
            face_outcome(trail, person, person.face, self._fpr)
            for person in self._people
            if person.face is not None
        ]

    def _voice_outcomes(self) -> list[Outcome]:
        trail = self._voice
        if trail is None:
            return []
        voice = trail.finish()
        if not len(voice.times):
            found = f"{voice.activity.seconds:.1f} s of speech were heard"
            self._skip("voice", f"{found}; an unbroken stretch of {LEAST:g} s is needed")
            return []
        if voice.whole > voice.seconds:
            self._skip("voice", f"after {voice.seconds:.0f} s: only that much is compared")
        return [
            voice_outcome(trail, voice, person, person.voice, self._fpr)
            for person in self._people
            if person.voice is not None
        ]

    def _finding(self, outcome: Outcome) -> Finding:
        face = outcome.sense == "face"
        marked = outcome.flagged or outcome.hinted
        spans = tuple(drift.span for drift in marked) or outcome.shots
        details: dict[str, object] = {
            "distance": round(outcome.whole.value, 4),
            "references": self._by_name(outcome.person).count(outcome.sense),
            "judged": f"{outcome.judged:g} " + ("frames" if outcome.sense == "face" else "s"),
        }
        if outcome.sense == "face" and outcome.beside:
            details["other_people"] = outcome.beside
        if outcome.drifts:
            details["highest_part"] = round(max(d.score.value for d in outcome.drifts), 4)
        if outcome.person != self._people[0].name:
            return Finding(
                self.name,
                _CLAIMS[outcome.sense],
                reason(outcome),
                kind="fact",
                subject=outcome.person,
                details=details,
            )
        return Finding(
            self.name,
            _CLAIMS[outcome.sense],
            reason(outcome),
            Where(spans=spans),
            subject=outcome.person,
            detector=f"{outcome.sense}_identity",
            score=outcome.leading.value,
            llr=outcome.leading.llr,
            vote=outcome.vote,
            series=(outcome.series,) if outcome.series else (),
            snapshots=self._evidence.snapshots() if face and self._evidence else (),
            details=details,
        )

    def _inner(self, outcome: Outcome) -> Finding:
        found = outcome.inner
        return Finding(
            self.name,
            _CLAIMS[outcome.sense],
            inner_reason(outcome.sense, found),
            Where(spans=tuple(drift.span for drift in found)),
            kind="fact",
            subject=f"two {outcome.sense}s in the place of one",
            bearing=Label.INCONCLUSIVE,
            details={"distance": round(max(drift.score.value for drift in found), 4)},
        )

    def _conflict(self, outcomes: list[Outcome]) -> str:
        answers: dict[Sense, dict[str, Answer]] = {"face": {}, "voice": {}}
        for one in outcomes:
            answers[one.sense][one.person] = Answer(one.person, one.whole.vote, one.whole.llr)
        return conflict(answers["face"], answers["voice"], self._people[0].name)

    def _by_name(self, name: str) -> Person:
        return next(person for person in self._people if person.name == name)
