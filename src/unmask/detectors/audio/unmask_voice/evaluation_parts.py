"""Predictions of the part score: calibration, and made cases with a known place."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from unmask.cards.card import read_card
from unmask.detectors.audio.unmask_voice import cases, cuts
from unmask.detectors.audio.unmask_voice.items import HELD_OUT, Item, load
from unmask.detectors.audio.unmask_voice.scenes import METHODS, spoken
from unmask.detectors.audio.unmask_voice.scoring import Scorer, under
from unmask.detectors.audio.unmask_voice.spectra import RATE
from unmask.metrics.predictions import Prediction
from unmask.types import Samples

PART = "voice-edited"
MET = ("griffin-lim", "mel-griffin-lim", "world")
"""Vocoders that training has met: their inserts show what unseen recordings alone cost."""
_CONDITIONS = ("clean", "laundered:0.5", "laundered:1")
_ROUNDS = 3
"""How often the clips of a speaker are joined in another order for calibration."""


def recordings(items: Sequence[Item], rounds: int = 1) -> list[cases.Recording]:
    """Recordings of one speaker each, in an order that depends on their names alone."""
    made: dict[str, cases.Recording] = {}
    for turn in range(rounds):
        order = np.random.default_rng(turn).permutation(len(items)) if turn else range(len(items))
        mixed = [items[int(i)] for i in order]
        clips = ((item.subject, item.source, item.group, load(item.path)) for item in mixed)
        for recording in cases.recordings(clips):
            name = f"{recording.name}/{turn}" if turn else recording.name
            made[name] = cases.Recording(name, recording.source, recording.group, recording.samples)
    return sorted(made.values(), key=lambda recording: zlib.crc32(recording.name.encode()))


def dialogues(items: Sequence[Item], count: int, seed: int) -> list[cases.Recording]:
    """Turns of two speakers of one source, with pauses of faint noise: nothing is forged."""
    rng = np.random.default_rng((seed, 7))
    by_source: dict[str, dict[str, list[Item]]] = {}
    for item in items:
        by_source.setdefault(item.source, {}).setdefault(item.subject, []).append(item)
    several = sorted(source for source, speakers in by_source.items() if len(speakers) > 1)
    made = []
    for number in range(count if several else 0):
        source = several[number % len(several)]
        speakers = by_source[source]
        pair = [speakers[str(name)] for name in rng.choice(sorted(speakers), 2, replace=False)]
        turns = []
        for turn in range(6):
            wave = load(pair[turn % 2][int(rng.integers(len(pair[turn % 2])))].path)
            turns.append(wave[: int(rng.uniform(0.8, 2.2) * RATE)])
        samples = cuts.row(turns, rng, (0.15, 0.6))
        name = f"{source}:dialogue{number}"
        group = f"{pair[0][0].group}+{pair[1][0].group}"
        made.append(cases.Recording(name, source, group, samples))
    return made


def calibration(
    scorer: Scorer, data: Path, held: Sequence[Item], seed: int
) -> Iterator[Prediction]:
    """Held recordings and dialogues left alone, and the recordings with an insert of a met kind."""
    reals = [item for item in held if not item.label]
    fakes = [load(item.path) for item in held if item.label]
    makers = {method: cases.vocoded(method) for method in METHODS}
    makers |= {name: cases.spoken(waves) for name, waves in spoken(data / "spoken").items()}
    makers["generated"] = cases.spoken(fakes)
    rng = np.random.default_rng(seed)
    long, short = running(reals)
    alone = recordings(short, _ROUNDS) + long
    rows: list[tuple[cases.Recording, int, str, Samples]] = []
    for recording in alone:
        rows.append((recording, 0, "real", recording.samples))
        others = [load(item.path) for item in reals if item.source != recording.source]
        kinds = makers | {"splice": cases.spoken(others[:40])}
        method = str(rng.choice(sorted(kinds)))
        made = cases.case(recording, method, kinds[method], float(rng.uniform(0.6, 1.5)), rng)
        rows.append((recording, 1, method, made.samples))
    talks = dialogues(short, len(alone) // 2, seed)
    rows += [(recording, 0, "dialogue", recording.samples) for recording in talks]
    for recording, label, family, samples in rows:
        for condition in _CONDITIONS:
            heard = scorer.hear(under(condition, samples, f"{recording.name}{family}"))
            key = f"{recording.name}/{family}"
            yield Prediction(
                item_id=f"{key}@{condition}", media_id=key, group=recording.group,
                source=recording.source, label=label, family=family, claim=PART,
                protocol="calibration", condition=condition, score=heard.evidence,
            )  # fmt: skip


def running(items: Sequence[Item]) -> tuple[list[cases.Recording], list[Item]]:
    """Recordings that are long enough for parts as they are; and the items too short for it."""
    least = float(read_card(Path(__file__).with_name("card.toml")).parameters["least_for_parts"])
    long, short = [], []
    for item in items:
        wave = load(item.path)
        if wave.size < least * RATE:
            short.append(item)
        else:
            long.append(cases.Recording(item.path.stem, item.source, item.group, wave))
    return long, short


def localization(data: Path, items: Sequence[Item]) -> Iterator[Prediction]:
    """A forged second in each unseen recording, by every way; recordings left alone; dialogues.

    ``condition`` says whether a recording was joined of clips or is one that runs on.
    """
    unseen = [item for item in items if item.split in ("unseen", "dev") and not item.label]
    long, short = running(unseen)
    makers = {method: cases.vocoded(method) for method in (*HELD_OUT, *MET)}
    makers |= {name: cases.spoken(waves) for name, waves in spoken(data / "unseen").items()}
    waves = [(item.source, load(item.path)) for item in unseen]
    rng = np.random.default_rng(0)
    rows = [("joined", cases.untouched(recording)) for recording in recordings(short, _ROUNDS)]
    rows += [("running", cases.untouched(recording)) for recording in long]
    chosen = recordings(short)
    for recording in dialogues(short, len(chosen), seed=0):
        alone = cases.untouched(recording)
        made = cases.Case(alone.name, alone.source, alone.group, "dialogue", alone.samples, None)
        rows.append(("joined", made))
    for kind, recording in [("joined", r) for r in chosen] + [("running", r) for r in long]:
        others = [wave for source, wave in waves if source != recording.source]
        for name, make in sorted((makers | {"splice": cases.spoken(others)}).items()):
            made = cases.case(recording, name, make, float(rng.uniform(0.8, 1.2)), rng)
            rows.append((kind, made))
    for number, (kind, made) in enumerate(rows):
        answer = cases.answer(made)
        yield Prediction(
            item_id=f"{number}:{made.name}", media_id=made.name, group=made.group,
            source=made.source, label=int(made.span is not None), family=made.method, claim=PART,
            protocol="localization", condition=kind, score=answer.score,
            localization=answer.error,
        )  # fmt: skip
