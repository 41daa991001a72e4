"""The protocol ``localization``: made cases through the real analyzer with shipped weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from unmask.detectors.image.unmask_face.cases import WAYS, Case, Person, answer, make_case, person
from unmask.detectors.image.unmask_face.cases_group import cases, groups, untouched
from unmask.detectors.image.unmask_face.packing import Pack
from unmask.detectors.image.unmask_face.training import choose
from unmask.metrics.predictions import Prediction
from unmask.types import Claim

CASES = {"pyramid": 120, "seam": 60}
"""How many collages there are of each way of blending."""
DONORS = 4
"""Donors that each face of a photographed group gets in each way."""
COLLAGE, GROUP = "clean", "group photo"
SEED = 20_021


def localization(pack: Pack, data: Path) -> Iterator[Prediction]:
    """Collages of development portraits, and the user's photographs of groups if there are any."""
    people: dict[str, Person] = {}
    for index in choose(pack, "dev")[0]:
        item = pack.items[index]
        if item.source in ("lfw", "ffhq", "london") and item.group not in people:
            found = person(item.item_id, np.asarray(Image.open(data / item.media_id)))
            if found:
                people[item.group] = found
    names = sorted(people)
    ways = [way for way in WAYS for _ in range(CASES[way])]
    for number, way in enumerate(ways):
        rng = np.random.default_rng([SEED, number])
        count = int(rng.integers(4, 8))
        drawn = [str(name) for name in rng.choice(names, count + 1, replace=False)]
        case = make_case([people[g] for g in drawn[:-1]], people[drawn[-1]], rng, way)
        yield from _rows(case, f"case-{number:03d}", way, COLLAGE, drawn[:-1])
    photos = list(groups(data))
    donors = [people[name] for name in names]
    for photo in photos:
        case = untouched(photo)
        yield from _rows(case, photo.name, "", GROUP, case.names)
    for name, way, case in cases(photos, donors, WAYS, DONORS, SEED):
        yield from _rows(case, name, way, GROUP, case.names)


def _rows(
    case: Case, name: str, way: str, condition: str, people: Sequence[str]
) -> Iterator[Prediction]:
    """What the analyzer said of every face of a case that it judged."""
    for person_name, said in zip(people, answer(case), strict=True):
        if said.score is None:
            continue
        yield Prediction(
            f"{name}/{said.name}",
            name,
            person_name,
            condition if condition == GROUP else person_name.partition(":")[0],
            int(said.forged),
            way if said.forged else "untouched",
            Claim.FACE_MANIPULATED.value,
            "localization",
            condition,
            said.score,
            localization=said.overlap,
        )
