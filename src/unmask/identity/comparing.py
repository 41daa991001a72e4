"""One file against one person: a scan with the comparison alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from unmask.errors import UnfitReferences
from unmask.feeding import Progress
from unmask.identity.references import SEPARATOR, Person, people
from unmask.media import probe
from unmask.scanning import scan
from unmask.settings import make_settings
from unmask.types import Kind, Label, MediaInfo, Report, Vote

ANALYZER = "identity"


def compare(
    path: str | Path,
    reference: str | Path | Sequence[str | Path],
    *,
    progress: Progress | None = None,
    **values: Any,
) -> Report:
    """Is this really that person?

    ``reference``: a folder of authentic photos, videos and recordings of one person, or a profile
    (its path or name). Of several, the first is the person whom the file claims to show, and the
    others are compared with as well. ``values`` are settings by name, as for ``scan``.

    The report is that of a scan: *manipulated* says that the file shows another person, in whole
    or in a stretch.
    Raises UnfitReferences when the references are too few, too poor, of two people, or lack what
    the file could be compared by; MediaError, SettingError, UnknownName, StoreError, ModelError.
    """
    several = [reference] if isinstance(reference, str | Path) else list(reference)
    text = SEPARATOR.join(str(one) for one in several)
    settings = make_settings(**values, analyzers=(ANALYZER,), reference=text)
    _check(probe(Path(path)), people(text, settings.threads))
    report = scan(path, settings, progress=progress)
    return replace(report, verdict=replace(report.verdict, reason=_reason(report)))


def _check(media: MediaInfo, persons: Sequence[Person]) -> None:
    """Raise UnfitReferences when the claimed person's references lack all that the file has."""
    if not persons:
        raise UnfitReferences("No reference is named. Give a folder or a profile: --reference")
    first = persons[0]
    face, voice = media.kind is not Kind.AUDIO, media.audio_codec is not None
    if (face and first.face is not None) or (voice and first.voice is not None):
        return
    lacking = dict(first.lacking)
    why = "; ".join(lacking[s] for s in ("face", "voice") if s in lacking and _has(media, s))
    raise UnfitReferences(
        f"The references of {first.name} do not suffice for this file: "
        f"{why or 'it has neither picture nor sound'}. Add authentic material of that kind."
    )


def _has(media: MediaInfo, sense: str) -> bool:
    return media.kind is not Kind.AUDIO if sense == "face" else media.audio_codec is not None


def _reason(report: Report) -> str:
    """Why the verdict is what it is, in the words of the findings that make it."""
    scores = [finding for finding in report.findings if finding.kind == "score"]
    label = report.verdict.label
    if not scores:
        missing = [item for item in report.not_checked if item.analyzer == ANALYZER]
        if missing:
            return f"Nothing could be compared: {missing[0].why}."
        return report.verdict.reason
    wanted = {Label.MANIPULATED: Vote.FORGED, Label.NO_SIGN: Vote.CLEAR}.get(label)
    said = [f.reason for f in scores if f.vote is wanted]
    if label is Label.INCONCLUSIVE:
        said = [f.reason for f in scores if f.vote is Vote.UNDECIDED]
        said += [f.reason for f in report.findings if f.bearing is Label.INCONCLUSIVE]
    return " ".join(dict.fromkeys(said)) or report.verdict.reason
