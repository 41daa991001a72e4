"""Faults of a dataset that make results on it worthless: leaks between splits and of format."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from unmask.datasets.fingerprints import NEAR, Fingerprint, fingerprints, near_pairs
from unmask.datasets.leaks import Pair, pairs, sources
from unmask.datasets.manifest import SPLITS, Item, Manifest
from unmask.datasets.parallel import spread
from unmask.datasets.splits import crossing, place
from unmask.datasets.traits import traits
from unmask.datasets.variants import by_class, contents

VARIANTS = 0.1
"""Share of the pictures of a class that may show what another one shows already."""
SAMPLE = 400
"""Files of a source whose traits are read. More make the areas a little surer."""
_SHOWN = 20  # pairs of files that a fault names
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: its kind, a sentence, how often, and the first cases."""

    kind: str
    what: str
    count: int
    items: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a manifest, and how many files were looked at."""

    faults: tuple[Fault, ...]
    pairs: tuple[Pair, ...]
    items: int
    fingerprints: int
    traits: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "clean": not self.faults}


def check(
    manifest: Manifest,
    sample: int = SAMPLE,
    processes: int = 1,
    progress: Progress = lambda done, of, what: None,
) -> Checked:
    """Look for duplicates, shared identities and format leaks in a manifest.

    All files are hashed and fingerprinted (of a video taken apart, three frames); traits are read
    of up to ``sample`` files of each source; variants of one picture are looked for in some.
    ``progress(done, of, what)`` is told how far it is.
    """
    items = _looked_at([item for item in manifest.items if item.kind != "text"])
    known, unread = _look(manifest, items, _seen, processes, progress, "fingerprints")
    hashes = {number: digest for number, (digest, _) in known.items()}
    prints = {number: found for number, (_, found) in known.items()}
    chosen = _sampled([item for item in items if item.item_id in known], sample)
    read, more = _look(manifest, chosen, traits, processes, progress, "traits")
    found = pairs(chosen, read)
    faults = [
        *_unreadable({**unread, **more}),
        *_shared(manifest.items),
        *_texts(manifest.items),
        *_exact(items, hashes),
        *_near(items, prints, hashes),
        *_variants(manifest, chosen, progress),
        *(_leak(pair) for pair in found if pair.leaks),
    ]
    count = sum(1 for value in prints.values() if value)
    return Checked(tuple(faults), tuple(found), len(manifest), count, len(read))


def _look(
    manifest: Manifest,
    items: Sequence[Item],
    work: Callable[[Path], Any],
    processes: int,
    progress: Progress,
    what: str,
) -> tuple[dict[str, Any], dict[str, str]]:
    """What ``work`` gives for each item's file, and why it gave nothing."""
    made: dict[str, Any] = {}
    failed: dict[str, str] = {}
    paths = [item.path for item in items]
    found = spread(partial(_under, manifest.root, work), paths, processes)
    for done, (item, (_, value)) in enumerate(zip(items, found, strict=True), 1):
        if isinstance(value, str):
            failed[item.item_id] = value
        else:
            made[item.item_id] = value
        progress(done, len(items), what)
    return made, failed


def _under(root: Path, work: Callable[[Path], Any], path: str) -> Any:
    return work(root / path)


