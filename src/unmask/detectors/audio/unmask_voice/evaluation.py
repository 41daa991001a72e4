"""Predictions of the voice detector, through the same windows and sums as a scan uses."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from unmask.bench import cases_voice as cases
from unmask.bench.predictions import Prediction
from unmask.detectors.audio.unmask_voice.items import HELD_OUT, METHODS, Item, load, read_items
from unmask.detectors.audio.unmask_voice.model import FRAMES, LEVEL, RATE, SAMPLES
from unmask.errors import DataError
from unmask.forge.launder_sound import CONDITIONS, apply, launder
from unmask.forge.vocode import resynthesise
from unmask.train.recipe import Recipe
from unmask.types import Samples, Tensor
from unmask.voices.hearing import Heard, Hearing

WHOLE, PART = "voice-synthetic", "voice-edited"
_SEVERAL = ("clean", "laundered:0.5", "laundered:1")
_MET = ("griffin-lim", "mel-griffin-lim", "world")
"""Vocoders that training has met: their inserts show what unseen recordings alone cost."""
_CONTROLS = (
    ("resemble-ai/Resemblyzer", "Edresson/YourTTS"),
    ("resemble-ai/Resemblyzer", "debian/klettres"),
    ("debian/asterisk-en", "debian/klettres"),
)


class Scorer:
    """The exported network behind the analyzer's own windows."""

    def __init__(self, onnx: Path) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session: Any = ort.InferenceSession(
            str(onnx), options, providers=["CPUExecutionProvider"]
        )

    def network(self, wave: Tensor) -> tuple[Tensor, Tensor]:
        """One batch of windows."""
        logit, frames = self._session.run(["logit", "frames"], {"wave": wave})
        return logit, frames

    def hear(self, samples: Samples) -> Heard:
        """A whole recording."""
        hearing = Hearing(self.network, SAMPLES, FRAMES)
        hearing.feed(np.asarray(samples, np.float32))
        return hearing.finish()


