"""How much speech, and how clean, a comparison of voices needs (docs/identity.md).

python benchmarks/identity_voice_gate.py --data DIR     # measure anew
python benchmarks/identity_voice_gate.py                # tables from the stored rows
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from unmask.bench.identity import media
from unmask.bench.identity.page import fill
from unmask.bench.identity.pairs import Item, Pair, pairs
from unmask.bench.identity.rows import read_rows, write_rows
from unmask.bench.statistics import interval
from unmask.errors import MediaError
from unmask.forge.launder_sound import apply
from unmask.identity.cards import MEAN, operating
from unmask.identity.distance import mean_vector
from unmask.metrics.detection import eer
from unmask.types import Samples, Tensor
from unmask.voices.embed import VoiceEmbedder, speech_only
from unmask.voices.recognise import Hearable, hearable

HOME = Path(__file__).resolve().parents[1]
PAIRS = HOME / "results" / "identity" / "voice_gate_pairs.parquet"
PROBES = HOME / "results" / "identity" / "voice_gate_probes.parquet"
REFERENCES, MOST_PROBES = 4, 3
SECONDS = (0.4, 0.8, 1.2, 1.6, 2.0, 4.0)
CHANNELS = (
    "clean", "noise:30dB", "noise:20dB", "noise:15dB", "noise:10dB", "noise:5dB",
    "lowpass:3400", "telephone", "mp3:32", "opus:16",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Probe:
    """What the gate measured of one recording under one condition."""

    item: str
    condition: str
    seconds: float
    noise_ratio: float
    band: float


Spoken = tuple[Item, Tensor, Hearable | None]


def spoken(recordings: Sequence[media.Sample]) -> list[Spoken]:
    """The reference (condition "mean") and all probes of one speaker."""
    embedder = VoiceEmbedder(1)
    sounds: list[Samples] = [soundfile.read(one.path, dtype="float32")[0] for one in recordings]
    references = embedder.embed_all(sounds[:REFERENCES])
    first = recordings[0].item
    name = replace(first, item_id=f"{first.identity}:mean", content="", condition="mean")
    found: list[Spoken] = [(name, mean_vector(references), None)]
    rest = list(zip(recordings, sounds, strict=True))[REFERENCES:]
    for one, sound in rest[:MOST_PROBES]:
        for condition in CHANNELS:
            changed = apply(condition, sound, media.RATE)
            try:
                heard = hearable(changed)
                vector = embedder.embed(changed)
            except MediaError:
                continue
            found.append((replace(one.item, condition=condition), vector, heard))
    speech = np.concatenate([speech_only(sound) for _, sound in rest])
    for seconds in SECONDS:
        size = int(seconds * media.RATE)
        for number in range(min(MOST_PROBES, speech.size // size)):
            vector = embedder.embed_speech(speech[number * size : (number + 1) * size])
            item = replace(
                rest[0][0].item,
                item_id=f"{first.identity}:{number}",
                condition=f"{seconds} s",
                content="",
            )
            found.append((item, vector, None))
    return found


def measure(data: Path, processes: int) -> None:
    """Measure all speakers with recordings enough and store the rows."""
    own: dict[str, list[media.Sample]] = {}
    for sample in media.voices(data):
        known = own.setdefault(sample.item.identity, [])
        if sample.item.content not in {one.item.content for one in known}:
            known.append(sample)
    many = [known for known in own.values() if len(known) > REFERENCES]
    with ProcessPoolExecutor(processes) as pool:
        found = [row for part in pool.map(spoken, many) for row in part]
    means = [(item, vector) for item, vector, _ in found if item.condition == "mean"]
    probes = [(item, vector) for item, vector, _ in found if item.condition != "mean"]
    write_rows(PAIRS, pairs(means, probes, MEAN, strangers=8))
    rows = [
        Probe(item.item_id, item.condition, heard.seconds, heard.noise_ratio, heard.band)
        for item, _, heard in found
        if heard is not None
    ]
    write_rows(PROBES, rows)


def tables(rows: Sequence[Pair], probes: Sequence[Probe]) -> str:
    """Errors by seconds of speech and by channel; what the gate refuses."""
    limit = operating("voice_identity", REFERENCES).threshold(0.01)
    lines = [
        "| speech | pairs same / other | EER | false alarms at 1 % | misses at 1 % |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [_line(f"{seconds} s", rows, limit) + " |" for seconds in SECONDS]
    lines += [
        "",
        "| channel (2 s) | pairs same / other | EER | false alarms at 1 % | misses at 1 % | speech "
        "over noise, median | band, median | refused |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for channel in CHANNELS:
        own = [probe for probe in probes if probe.condition == channel]
        refused = [bool(Hearable(p.seconds, p.noise_ratio, p.band).problem()) for p in own]
        lines.append(
            f"{_line(channel, rows, limit)} | {np.median([p.noise_ratio for p in own]):.0f} dB | "
            f"{np.median([p.band for p in own]):.0f} dB | {100 * np.mean(refused):.0f} % |"
        )
    return "\n".join(lines)


def _line(condition: str, rows: Sequence[Pair], limit: float) -> str:
    own = [row for row in rows if row.condition == condition]
    labels = np.array([row.label for row in own])
    scores = np.array([row.score for row in own])
    low, high = interval(lambda i: eer(labels[i], scores[i]), [row.identity for row in own], 100)
    same, other = scores[labels == 0], scores[labels == 1]
    return (
        f"| {condition} | {len(same)} / {len(other)} | {100 * eer(labels, scores):.1f} % "
        f"({100 * low:.1f}–{100 * high:.1f}) | {100 * (same > limit).mean():.1f} % | "
        f"{100 * (other <= limit).mean():.1f} %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    if given.data:
        measure(given.data, given.processes)
    fill("voice gate", tables(read_rows(PAIRS, Pair), read_rows(PROBES, Probe)))


if __name__ == "__main__":
    main()
