"""What a manifest is worth: valid, irregular, expired, unsound, or changed since it was signed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from unmask.provenance import words
from unmask.provenance.boxes import Box
from unmask.provenance.find import Store
from unmask.provenance.manifest import Ingredient, Reading, Status
from unmask.provenance.store import in_file

_CHANGED = frozenset(
    {
        "assertion.bmffHash.mismatch",
        "assertion.boxesHash.mismatch",
        "assertion.boxesHash.unknownBox",
        "assertion.collectionHash.mismatch",
        "assertion.dataHash.mismatch",
        "assertion.hashedURI.mismatch",
        "assertion.missing",
        "assertion.undeclared",
        "claimSignature.mismatch",
        "hashedURI.mismatch",
        "ingredient.claimSignature.mismatch",
        "ingredient.hashedURI.mismatch",
        "ingredient.manifest.mismatch",
    }
)
_EXPIRED = frozenset({"claimSignature.outsideValidity", "signingCredential.expired"})
_IRREGULAR = (
    "assertion.action.",
    "assertion.cbor.",
    "assertion.ingredient.",
    "assertion.json.",
    "assertion.metadata.",
    "assertion.selfRedacted",
    "assertion.timestamp.",
    "ingredient.manifest.missing",
    "ingredient.unknownProvenance",
    "manifest.multipleParents",
    "manifest.timestamp.",
    "manifest.update.",
)
"""Rules of form: breaking them leaves the signature and the hashes whole."""
_STATEMENTS = frozenset(
    {"assertion.hashedURI.mismatch", "assertion.missing", "assertion.undeclared"}
)
_UNKNOWN = frozenset({"signingCredential.untrusted"})
_MOST_SHOWN = 4


class State(StrEnum):
    """How a manifest stands. Whether its signer is trusted is another question."""

    VALID = "valid"
    IRREGULAR = "irregular"
    EXPIRED = "expired"
    UNSOUND = "unsound"
    CHANGED = "changed"

    @property
    def holds(self) -> bool:
        """True if the signature and all hashes hold, so that what is said was signed."""
        return self in (State.VALID, State.IRREGULAR)


@dataclass(frozen=True, slots=True)
class Fault:
    """What broke, in words, and where: bytes of the file, first and last."""

    code: str
    what: str
    places: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        if not self.places:
            return self.what
        spans = [f"{first:,} to {last:,}" for first, last in self.places]
        return f"{self.what} (bytes {words.listed(spans, 4)})"


def state_of(failures: tuple[Status, ...]) -> State:
    """How a manifest with these failures stands; doubts about a time stamp do not count."""
    codes = {s.code for s in failures if not s.code.startswith("timeStamp.")} - _UNKNOWN
    if codes & _CHANGED:
        return State.CHANGED
    rest = {code for code in codes if not code.startswith(_IRREGULAR)}
    if rest - _EXPIRED:
        return State.UNSOUND
    if rest:
        return State.EXPIRED
    return State.IRREGULAR if codes else State.VALID


def state(reading: Reading) -> State:
    """How the active manifest stands, with the records of its ingredients."""
    return state_of(reading.failures + reading.changes)


def ingredient_state(ingredient: Ingredient, reading: Reading) -> State | None:
    """How an ingredient's own manifest stands; None if it has none."""
    if ingredient.manifest not in reading.manifests:
        return None
    since = tuple(s for s in reading.changes if ingredient.manifest in s.url)
    return state_of(ingredient.failures + since)


def trusted(reading: Reading) -> bool:
    """True if the user's list vouches for the signer."""
    return any(s.code == "signingCredential.trusted" for s in reading.successes)


def stamp(reading: Reading) -> str:
    """The authority that vouches for the time, and whether the user's list vouches for it."""
    for status in reading.successes:
        if status.code == "timeStamp.validated":
            known = any(s.code == "timeStamp.trusted" for s in reading.successes)
            name = status.explanation.partition(": ")[2] or "an authority without a name"
            return name if known else f"{name}, which no trust list names"
    return ""


def faults(reading: Reading, store: Store, boxes: dict[str, Box]) -> tuple[Fault, ...]:
    """What broke, each once: of what decides the state, the file's own bytes first."""
    found: dict[str, Fault] = {}
    standing = state(reading)
    for status in reading.failures + reading.changes:
        if status.code in _UNKNOWN or status.code.startswith("timeStamp."):
            continue
        if standing is State.CHANGED and status.code not in _CHANGED:
            continue
        what = words.FAILURES.get(status.code) or status.explanation or status.code
        places: list[tuple[int, int]] = []
        if status.code == "assertion.dataHash.mismatch":
            places = _signed(reading, store.file_bytes)
        elif status.code not in _EXPIRED and ".bmffHash." not in status.code:
            at_fault = _boxes_of(status, boxes)
            places = [in_file(store.pieces, box.start, box.end) for box in at_fault]
            if status.code in _STATEMENTS and at_fault:
                what += f": {words.statement(status.box)}"
        found.setdefault(f"{status.code} {status.box}", Fault(status.code, what, tuple(places)))
    order = sorted(found.values(), key=lambda fault: "Hash." not in fault.code)
    return tuple(order[:_MOST_SHOWN])


def _boxes_of(status: Status, boxes: dict[str, Box]) -> list[Box]:
    """The box that a status is about; for a signature, the claim that it signs as well."""
    own = [boxes[status.box]] if status.box in boxes else []
    if status.code != "claimSignature.mismatch":
        return own
    beside = status.box.rpartition("/")[0] + "/c2pa.claim"
    return [box for path, box in boxes.items() if path.startswith(beside)] + own


def _signed(reading: Reading, file_bytes: int) -> list[tuple[int, int]]:
    """The bytes that the hash of the file covers: all but those that it leaves out."""
    covered: list[tuple[int, int]] = []
    at = 0
    for start, end in sorted(reading.left_out):
        if start > at:
            covered.append((at, min(start, file_bytes) - 1))
        at = max(at, end)
    if at < file_bytes:
        covered.append((at, file_bytes - 1))
    return covered