def predictions(recipe: Recipe, data: Path, onnx: Path, protocol: str) -> Iterator[Prediction]:
    """Rows of one protocol.

    ``calibration``: held groups and sources, clean and laundered, whole and with inserts.
    ``dev``: the development split, clean and under every condition. ``unseen``: recordings,
    speech generators and a vocoder that training never met. ``control``: pairs of real sources.
    ``loso:SOURCE``: that source's own recordings. ``localization``: a second of forged speech laid
    into unseen recordings by methods met and not met in training (``family``), each with its
    untouched twin; ``localization`` holds the larger edge
    error in seconds (infinite when missed). Raises DataError for another protocol.
    """
    scorer = Scorer(onnx)
    items = read_items(data)
    if protocol == "calibration":
        held = [item for item in items if item.split == "train" and item.held]
        yield from _wholes(scorer, held, protocol, _SEVERAL, copies=True)
        yield from _parts(scorer, held, recipe.seed)
    elif protocol == "dev":
        dev = [item for item in items if item.split == "dev"]
        yield from _wholes(scorer, dev, protocol, ("clean", *CONDITIONS))
    elif protocol == "unseen":
        yield from _unseen(scorer, data, items)
    elif protocol == "control":
        yield from _control(scorer, items)
    elif protocol.startswith("loso:"):
        source = protocol.partition(":")[2]
        chosen = [item for item in items if item.source == source]
        yield from _wholes(scorer, chosen, protocol, ("clean",))
    elif protocol == "localization":
        yield from _localization(scorer, data, items)
    else:
        raise DataError(
            f"There is no protocol {protocol!r}. Use calibration, dev, unseen, control, "
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


def _under(condition: str, samples: Samples, name: str) -> Samples:
    """A condition, or a random chain of the strength that ``laundered:`` names."""
    seed = zlib.crc32(f"{name}|{condition}".encode())
    kind, _, strength = condition.partition(":")
    if kind == "laundered":
        return launder(samples, RATE, np.random.default_rng(seed), float(strength))
    return apply(condition, samples, RATE, seed)


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
                heard = scorer.hear(_under(condition, samples, item.path.name))
                yield _row(item, label, family, protocol, condition, heard.score)


def _control(scorer: Scorer, items: Sequence[Item]) -> Iterator[Prediction]:
    for a, b in _CONTROLS:
        for label, source in ((0, a), (1, b)):
            reals = [item for item in items if item.source == source and not item.label]
            for item in reals[:: max(1, len(reals) // 80)]:
                score = scorer.hear(load(item.path)).score
                yield _row(item, label, "real", f"real-vs-real:{a}|{b}", "clean", score)


def synthetic(data: Path) -> dict[str, list[Samples]]:
    """Speech of generators kept out of training, by name, from ``data/unseen/NAME_*.wav``.

    Prepared as the other recordings: 16 kHz, one level.
    """
    found: dict[str, list[Samples]] = {}
    for path in sorted((data / "unseen").glob("*_*.wav")):
        wave, rate = soundfile.read(path, dtype="float32")
        wave = soxr.resample(wave, rate, RATE)
        wave = np.asarray(wave * (LEVEL / max(float(np.sqrt(np.mean(wave**2))), 1e-6)), np.float32)
        found.setdefault(path.stem.partition("_")[0], []).append(wave)
    return found


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
                heard = scorer.hear(_under(condition, fake, item.path.name))
                yield _row(item, 1, method, "unseen", condition, heard.score)
    for name, waves in synthetic(data).items():
        for number, wave in enumerate(waves):
            for condition in conditions:
                score = scorer.hear(_under(condition, wave, f"{name}{number}")).score
                key = f"{name}_{number:03d}"
                yield Prediction(
                    item_id=f"{key}@{condition}", media_id=key, group=key, source=name, label=1,
                    family=name, claim=WHOLE, protocol="unseen", condition=condition, score=score,
                )  # fmt: skip


def _recordings(items: Sequence[Item], most: int) -> list[cases.Recording]:
    clips = ((item.subject, item.source, item.group, load(item.path)) for item in items)
    by_speaker = list(cases.recordings(clips))
    by_speaker.sort(key=lambda recording: zlib.crc32(recording.name.encode()))
    return by_speaker[:most]


def _parts(scorer: Scorer, held: Sequence[Item], seed: int) -> Iterator[Prediction]:
    """Calibration of the part score: recordings of 8 s, left alone and with an insert."""
    reals = [item for item in held if not item.label]
    # Subjects differ in most held clips of some sources: there a source counts as one speaker.
    clips = ((item.source, item.source, item.group, load(item.path)) for item in reals)
    rng = np.random.default_rng(seed)
    for number, recording in enumerate(cases.recordings(clips)):
        method = str(rng.choice(METHODS))
        seconds = float(rng.uniform(0.6, 1.5))
        made = cases.case(recording, method, cases.vocoded(method), seconds, rng)
        for label, samples, family in ((0, recording.samples, "real"), (1, made.samples, method)):
            for condition in ("clean", "laundered:0.7"):
                heard = scorer.hear(_under(condition, samples, f"{recording.name}{number}"))
                key = f"{recording.name}/{family}"
                yield Prediction(
                    item_id=f"{key}@{condition}", media_id=key, group=recording.name,
                    source=recording.source, label=label, family=family, claim=PART,
                    protocol="calibration", condition=condition, score=heard.contrast,
                )  # fmt: skip


def _localization(scorer: Scorer, data: Path, items: Sequence[Item]) -> Iterator[Prediction]:
    unseen = [item for item in items if item.split in ("unseen", "dev") and not item.label]
    recordings = _recordings(unseen, 60)
    makers = {method: cases.vocoded(method) for method in (*HELD_OUT, *_MET)}
    makers |= {name: cases.spoken(waves) for name, waves in synthetic(data).items()}
    rng = np.random.default_rng(0)
    for number, recording in enumerate(recordings):
        rows = [cases.untouched(recording)]
        for name in sorted(makers):
            seconds = float(rng.uniform(0.8, 1.2))
            rows.append(cases.case(recording, name, makers[name], seconds, rng))
        for made in rows:
            answer = cases.answer(made)
            yield Prediction(
                item_id=f"{number}:{made.name}", media_id=made.name, group=made.group,
                source=made.source, label=int(made.span is not None), family=made.method,
                claim=PART, protocol="localization", condition="clean", score=answer.score,
                localization=answer.error,
            )  # fmt: skip