def _seen(path: Path) -> tuple[bytes, tuple[Fingerprint, ...]]:
    """Hash of the bytes, and fingerprints."""
    found = fingerprints(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest(), found


def _looked_at(items: Sequence[Item]) -> list[Item]:
    """Each file once a split, and three frames of a video that was taken apart.

    A few numbers a row are held, and no name.
    """
    files = np.fromiter((hash((item.path, item.split)) for item in items), np.int64, len(items))
    first = np.sort(np.unique(files, return_index=True)[1])
    names = ((items[at].media_id, items[at].split) for at in first)
    media = np.fromiter(map(hash, names), np.int64, len(first))
    order = np.argsort(media, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(media[order])), len(order) - 1) + 1
    begins = np.append(0, ends[:-1])
    places = np.concatenate([begins, begins + (ends - begins) // 2, ends - 1])
    return [items[at] for at in first[np.unique(order[places])]] if len(first) else []


def _sampled(items: Sequence[Item], most: int) -> list[Item]:
    """Up to ``most`` items of each kind, class, source and generator: those with the first hash."""
    sides: dict[tuple[str, int, str], list[Item]] = defaultdict(list)
    for item in sorted(items, key=lambda one: place(one.item_id)):
        sides[item.kind, item.label, sources(item)[-1]].append(item)
    return [item for side in sides.values() for item in side[:most]]


def _unreadable(failed: dict[str, str]) -> list[Fault]:
    if not failed:
        return []
    number, why = next(iter(failed.items()))
    items = tuple((number,) for number in list(failed)[:_SHOWN])
    return [Fault("unreadable", f"cannot be read, first {number}: {why}", len(failed), items)]


def _shared(items: Sequence[Item]) -> list[Fault]:
    """Groups, media and subjects that stand in several splits."""
    faults = []
    named: dict[str, tuple[str, Callable[[Item], str]]] = {
        "group": ("groups stand in several splits", lambda item: item.group),
        "medium": ("videos have frames in several splits", lambda item: item.media_id),
        "identity": ("persons stand in several splits", lambda item: item.subject),
    }
    for kind, (what, name) in named.items():
        cut = crossing(items, name)
        if cut:
            first = next(iter(cut))
            said = f"{what}, first {first!r} in {' and '.join(cut[first])}"
            faults.append(Fault(kind, said, len(cut), tuple((g,) for g in list(cut)[:_SHOWN])))
    return faults


def _texts(items: Sequence[Item]) -> list[Fault]:
    """Texts that stand word for word in several splits."""
    texts = [item for item in items if item.kind == "text"]
    cut = crossing(texts, lambda item: " ".join(item.text.split()).lower())
    if not cut:
        return []
    first = next(iter(cut))
    said = f"texts stand word for word in several splits, first {first[:60]!r}"
    return [Fault("duplicate", said, len(cut), tuple((text,) for text in list(cut)[:_SHOWN]))]


def _exact(items: Sequence[Item], hashes: dict[str, bytes]) -> list[Fault]:
    same: dict[bytes, list[Item]] = defaultdict(list)
    for item in items:
        if item.item_id in hashes:
            same[hashes[item.item_id]].append(item)
    across = [rows for rows in same.values() if len({row.split for row in rows}) > 1]
    both = [rows for rows in same.values() if len({row.label for row in rows}) > 1]
    faults = []
    for kind, what, found in (
        ("duplicate", "files stand byte for byte in several splits", across),
        ("contradiction", "files are called both real and forged", both),
    ):
        if found:
            named = tuple(tuple(row.item_id for row in rows) for rows in found[:_SHOWN])
            said = f"{what}, first {' and '.join(named[0][:2])}"
            faults.append(Fault(kind, said, len(found), named))
    return faults


def _near(
    items: Sequence[Item],
    prints: dict[str, tuple[Fingerprint, ...]],
    hashes: dict[str, bytes],
) -> list[Fault]:
    """Files of different splits that look or sound the same and are not the same bytes."""
    gaps: dict[tuple[str, str], int] = {}
    sides: dict[tuple[str, str], list[tuple[Item, Fingerprint]]] = defaultdict(list)
    for item in items:
        family = "audio" if item.kind == "audio" else "picture"
        sides[family, item.split] += [(item, found) for found in prints.get(item.item_id, ())]
    for family in NEAR:
        for one, two in combinations(SPLITS, 2):
            left, right = sides[family, one], sides[family, two]
            for i, j, gap in near_pairs([p for _, p in left], [p for _, p in right], NEAR[family]):
                a, b = left[i][0].item_id, right[j][0].item_id
                if hashes[a] != hashes[b]:
                    gaps[a, b] = min(gap, gaps.get((a, b), gap))
    if not gaps:
        return []
    ranked = sorted(gaps, key=lambda pair: gaps[pair])
    said = f"pairs across splits are nearly the same, first {' and '.join(ranked[0])}"
    return [Fault("near-duplicate", said, len(gaps), tuple(ranked[:_SHOWN]))]


def _variants(manifest: Manifest, items: Sequence[Item], progress: Progress) -> list[Fault]:
    """Pictures of one class and of several groups that are variants of far fewer."""
    faults = []
    for label, pictures in sorted(by_class(items).items()):
        what = ("real", "forged")[label]
        say = partial(_said, progress, f"{what} contents")
        shown = contents(pictures, manifest.file, say)
        count = sum(map(len, shown))
        if count - len(shown) > VARIANTS * count:
            named = tuple(tuple(i.item_id for i in same) for same in shown if len(same) > 1)
            said = (
                f"{what} pictures of groups of their own show only {len(shown)} pictures, first "
                f"{' and '.join(named[0][:2])}; give variants of one picture the same group"
            )
            faults.append(Fault("variants", said, count, named[:_SHOWN]))
    return faults


def _said(progress: Progress, what: str, done: int, of: int) -> None:
    progress(done, of, what)


def _leak(pair: Pair) -> Fault:
    worst = [f"{name} {area:.2f}" for name, area in pair.features[:3] if area > 0.55]
    said = (
        f"{pair.kind}: {pair.real!r} (real) is told from {pair.fake!r} (forged) by format alone: "
        f"AUC {pair.auc:.2f} ± {2 * pair.se:.2f}; alone: {', '.join(worst) or 'no single trait'}"
    )
    return Fault("format", said, 1, ((pair.real, pair.fake),))
