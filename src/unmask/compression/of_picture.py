"""What the saving of a picture tells, in words."""

from __future__ import annotations

import math

import numpy as np

from unmask.analyzers.base import Result
from unmask.compression.fact import NAME, fact
from unmask.compression.picture import Saving, read
from unmask.compression.regions import GAIN
from unmask.compression.tables import setting
from unmask.decision.evidence import LAID, SAVED
from unmask.errors import MediaError
from unmask.types import Absent, Box, Finding, Label, Mask, MediaInfo, NotChecked, Where

_BLOCKS = "earlier savings as JPEG, of the whole picture and of its parts"
_MOST_BOXES = 4


def stated(media: MediaInfo) -> Result:
    """Findings about a still picture."""
    try:
        saving = read(media.file)
    except MediaError as error:
        return Result(not_checked=(NotChecked(NAME, _BLOCKS, str(error)),))
    findings = [_region(saving)] if saving.region is not None else []
    findings += [_earlier(saving)] if saving.earlier else []
    findings += [_last(saving)] if saving.tables else []
    if saving.why:
        reason = saving.why[0].upper() + saving.why[1:] + "."
        return Result(tuple(findings), (NotChecked(NAME, _BLOCKS, reason),))
    absent = []
    if saving.region is None:
        absent.append(Absent(NAME, "a part of the picture that was saved differently"))
    if not saving.earlier:
        absent.append(Absent(NAME, "traces of an earlier saving as JPEG"))
    return Result(tuple(findings), _thinned(saving), tuple(absent))


def _thinned(saving: Saving) -> tuple[NotChecked, ...]:
    if saving.stride == 1:
        return ()
    why = (
        f"The picture is large: one block of 8 × 8 pixels in {saving.stride**2} was looked at, "
        f"so parts smaller than about {64 * saving.stride} pixels may be missed."
    )
    return (NotChecked(NAME, "every block of the picture", why),)


def _region(saving: Saving) -> Finding:
    assert saving.region is not None
    share = f"{max(0.01, float(saving.region.mean())):.0%}"
    rest, part = _past(saving.earlier), _past(saving.part)
    reason = (
        f"A part of the picture ({share} of it) was saved differently from the rest: "
        f"{rest} shows in the rest, {part} in the part. "
        "It may have been pasted in or changed after that saving."
    )
    left, top, width, height = saving.box
    mask = Mask(saving.region.astype(np.float32), Box(left, top, width, height))
    return fact(
        reason=reason,
        where=Where(boxes=_boxes(saving), masks=(mask,)),
        subject="a part of the picture",
        bearing=Label.INCONCLUSIVE,
        sign=_sign(saving),
        details={
            "earlier quality of the rest": saving.earlier or "none seen",
            "earlier quality of the part": saving.part or "none seen on this grid",
            "evidence (nats)": round(saving.gain),
            "degree": round(1 + math.log(saving.gain / GAIN), 3),
        },
    )


def _sign(saving: Saving) -> str:
    """What the region counts as.

    That the rest was saved before and the part was not is what pasting leaves, and is seen in
    hardly any authentic picture. The reverse and two earlier qualities are: textures look like it.
    """
    return LAID if saving.earlier and not saving.part else SAVED


def _past(quality: int) -> str:
    return f"an earlier saving at about JPEG quality {quality}" if quality else "no earlier saving"


def _boxes(saving: Saving) -> tuple[Box, ...]:
    """One rectangle around each piece of the region, the largest first."""
    from unmask.compression.regions import parts

    assert saving.region is not None
    left, top, width, height = saving.box
    rows, columns = saving.region.shape
    down, across = height / rows, width / columns
    boxes = []
    for piece in list(parts(saving.region))[:_MOST_BOXES]:
        ys, xs = np.nonzero(piece.any(axis=1))[0], np.nonzero(piece.any(axis=0))[0]
        x, y = left + xs[0] * across, top + ys[0] * down
        wide, high = (xs[-1] - xs[0] + 1) * across, (ys[-1] - ys[0] + 1) * down
        boxes.append(Box(float(x), float(y), float(wide), float(high)))
    return tuple(boxes)


def _earlier(saving: Saving) -> Finding:
    if saving.tables:
        reason = (
            "The whole picture was saved as JPEG at least twice: "
            f"before the last time at about quality {saving.earlier}."
        )
    else:
        cropped = " and cropped since" if any(saving.origin) else ""
        reason = (
            f"The picture was a JPEG before: saved at about quality {saving.earlier}{cropped}, "
            "and then written as something else."
        )
    return fact(
        reason=f"{reason} Sending, cropping and editing programs all do this.",
        subject="earlier saving",
        details={
            "earlier quality": saving.earlier,
            "evidence (nats a block)": round(saving.strength, 2),
            "grid begins at": list(saving.origin),
        },
    )


def _last(saving: Saving) -> Finding:
    found = setting(saving.tables[0])
    about = f"quality {found.quality}" if found.exact else f"about quality {found.quality}"
    whose = f"the table of {found.encoder}" if found.exact else "a table that is not a known one"
    colours = f", colours at {saving.sampling}" if saving.sampling else ""
    way = "progressive" if saving.progressive else "baseline"
    return fact(
        reason=f"Last saved as JPEG at {about} ({whose}){colours}, {way}.",
        subject="last saving",
        details={
            "quality": found.quality,
            "encoder": found.encoder,
            "source": found.source,
            "chroma sampling": saving.sampling,
            "luma table": " ".join(map(str, saving.tables[0].reshape(-1).tolist())),
        },
    )
