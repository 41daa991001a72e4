"""Signed manifests (C2PA): is one there, does it hold, who signed it, what does it say?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unmask.analyzers.base import Analyzer, Options, Result
from unmask.provenance import reading as library
from unmask.provenance.ancestry import done, tree
from unmask.provenance.boxes import walk
from unmask.provenance.coverage import LeftOut, left_out
from unmask.provenance.declared import Declaration, declared
from unmask.provenance.find import Store, find_store
from unmask.provenance.judge import Fault, State, faults, stamp, state, trusted
from unmask.provenance.manifest import Reading, parse
from unmask.provenance.padding import padding
from unmask.provenance.store import Refused, Unsearchable
from unmask.provenance.trust import read_trust
from unmask.provenance.words import listed
from unmask.types import Absent, Claim, Finding, Kind, Label, MediaInfo, NotChecked

_WHAT = "a signed manifest (C2PA)"
_NO_READER = "its reader is not installed. Run: pip install 'unmask[provenance]'"
_NEVER_CLEARS = (
    "It says nothing about what was in front of the lens: a signed camera may photograph a screen."
)
_BEARING = {
    State.VALID: None,
    State.EXPIRED: None,
    State.IRREGULAR: Label.INCONCLUSIVE,
    State.CHANGED: Label.MANIPULATED,
    State.UNSOUND: Label.INCONCLUSIVE,
}


class ProvenanceAnalyzer(Analyzer):
    """States what a file's manifest says and whether it holds; never asks a server."""

    name = "provenance"
    title = "Signed manifests (C2PA)"
    kinds = frozenset(Kind)
    votes = False

    def __init__(self, media: MediaInfo, options: Options) -> None:
        super().__init__(media, options)
        self._trust = read_trust(options.trust) if options.trust else ""

    def finish(self) -> Result:
        """Find, check and tell; an unreadable manifest is a doubt and not an error."""
        path = self.media.file
        try:
            store, remote = find_store(path)
            if store is None:
                return self._elsewhere(remote) if remote else self._absent()
            return self._judged(path, store)
        except Refused as refusal:
            return self._refused(refusal)
        except Unsearchable as limit:
            return Result(not_checked=(NotChecked(self.name, _WHAT, str(limit)),))

    def _judged(self, path: Path, store: Store) -> Result:
        boxes = walk(store.data)
        if not library.available():
            return self._unchecked(store, _NO_READER)
        try:
            answer = library.read(path, store, self._trust)
        except library.Unusable as fault:
            return self._unchecked(store, f"its reader does not run on this machine: {fault}")
        reading = parse(answer)
        if reading is None:
            raise Refused("it names no active manifest")
        broken = faults(reading, store, boxes)
        standing = state(reading)
        said = declared(reading, standing.holds)
        loose = None
        if standing.holds or standing is State.EXPIRED:
            loose = left_out(path, store, reading.left_out)
        found = [self._manifest(reading, standing, broken, loose)]
        if loose:
            found.append(self._left_out(loose))
        found += [self._padding(place) for place in padding(store, boxes)]
        if said:
            found.append(self._declaration(said))
        return Result(tuple(found))

    def _absent(self) -> Result:
        return Result(absent=(Absent(self.name, _WHAT),))

    def _elsewhere(self, remote: str) -> Result:
        reason = f"The file says that its manifest lies at {remote}. Nothing was fetched."
        fact = Finding(self.name, Claim.PROVENANCE, reason, kind="fact", details={"at": remote})
        left = NotChecked(self.name, _WHAT, "it lies on a server, and unmask asks none")
        return Result((fact,), (left,))

    def _unchecked(self, store: Store, why: str) -> Result:
        what = f"the signed manifest (C2PA) of {len(store.data):,} bytes in this file"
        return Result(not_checked=(NotChecked(self.name, what, why),))

    def _refused(self, refusal: Refused) -> Result:
        reason = f"There is a signed manifest, but it cannot be read: {refusal}."
        fact = Finding(self.name, Claim.PROVENANCE, reason, kind="fact", bearing=Label.INCONCLUSIVE)
        return Result((fact,))

    def _manifest(
        self,
        reading: Reading,
        standing: State,
        broken: tuple[Fault, ...],
        loose: LeftOut | None,
    ) -> Finding:
        active = reading.active
        remark = "this file: " + (
            "changed after it was signed" if standing is State.CHANGED else standing.value
        )
        details: dict[str, Any] = {
            "state": standing.value,
            "signed by": active.issuer,
            "certificate": active.name,
            "time of signing": active.time,
            "time stamp authority": stamp(reading),
            "made with": active.generator,
            "done": [done(action) for action in active.actions],
            "broken": [str(fault) for fault in broken],
            "checked with": reading.reader,
            "signer trusted": trusted(reading) if self._trust else None,
        }
        return Finding(
            self.name,
            Claim.PROVENANCE,
            self._reason(reading, standing, broken, loose),
            kind="fact",
            subject="the signature",
            details={key: value for key, value in details.items() if value not in ("", [], None)},
            bearing=_BEARING[standing],
            tree=(tree(reading, Path(self.media.path).name, remark),),
        )

    def _reason(
        self,
        reading: Reading,
        standing: State,
        broken: tuple[Fault, ...],
        loose: LeftOut | None,
    ) -> str:
        name = reading.active.issuer or reading.active.name
        who = f"“{name}”" if name else "somebody without a name"
        when = f" on {reading.active.time}" if reading.active.time else ""
        said = listed([str(fault) for fault in broken]) if broken else ""
        if any(fault.code == "claimSignature.mismatch" for fault in broken):
            return f"The signature in the name of {who} does not hold: {said}."
        if standing is State.CHANGED:
            return f"The file was changed after {who} signed it{when}: {said}."
        same = f"What {who} signed of the file{when} is unchanged"
        if not loose:
            same = f"The file is as {who} signed it{when}"
        if standing is State.IRREGULAR:
            return f"{same}, but the manifest breaks a rule: {said}."
        if standing is State.UNSOUND:
            return f"The signed manifest of {who} is not sound: {said}."
        if standing is State.EXPIRED:
            return f"The manifest fits the file, but its signature by {who} has no force: {said}."
        return f"{same}. {self._vouched(reading)} {_NEVER_CLEARS}"

    def _vouched(self, reading: Reading) -> str:
        if not self._trust:
            return "The signature is valid, but nobody said whom to trust (--trust)."
        if trusted(reading):
            return "Your trust list vouches for the signer."
        return "The signature is valid, but your trust list does not vouch for the signer."

    def _left_out(self, loose: LeftOut) -> Finding:
        """Words about the picture that nobody signed are said; an unsigned picture is a doubt."""
        where = listed([f"{first:,} to {last:,}" for first, last in loose.places], 4)
        more = f"The signature leaves out more of the file than it needs to: bytes {where}."
        if loose.nothing_covered:
            reason = f"{more} It covers nothing of the picture or sound, so it says nothing of it."
        elif loose.medium:
            reason = (
                f"{more} Parts of the picture or sound stand there: a change would not be seen."
            )
        else:
            reason = (
                f"{more} No part of the picture or sound stands there, only what is said about it "
                "(such as EXIF), which may have been changed since."
            )
        return Finding(
            self.name,
            Claim.PROVENANCE,
            reason,
            kind="fact",
            subject="what the signature leaves out",
            bearing=Label.INCONCLUSIVE if loose.medium else None,
        )

    def _padding(self, place: tuple[int, int]) -> Finding:
        return Finding(
            self.name,
            Claim.PROVENANCE,
            f"Bytes {place[0]:,} to {place[1]:,}, spare room beside the signature, are not empty. "
            "No signature covers them: they were changed, or something is hidden there.",
            kind="fact",
            subject="room that is not signed",
            bearing=Label.INCONCLUSIVE,
        )

    def _declaration(self, said: Declaration) -> Finding:
        if said.proven:
            return Finding(
                self.name,
                Claim.PROVENANCE,
                f"The signed manifest says so itself: {said.what}.",
                kind="fact",
                subject="what made it",
                bearing=said.bearing,
            )
        reason = f"The manifest says: {said.what}. The manifest does not hold, so it is unproven."
        return Finding(
            self.name,
            Claim.PROVENANCE,
            reason,
            kind="fact",
            subject="what made it",
            bearing=Label.INCONCLUSIVE,
        )
