"""How far apart faces and voices of one person and of two lie: measured and stored as pairs.

    python benchmarks/identity_pairs.py --data DIR --lfw lfw-deepfunneled

DIR holds manifest.jsonl. Vectors of people are not stored in the repository; with ``--keep FOLDER``
they are kept there for the next run.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np

from unmask.bench.identity import media
from unmask.bench.identity.pairs import ACROSS, TEST, Item, Pair, half, pairs
from unmask.bench.identity.rows import write_rows
from unmask.faces.embed import FaceEmbedder
from unmask.identity.cards import MEAN, PAIR
from unmask.identity.distance import mean_vector
from unmask.types import Tensor
from unmask.voices.embed import VoiceEmbedder

HOME = Path(__file__).resolve().parents[1]
STORED = HOME / "results" / "identity"
REFERENCES = 4
"""Recordings whose mean stands for a speaker."""
Vectors = list[tuple[Item, Tensor]]


def kept(path: Path | None, make: Callable[[], Iterable[tuple[Item, Tensor]]]) -> Vectors:
    """The vectors of a file of the folder for keeping; made and kept when there is none."""
    if path is not None and path.is_file():
        with np.load(path, allow_pickle=False) as file:
            table = {name: file[name].tolist() for name in file.files if name != "vector"}
            vectors = file["vector"]
        rows = [
            dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)
        ]
        return [
            (Item(**{**row, "traits": tuple(row["traits"])}), vector)
            for row, vector in zip(rows, vectors, strict=True)
        ]
    found = list(make())
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [asdict(item) for item, _ in found]
        columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        np.savez_compressed(path, vector=np.stack([v for _, v in found]), **columns)
    return found


def embedded(photos: Sequence[media.Sample], conditions: Sequence[str], processes: int) -> Vectors:
    """Vectors of photos; each person's photos go to one process."""
    own: dict[str, list[media.Sample]] = {}
    for photo in photos:
        own.setdefault(photo.item.identity, []).append(photo)
    everybody = list(own.values())
    chunks = [[one for own in everybody[i::processes] for one in own] for i in range(processes)]
    with ProcessPoolExecutor(processes) as pool:
        return [row for part in pool.map(_embedded, chunks, repeat(conditions)) for row in part]


def _embedded(photos: Sequence[media.Sample], conditions: Sequence[str]) -> Vectors:
    return list(media.face_vectors(photos, conditions, FaceEmbedder(threads=1)))


def face_pairs(found: Vectors) -> list[Pair]:
    """Each person's second photo, as it is and laundered, against first ones."""
    first: Vectors = []
    rest: Vectors = []
    seen: dict[str, str] = {}
    for item, vector in found:
        own = seen.setdefault(item.identity, item.item_id)
        if own == item.item_id and item.condition == "clean":
            first.append((item, vector))
        if own != item.item_id or item.source == "UTKFace":
            rest.append((item, vector))
    return pairs(first, rest, PAIR, strangers=10, alike=5) + across(first)


def across(first: Vectors) -> list[Pair]:
    """Each London person of the test half against strangers of LFW, as they are.

    Calibration sees none of these: two sources are told apart more easily than one from itself.
    """

    def of(source: str) -> Vectors:
        own = [(item, v) for item, v in first if item.source == source]
        return [(replace(item, source=ACROSS), v) for item, v in own if half(item.identity) == TEST]

    return pairs(of("LFW"), of("London"), PAIR, strangers=100)


def voice_pairs(found: Vectors) -> list[Pair]:
    """Recordings against clean ones, and against the mean of several of a speaker."""
    clean = [(item, vector) for item, vector in found if item.condition == "clean"]
    single = pairs(clean, found, PAIR, strangers=8, alike=4)
    by_speaker: dict[str, Vectors] = {}
    for item, vector in clean:
        by_speaker.setdefault(item.identity, []).append((item, vector))
    means, held = [], set()
    for who, own in by_speaker.items():
        if len({item.content for item, _ in own}) > REFERENCES:
            chosen = own[:REFERENCES]
            held |= {item.content for item, _ in chosen}
            name = replace(chosen[0][0], item_id=f"{who}:mean", content="")
            means.append((name, mean_vector(np.stack([vector for _, vector in chosen]))))
    probes = [(item, vector) for item, vector in found if item.content not in held]
    return single + pairs(means, probes, MEAN, strangers=8, alike=4)


def thinned(rows: list[Pair], most: int = 12) -> list[Pair]:
    """At most so many pairs of one person with the self, for each condition and table."""
    count: dict[tuple[str, str, str, int], int] = {}
    kept_rows = []
    for row in rows:
        key = (row.identity, row.condition, row.output, row.label)
        count[key] = count.get(key, 0) + 1
        if row.label or count[key] <= most:
            kept_rows.append(row)
    return kept_rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--lfw", type=Path, required=True)
    parser.add_argument("--london", type=Path, help="london_info.csv: traits of the London set")
    parser.add_argument("--vctk", type=Path, help="speaker-info.txt of VCTK")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()

    def place(name: str) -> Path | None:
        return given.keep / f"{name}.npz" if given.keep else None

    voice = VoiceEmbedder(1)
    recordings = media.voices(given.data, given.vctk)
    heard = kept(
        place("voices"),
        partial(media.voice_vectors, recordings, media.VOICE_CONDITIONS, voice),
    )
    rows = thinned(voice_pairs(heard))
    write_rows(STORED / "voice_identity.parquet", rows)
    print(f"voices: {len(heard)} vectors, {len(rows)} pairs", flush=True)

    sets = {
        "london": (media.london(given.data, given.london), media.FACE_CONDITIONS),
        "lfw": (media.lfw(given.lfw), media.FACE_CONDITIONS),
        "utkface": (media.utkface(given.data), ("clean",)),
    }
    seen: Vectors = []
    for name, (photos, conditions) in sets.items():
        seen += kept(place(name), partial(embedded, photos, conditions, given.processes))
        print(f"{name}: {len(seen)} vectors", flush=True)
    rows = face_pairs(seen)
    write_rows(STORED / "face_identity.parquet", rows)
    halves = sorted({half(row.identity) for row in rows})
    print(f"faces: {len(rows)} pairs in {halves}", flush=True)


if __name__ == "__main__":
    main()
