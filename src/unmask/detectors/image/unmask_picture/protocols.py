"""Which pictures each protocol judges, and under which launderings."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.whole_files.listing import GATHERED
from unmask.detectors.image.unmask_picture.cases import (
    BOTH,
    NO_MASK,
    SIMULATED,
    Case,
    Cases,
    seeded,
)
from unmask.errors import DataError
from unmask.forge.splice import FAMILIES
from unmask.forge.splice import HELD_OUT as HELD_OUT_EDITS

Drawn = Iterator[tuple[Case, str]]
"""Cases, each with the name of a laundering."""
FAKES = ("omi", "omi_edit", "generated_faces")
MATCHED = ("ffhq", "london")
LAUNDERINGS = (
    *("jpeg:90", "jpeg:70", "jpeg:50", "webp:50", "resize:0.5", "blur:1.5"),
    *("noise:3", "h264:28", "h264:36", "screenshot", "processed"),
)
"""``processed`` is one drawn operation of ``forge.processing``, another for every picture."""
LAUNDERED = 6
"""Photos of each source that are laundered in all these ways."""


def calibration(cases: Cases) -> Drawn:
    """Real pictures of the calibration part, and one edit and one re-synthesis of each."""
    kinds = {"imagenet": 60, "packaged": 60, "ffhq": 60, "london": 40, "lfw": 60, "utkface": 40}
    kinds |= {GATHERED: 30}
    families = (*FAMILIES, "inpaint")
    names = (*sorted(cases.made.networks), *SIMULATED)
    for photo in cases.chosen(["calibration"], kinds):
        for case in cases.real(photo, 5):
            rng = seeded(case.name, "calibration")
            yield case, "clean"
            yield case, "random"
            if not cases.forgeable(case):
                continue
            yield case, ("blur:1.5", "resize:0.5", "blur:0.8")[int(rng.integers(3))]
            yield case, ("h264:28", "h264:36", "processed", "processed")[int(rng.integers(4))]
            forged = cases.edited(case, families[int(rng.integers(len(families)))])
            yield forged, "random" if rng.random() < 0.5 else "clean"
            forged = cases.generated(case, names[int(rng.integers(len(names)))])
            yield forged, "random" if rng.random() < 0.5 else "clean"
    for photo in cases.chosen(["calibration"], dict.fromkeys((*FAKES, *MATCHED), 60)):
        case = cases.matched(photo)
        yield case, "clean"
        yield case, "random"


def dev(cases: Cases) -> Drawn:
    """The development part: every family clean, and a subset under every laundering."""
    kinds = {"imagenet": 60, "packaged": 60, "ffhq": 60, "london": 30, "lfw": 40, "utkface": 30}
    kinds |= {GATHERED: 25}
    edits = (*FAMILIES, "inpaint", *HELD_OUT_EDITS, "inpaint-unseen")
    whole = (*sorted(cases.made.networks), *SIMULATED, *sorted(cases.unseen.networks))
    photos = cases.chosen(["dev"], kinds)
    seen: dict[str, int] = {}
    number = 0
    for photo in photos:
        for case in cases.real(photo, 2):
            yield case, "clean"
            if not cases.forgeable(case):
                continue
            made = [cases.edited(case, edits[(number + i * 3) % len(edits)]) for i in range(2)]
            made += [cases.generated(case, whole[(number + i * 6) % len(whole)]) for i in range(3)]
            for forged in made:
                yield forged, "clean"
            seen[photo.source] = seen.get(photo.source, 0) + 1
            if seen[photo.source] <= LAUNDERED:
                for condition in LAUNDERINGS:
                    for one in (case, made[0], made[2]):
                        yield one, condition
            number += 1
    for photo in cases.chosen(["dev"], dict.fromkeys((*FAKES, *MATCHED), 60)):
        yield cases.matched(photo), "clean"


def left_out(cases: Cases, source: str) -> Drawn:
    """A source that training did not see: its reals and forgeries of them, or its fakes.

    Of the gathered photographs those of the sources that were kept from training.
    """
    every = ["dev"] if source == GATHERED else ["train", "calibration", "dev"]
    if source in FAKES:
        others = cases.chosen(["calibration", "dev"], dict.fromkeys(MATCHED, 60))
        for photo in (*cases.chosen(every, {source: 60}), *others):
            yield cases.matched(photo), "clean"
        return
    families = (*FAMILIES, "inpaint")
    names = (*sorted(cases.made.networks), *SIMULATED)
    for photo in cases.chosen(every, {source: 60 if source == GATHERED else 48}):
        for case in cases.real(photo, 1):
            rng = seeded(case.name, "loso")
            if not cases.forgeable(case):
                continue
            yield case, "clean"
            yield cases.edited(case, families[int(rng.integers(len(families)))]), "clean"
            yield cases.generated(case, names[int(rng.integers(len(names)))]), "clean"


CONTROLS = ("lfw|utkface", "ffhq|imagenet", "ffhq|london", "imagenet|packaged")


def control(cases: Cases, pair: str) -> Drawn:
    """Two real sources; pictures of the second one carry label 1."""
    first, _, second = pair.partition("|")
    photos = cases.chosen(["calibration", "dev"], {first: 40, second: 40})
    for photo in photos:
        for case in cases.real(photo, 1):
            if not cases.forgeable(case):
                continue
            label = int(photo.source == second)
            yield (
                Case(photo, case.name, case.pixels, label, "real", BOTH, NO_MASK),
                "clean",
            )


def localization(cases: Cases) -> Drawn:
    """Edits made in ways that training did not use, on photos that it did not see."""
    kinds = {"imagenet": 60, "packaged": 30, "ffhq": 20, "london": 12}
    for photo in cases.chosen(["calibration", "dev"], kinds):
        for case in filter(cases.forgeable, cases.real(photo, 1)):
            for family in (*HELD_OUT_EDITS, "inpaint-unseen"):
                yield cases.edited(case, family), "clean"


def unseen(cases: Cases) -> Drawn:
    """Frames of real videos, forged by all kinds of edits and by generators kept from training."""
    edits = (*FAMILIES, *HELD_OUT_EDITS, "inpaint-unseen")
    whole = sorted(cases.unseen.networks)
    donors = [photo for photo in cases.photos if photo.part == "dev" and not photo.label]
    for number, photo in enumerate(cases.frames):
        for case in filter(cases.forgeable, cases.real(photo, 1)):
            made = [
                cases.edited(case, edits[(number + i * 3) % len(edits)], donors) for i in (0, 1)
            ]
            made.append(cases.generated(case, whole[number % len(whole)]))
            for one in (case, *made):
                for condition in ("clean", "jpeg:70", "h264:28"):
                    yield one, condition


def drawn(cases: Cases, protocol: str) -> Drawn:
    """The cases of a protocol; names as in ``evaluation.predictions``. Raises DataError."""
    name, _, rest = protocol.partition(":")
    known = {
        "calibration": calibration,
        "dev": dev,
        "localization": localization,
        "unseen": unseen,
    }
    if name in known:
        return known[name](cases)
    if name == "loso" and rest:
        return left_out(cases, rest)
    if name == "real-vs-real" and "|" in rest:
        return control(cases, rest)
    raise DataError(
        f"No protocol is called {protocol!r}. There are: calibration, dev, unseen, localization, "
        "loso:SOURCE, real-vs-real:A|B and control."
    )
