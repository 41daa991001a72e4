"""The protocol ``localization``: made collages through the real analyzer with shipped weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from unmask.bench.cases_face import WAYS, Person, answer, make_case, person
from unmask.bench.predictions import Prediction
from unmask.detectors.image.unmask_face.packing import Pack
from unmask.detectors.image.unmask_face.training import choose
from unmask.types import Claim

CASES = {"pyramid": 120, "seam": 60}
"""How many cases there are of each way of blending."""
SEED = 20_021


def localization(pack: Pack, data: Path) -> Iterator[Prediction]:
    """Collages of development portraits through the analyzer with the shipped weights."""
    people: dict[str, Person] = {}
    for index in choose(pack, "dev")[0]:
        item = pack.items[index]
        if item.source in ("lfw", "ffhq", "london") and item.group not in people:
            found = person(item.item_id, np.asarray(Image.open(data / item.media_id)))
            if found:
                people[item.group] = found
    groups = sorted(people)
    ways = [way for way in WAYS for _ in range(CASES[way])]
    for number, way in enumerate(ways):
        rng = np.random.default_rng([SEED, number])
        count = int(rng.integers(4, 8))
        drawn = [str(group) for group in rng.choice(groups, count + 1, replace=False)]
        case = make_case([people[g] for g in drawn[:-1]], people[drawn[-1]], rng, way)
        for group, said in zip(drawn[:-1], answer(case), strict=True):
            if said.score is None:
                continue
            family = way if said.forged else "untouched"
            yield Prediction(
                f"case-{number:03d}/{said.name}",
                f"case-{number:03d}",
                group,
                group.partition(":")[0],
                int(said.forged),
                family,
                Claim.FACE_MANIPULATED.value,
                "localization",
                "clean",
                said.score,
                localization=said.overlap,
            )
