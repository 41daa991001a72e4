"""The face says one thing and the voice another."""

from __future__ import annotations

from dataclasses import dataclass

from unmask.types import Vote


@dataclass(frozen=True, slots=True)
class Answer:
    """What one sense says: whom it was compared with, its vote and its likelihood ratio."""

    person: str
    vote: Vote
    llr: float


def conflict(face: dict[str, Answer], voice: dict[str, Answer], claimed: str) -> str:
    """One sentence about a face and a voice that belong to different people; empty when none do.

    ``face`` and ``voice`` hold an answer for each person who was compared with.
    """
    f, v = face.get(claimed), voice.get(claimed)
    if f and v and {f.vote, v.vote} == {Vote.CLEAR, Vote.FORGED}:
        fits, not_ = ("face", "voice") if f.vote is Vote.CLEAR else ("voice", "face")
        text = f"The {fits} is {claimed}'s, and the {not_} is not"
        other = _nearest(voice if not_ == "voice" else face, claimed)
        return f"{text}: it fits {other}." if other else f"{text}."
    whose_face, whose_voice = _nearest(face, ""), _nearest(voice, "")
    if whose_face and whose_voice and whose_face != whose_voice:
        return f"The face fits {whose_face}, and the voice fits {whose_voice}."
    return ""


def _nearest(answers: dict[str, Answer], but: str) -> str:
    """The person whom a sense fits, the best one where it fits several; empty: nobody."""
    fitting = [a for name, a in answers.items() if a.vote is Vote.CLEAR and name != but]
    return min(fitting, key=lambda answer: answer.llr).person if fitting else ""
