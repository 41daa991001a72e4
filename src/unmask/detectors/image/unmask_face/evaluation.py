"""Predictions of ``unmask_face`` under every protocol.

Fakes are made from the very reals they are measured against, with seeds and people that training
never saw; the family ``pyramid`` is a way of blending that training does not use. Fakes made by
others stand against reals brought to the same face size and codec (condition ``matched``).
``clip`` is a picture filmed by a swaying camera, ``video`` a true video: both are scored by the
mean over frames.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from unmask.datasets.whole_files.listing import GATHERED
from unmask.detectors.image.unmask_face.cases import Person, replaced
from unmask.detectors.image.unmask_face.localization import localization
from unmask.detectors.image.unmask_face.packing import Item, Pack
from unmask.detectors.image.unmask_face.sampling import Donors
from unmask.detectors.image.unmask_face.scoring import Scorer, crop, film, in_turn
from unmask.detectors.image.unmask_face.training import choose
from unmask.errors import DataError
from unmask.forge.blend import FAMILIES, forge
from unmask.forge.launder import CONDITIONS, apply, launder
from unmask.metrics.predictions import Prediction
from unmask.train.recipe import Recipe
from unmask.types import Box, Claim, Pixels

_SEED = 20_021
_FACE = 120.0
_MATCHED = "matched"
_CLIP = "clip"
"""A still picture filmed with a swaying camera: what the mean over a video's frames comes to."""
_BASES = ("ffhq", "london", "lfw")
COUNTERPART = {"omi": "ffhq", "generated_faces": "london", "diff2lip": "diff2lip"}
"""The real source against which a held-out source of fakes stands; both are left out together."""
_CONTROLS = (("lfw", "utkface"), ("lfw", "ffhq"), ("lfw", "london"), ("ffhq", "london"))
_SUBSET = 160


def _row(
    item: Item,
    label: int,
    family: str,
    protocol: str,
    condition: str,
    score: float,
    source: str = "",
) -> Prediction:
    made = f"#{family}" if label and not item.label else ""
    return Prediction(
        item.item_id + made,
        item.media_id + made,
        item.group,
        source or item.source,
        label,
        family,
        Claim.FACE_MANIPULATED.value,
        protocol,
        condition,
        score,
        item.gender,
        item.age_band,
        item.ethnicity,
    )


def _made(pack: Pack, donors: Donors, index: int, family: str, rng: np.random.Generator) -> Pixels:
    """A fake of a family made from a packed real."""
    target = pack.portrait(index)
    near = donors.near(index, rng)
    if family != "pyramid":
        return forge(family, target, pack.portrait(near), rng).pixels
    other = pack.portrait(near)
    one = Person("", target.pixels, pack.box(index), target.points)
    return replaced(one, Person("", other.pixels, pack.box(near), other.points))[0]


def _pairs(
    pack: Pack,
    reals: list[int],
    donors: Donors,
    score: Scorer,
    protocol: str,
    conditions: tuple[str, ...],
) -> Iterator[Prediction]:
    """A real and one fake made from it, families in turn, under each condition."""
    families = (*FAMILIES, "pyramid")
    for index in reals:
        item, box = pack.items[index], pack.box(index)
        rng = np.random.default_rng([_SEED, index])
        family = families[index % len(families)]
        real = pack.pixels(index)
        fake = _made(pack, donors, index, family, rng)
        for condition in conditions:
            both = []
            for pixels in (real, fake):
                if condition == "mixed":
                    seeded = np.random.default_rng([_SEED, index, 1])
                    both.append(crop(launder(pixels, seeded, 0.7), box))
                elif condition == _CLIP:
                    both.append(film(pixels, box, [_SEED, index, 2]))
                else:
                    both.append(crop(apply(condition, pixels), box))
            scores = score(both)
            yield _row(item, 0, "real", protocol, condition, scores[0])
            yield _row(item, 1, family, protocol, condition, scores[1])


def _matched(pack: Pack, index: int) -> Pixels:
    """A face at ``_FACE`` pixels and JPEG quality 88, whatever it was before."""
    box = pack.box(index)
    scale = _FACE / max(box.width, box.height)
    pixels = pack.pixels(index)
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
    moved = Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale)
    return crop(apply("jpeg:88", small), moved)


