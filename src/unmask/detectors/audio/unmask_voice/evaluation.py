"""Predictions of the voice detector, through the same windows and sums as a scan uses."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from unmask.detectors.audio.unmask_voice import evaluation_parts as parts
from unmask.detectors.audio.unmask_voice.items import HELD_OUT, METHODS, Item, load, read_items
from unmask.detectors.audio.unmask_voice.scenes import spoken
from unmask.detectors.audio.unmask_voice.scoring import Scorer, under
from unmask.detectors.audio.unmask_voice.spectra import RATE
from unmask.errors import DataError
from unmask.forge.launder_sound import CONDITIONS
from unmask.forge.vocode import resynthesise
from unmask.metrics.predictions import Prediction
from unmask.train.recipe import Recipe

WHOLE = "voice-synthetic"
_SEVERAL = ("clean", "laundered:0.5", "laundered:1")
_CONTROLS = (
    ("resemble-ai/Resemblyzer", "Edresson/YourTTS"),
    ("resemble-ai/Resemblyzer", "debian/klettres"),
    ("debian/asterisk-en", "debian/klettres"),
)


def predictions(recipe: Recipe, data: Path, onnx: Path, protocol: str) -> Iterator[Prediction]:
    """Rows of one protocol.

    ``calibration``: held groups and sources, clean and laundered, whole and with inserts.
    ``dev``: the development split, clean and under every condition. ``unseen``: recordings,
    speech generators and a vocoder that training never met. ``foreign``: makers, languages and
    home microphones of ``material/pages.toml`` kept for a test. ``control``: pairs of real sources.
    ``loso:SOURCE``: that source's own recordings. ``localization``: a second of forged speech laid
    into unseen recordings by methods met and not met in training (``family``), beside recordings
    left alone and dialogues; ``localization`` holds the larger edge error in seconds (infinite when
    missed). Raises DataError for another protocol.
    """
    scorer = Scorer(onnx)
    items = read_items(data)
    if protocol == "calibration":
        held = [item for item in items if item.split == "train" and item.held]
        held = [item for item in held if not item.copy_of]
        yield from _wholes(scorer, held, protocol, _SEVERAL, copies=True)
        yield from parts.calibration(scorer, data, [i for i in held if not i.page], recipe.seed)
    elif protocol == "dev":
        dev = [item for item in items if item.split == "dev"]
        yield from _wholes(scorer, dev, protocol, ("clean", *CONDITIONS))
    elif protocol == "unseen":
        yield from _unseen(scorer, data, items)
    elif protocol == "control":
        yield from _control(scorer, items)
    elif protocol.startswith("loso:"):
        source = protocol.partition(":")[2]
        chosen = [item for item in items if item.source == source and not item.copy_of]
        yield from _wholes(scorer, chosen, protocol, ("clean",))
    elif protocol == "foreign":
        foreign = [item for item in items if item.split == "foreign"]
        yield from _wholes(scorer, foreign, protocol, ("clean",))
    elif protocol == "localization":
        yield from parts.localization(data, items)
    else:
        raise DataError(
            f"There is no protocol {protocol!r}. Use calibration, dev, unseen, foreign, control, "
            "loso:SOURCE or localization."
        )


def _row(
    item: Item, label: int, family: str, protocol: str, condition: str, score: float
) -> Prediction:
    name = f"{item.path.stem}/{family}" if family != (item.system or "real") else item.path.stem
    return Prediction(
        item_id=f"{name}@{condition}", media_id=name, group=item.group, source=item.source,
        label=label, family=family, claim=WHOLE, protocol=protocol, condition=condition,
        score=score,
    )  # fmt: skip


def _wholes(
    scorer: Scorer,
    items: Sequence[Item],
    protocol: str,
    conditions: Sequence[str],
    copies: bool = False,
) -> Iterator[Prediction]:
    for item in items:
        wave = load(item.path)
        versions = [(item.label, item.system or "real", wave)]
        rng = np.random.default_rng(zlib.crc32(item.path.name.encode()))
        if copies and not item.label and rng.random() < 0.4:
            method = str(rng.choice(METHODS))
            versions.append((1, method, resynthesise(method, wave, RATE, rng)))
        for label, family, samples in versions:
            for condition in conditions:
                heard = scorer.hear(under(condition, samples, item.path.name))
                yield _row(item, label, family, protocol, condition, heard.score)


def _control(scorer: Scorer, items: Sequence[Item]) -> Iterator[Prediction]:
    for a, b in _CONTROLS:
        for label, source in ((0, a), (1, b)):
            reals = [item for item in items if item.source == source and not item.label]
            for item in reals[:: max(1, len(reals) // 80)]:
                score = scorer.hear(load(item.path)).score
                yield _row(item, label, "real", f"real-vs-real:{a}|{b}", "clean", score)


def _unseen(scorer: Scorer, data: Path, items: Sequence[Item]) -> Iterator[Prediction]:
    conditions = ("clean", "mp3:32", "noise:20dB")
    reals = [item for item in items if item.split == "unseen"]
    yield from _wholes(scorer, reals, "unseen", conditions)
    for item in reals[::3]:
        wave = load(item.path)
        for method in HELD_OUT:
            rng = np.random.default_rng(zlib.crc32(item.path.name.encode()))
            fake = resynthesise(method, wave, RATE, rng)
            for condition in conditions:
                heard = scorer.hear(under(condition, fake, item.path.name))
                yield _row(item, 1, method, "unseen", condition, heard.score)
    for name, waves in spoken(data / "unseen").items():
        for number, wave in enumerate(waves):
            for condition in conditions:
                score = scorer.hear(under(condition, wave, f"{name}{number}")).score
                key = f"{name}_{number:03d}"
                yield Prediction(
                    item_id=f"{key}@{condition}", media_id=key, group=key, source=name, label=1,
                    family=name, claim=WHOLE, protocol="unseen", condition=condition, score=score,
                )  # fmt: skip