def _third_party(
    pack: Pack, reals: list[int], fakes: list[int], score: Scorer, protocol: str
) -> Iterator[Prediction]:
    """Fakes made by others against reals of the same size and codec."""
    for source in sorted({pack.items[i].source for i in fakes}):
        mine = [i for i in fakes if pack.items[i].source == source]
        bases = (source,) if source == "diff2lip" else _BASES
        against = [i for base in bases for i in reals if pack.items[i].source == base][:120]
        for index in [*mine, *against]:
            item = pack.items[index]
            value = score([_matched(pack, index)])[0]
            family = item.method if item.label else "real"
            yield _row(item, item.label, family, protocol, _MATCHED, value, source)


def _videos(pack: Pack, indices: list[int], score: Scorer, protocol: str) -> Iterator[Prediction]:
    """True videos as the analyzer scores them: the mean over frames, looks in turn."""
    of: dict[str, list[int]] = defaultdict(list)
    for index in indices:
        if "@" in pack.items[index].item_id:
            of[pack.items[index].media_id].append(index)
    for media, frames in sorted(of.items()):
        looks = in_turn([pack.pixels(i) for i in frames], [pack.box(i) for i in frames])
        item = replace(pack.items[frames[0]], item_id=media)
        family = item.method if item.label else "real"
        value = score([looks])[0]
        yield _row(item, item.label, family, protocol, "video", value)


def _held_source(pack: Pack, source: str, score: Scorer, protocol: str) -> Iterator[Prediction]:
    """All items of one source, as weights that never saw it score them.

    Of the gathered photographs those of the sources that were kept from training.
    """
    reals = pack.where(source=source, label=0)
    if source == GATHERED:
        reals = [i for i in pack.where(split="dev") if pack.items[i].source.startswith(GATHERED)]
    fakes = pack.where(source=source, label=1)
    rng = np.random.default_rng(_SEED)
    if reals:
        chosen = [int(i) for i in rng.permutation(reals)[:400]]
        yield from _pairs(pack, chosen, Donors(pack, reals), score, protocol, ("clean",))
    if fakes:
        against = pack.where(source=COUNTERPART[source], label=0)
        chosen = [int(i) for i in rng.permutation(fakes)[:300]]
        yield from _third_party(pack, against, chosen, score, protocol)


def predictions(recipe: Recipe, data: Path, onnx: Path, protocol: str) -> Iterator[Prediction]:
    """Score the items of a protocol: calibration, dev, control, localization or loso:SOURCE.

    Raises DataError for another protocol or missing data.
    """
    more = recipe.settings.get("more", "")
    pack = Pack(data, Path(more) if more else None)
    if protocol == "localization":
        yield from localization(pack, data)
        return
    score = Scorer(onnx)
    if protocol.startswith("loso:"):
        yield from _held_source(pack, protocol.partition(":")[2], score, protocol)
        return
    part = "calibration" if protocol == "calibration" else "dev"
    reals, fakes = choose(pack, part)
    if protocol == "calibration":
        donors = Donors(pack, reals)
        yield from _pairs(pack, reals, donors, score, protocol, ("clean", "mixed"))
        yield from _pairs(pack, reals[::2], donors, score, protocol, (_CLIP,))
        yield from _videos(pack, reals + fakes, score, protocol)
        yield from _third_party(pack, reals, fakes, score, protocol)
    elif protocol == "dev":
        donors = Donors(pack, reals)
        yield from _pairs(pack, reals, donors, score, protocol, ("clean",))
        order = np.random.default_rng(_SEED).permutation(reals)[:_SUBSET]
        rest = (*(name for name in CONDITIONS if name != "clean"), _CLIP)
        yield from _pairs(pack, [int(i) for i in order], donors, score, protocol, rest)
        yield from _videos(pack, reals + fakes, score, protocol)
        yield from _third_party(pack, reals, fakes, score, protocol)
    elif protocol == "control":
        yield from _control(pack, reals, score)
    else:
        raise DataError(
            f"There is no protocol {protocol!r}. "
            "There are: calibration, dev, control, localization, loso:SOURCE."
        )


def _control(pack: Pack, reals: list[int], score: Scorer) -> Iterator[Prediction]:
    """Real against real: the second source carries the label 1."""
    for pair in _CONTROLS:
        for label, source in enumerate(pair):
            for index in [i for i in reals if pack.items[i].source == source]:
                value = score([crop(pack.pixels(index), pack.box(index))])[0]
                protocol = f"real-vs-real:{'|'.join(pair)}"
                yield _row(pack.items[index], label, "real", protocol, "clean", value)
