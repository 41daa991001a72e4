"""How many copies within a picture are found, and how many untouched pictures are marked.

    python benchmarks/copy_move.py --data DIR --more DIR          # all of it, about 20 minutes
    python benchmarks/copy_move.py                                # the page from what is stored

``--data`` holds ``images`` with a folder a source, ``--more`` the public sources of
``datasets/whole_files/sources.toml``. Only pictures whose name falls in the second half are used:
the thresholds of ``unmask.copymove`` were chosen on the first. Rows are stored one by one, in an
order that looks drawn, and a run that was stopped goes on where it was. Writes
results/copy_move.md.
"""

from __future__ import annotations

import argparse
import io
import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.progress import track

from unmask.copymove.copies import look
from unmask.errors import MediaError
from unmask.forge.copy_move import SHAPES, Copied, Move, copied
from unmask.media import Limits, read_image
from unmask.types import Pixels

RESULTS = Path(__file__).resolve().parents[1] / "results"
PAGE, STORED = RESULTS / "copy_move.md", RESULTS / "copy_move.jsonl"
HOSTS = ("bsds500", "codec-corpus", "imagenet")
UNTOUCHED = {
    "bsds500": 250, "codec-corpus": 150, "imagenet": 100, "prnu": 30,
    "lfw": 150, "utkface": 100, "ffhq": 140, "london": 100,
}  # fmt: skip
"""Sources of untouched pictures, and how many of each."""
SEEN = {"lfw": 200}
"""The first pictures of a source that are left out: by them straight edges and stretched places
were held back."""
SIDES = (48, 64, 96, 128)
LONGEST = 1024
ENDINGS = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class Row:
    """One picture: what was done and what was found. ``overlap``: of the worse place (IoU);
    ``score``: of the surest copy that was stated, 0 without one."""

    name: str
    source: str
    way: str
    side: int
    saved: str
    found: bool
    overlap: float
    score: float
    seconds: float
    megapixels: float


Task = tuple[str, Callable[[], Row | None]]
"""The name of a picture, and looking at it."""


def ways(rng: np.random.Generator, side: int) -> dict[str, Move]:
    """The ways in which a piece is moved, drawn anew for every picture."""
    plain = Move(side, shape=str(rng.choice(SHAPES)), feather=float(rng.choice([0.5, 1.0, 2.0])))
    angle = float(rng.uniform(10, 350))
    scale = float(np.exp(rng.uniform(np.log(0.7), np.log(1.4))))
    return {
        "moved": plain,
        "turned": replace(plain, angle=angle),
        "mirrored": replace(plain, mirrored=True),
        "scaled": replace(plain, scale=scale),
        "turned, mirrored, scaled": replace(plain, angle=angle, scale=scale, mirrored=True),
    }


def pictures(folder: Path) -> list[Path]:
    """The pictures of a source kept for this, in a fixed order that looks drawn."""
    every = sorted(one for one in folder.rglob("*") if one.suffix.lower() in ENDINGS)
    order = {one: zlib.crc32(one.name.encode()) for one in every}
    return sorted((one for one in every if order[one] % 2), key=order.__getitem__)


def read(path: Path) -> Pixels | None:
    try:
        return read_image(path, Limits())
    except MediaError:
        return None


def forged(folders: dict[str, Path], each: int) -> Iterator[Task]:
    """Pictures with a copied part, to be made and looked at."""
    plans = [(side, way, "JPEG 90") for side in SIDES for way in ways(np.random.default_rng(0), 48)]
    plans += [
        (96, way, saved)
        for saved in ("JPEG 95", "JPEG 75", "JPEG 60", "75 % of the size, JPEG 90")
        for way in ("moved", "turned, mirrored, scaled")
    ]
    hosts = {source: pictures(folders[source]) for source in HOSTS}
    for number, (side, way, saved) in enumerate(plan for plan in plans for _ in range(each)):
        source = HOSTS[number % len(HOSTS)]
        path = hosts[source][number // len(HOSTS) % len(hosts[source])]
        name = f"{path.name} {number}"
        yield name, partial(changed, path, number, name, source, way, side, saved)


def changed(
    path: Path, number: int, name: str, source: str, way: str, side: int, saved: str
) -> Row | None:
    pixels = read(path)
    if pixels is None:
        return None
    small = Image.fromarray(pixels)
    small.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    rng = np.random.default_rng([zlib.crc32(path.name.encode()), number])
    made = copied(np.asarray(small), ways(rng, side)[way], rng)
    return None if made is None else judged(made, name, source, way, side, saved)


def judged(made: Copied, name: str, source: str, way: str, side: int, saved: str) -> Row:
    pixels, places = made.pixels, (made.source, made.target)
    if "of the size" in saved:
        size = round(pixels.shape[1] * 0.75), round(pixels.shape[0] * 0.75)
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
        places = tuple(np.asarray(Image.fromarray(one).resize(size)) for one in places)
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "JPEG", quality=int(saved.split()[-1]))
    shown = np.asarray(Image.open(packed).convert("RGB"))
    begun = time.process_time()
    looked = look(shown)
    seconds = time.process_time() - begun
    assert looked.shrunk == 1
    overlap = max(
        (min(_iou(a, b) for a, b in zip(order, places, strict=True))
         for copy in looked.copies
         for order in ((copy.first, copy.second), (copy.second, copy.first))),
        default=0.0,
    )  # fmt: skip
    size = shown.shape[0] * shown.shape[1] / 1e6
    score = max((copy.score for copy in looked.copies), default=0.0)
    found = overlap >= 0.1
    return Row(name, source, way, side, saved, found, overlap, score, seconds, size)


def _iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def untouched(folders: dict[str, Path]) -> Iterator[Task]:
    """Pictures as they are; ``found`` is then a false alarm."""
    for source, most in UNTOUCHED.items():
        begin = SEEN.get(source, 0)
        for path in pictures(folders[source])[begin : begin + most]:
            yield path.name, partial(left_alone, path, source)


def left_alone(path: Path, source: str) -> Row | None:
    pixels = read(path)
    if pixels is None:
        return None
    begun = time.process_time()
    copies = look(pixels).copies
    seconds = time.process_time() - begun
    size = pixels.shape[0] * pixels.shape[1] / 1e6
    score = max((copy.score for copy in copies), default=0.0)
    return Row(path.name, source, "untouched", 0, "", bool(copies), 0.0, score, seconds, size)


def _line(name: str, rows: list[Row]) -> str:
    found = [row for row in rows if row.found]
    placed = sum(row.overlap >= 0.5 for row in found)
    share = f"{placed / len(found):.0%}" if found else "–"
    return f"| {name} | {len(rows)} | {len(found) / len(rows):.0%} | {share} |"


def page(made: list[Row], real: list[Row]) -> str:
    """The report."""
    head = ["files", "found", "of these with IoU ≥ 0.5 at both places"]

    def table(title: str, groups: dict[str, list[Row]]) -> list[str]:
        lines = [f"| {' | '.join([title, *head])} |", "|---|---:|---:|---:|"]
        return [*lines, *(_line(name, rows) for name, rows in groups.items() if rows), ""]

    usual = [row for row in made if row.saved == "JPEG 90"]
    altered = [row for row in usual if row.way != "moved"]
    names = list(ways(np.random.default_rng(0), 48))
    saves = sorted({row.saved for row in made})
    text = [
        "# Copies within a picture",
        "",
        "Made by `benchmarks/copy_move.py`: pieces of photographs laid at another place, anywhere, "
        "smooth places among them, with a soft rim; and untouched pictures. Thresholds were chosen "
        "on other pictures of the same sources. Straight edges and stretched places were held "
        "back after false alarms among 200 pictures of LFW, which are left out, and one of "
        "codec-corpus, which is not. *Found*: a copy is stated and both of its "
        "places overlap the true ones (IoU ≥ 0.1).",
        "",
        f"**{np.mean([row.found for row in altered]):.0%} of {len(altered)} turned, mirrored or "
        f"scaled copies of 48 to 128 pixels at JPEG 90 are found; {sum(r.found for r in real)} of "
        f"{len(real)} untouched pictures are marked.**",
        "",
        "## Found, JPEG 90",
        "",
        *table("side of the piece", {f"{s} px": [r for r in usual if r.side == s] for s in SIDES}),
        *table("how it was moved", {n: [r for r in usual if r.way == n] for n in names}),
        *table("picture", {n: [r for r in usual if r.source == n] for n in HOSTS}),
        "## Found, pieces of 96 pixels, by how the picture was saved",
        "",
        *table("saved", {
            n: [r for r in made if r.saved == n and r.side == 96
                and r.way in ("moved", "turned, mirrored, scaled")] for n in saves
        }),
        "## Untouched pictures",
        "",
        "| source | files | marked | seconds of one core a picture | for a megapixel |",
        "|---|---:|---:|---:|---:|",
    ]  # fmt: skip
    for name in (*UNTOUCHED, "all"):
        rows = [row for row in real if name in (row.source, "all")]
        if rows:
            seconds = sum(row.seconds for row in rows)
            size = sum(row.megapixels for row in rows)
            text.append(
                f"| {name} | {len(rows)} | {sum(row.found for row in rows)} | "
                f"{seconds / len(rows):.2f} | {seconds / size:.2f} |"
            )
    return "\n".join(text) + "\n"


def stored() -> list[Row]:
    """The rows of all pictures that were looked at."""
    if not STORED.exists():
        return []
    return [Row(**json.loads(line)) for line in STORED.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--more", type=Path)
    parser.add_argument("--each", type=int, default=15, help="pictures of each way and size")
    given = parser.parse_args()
    if given.data and given.more:
        images = given.data / "images"
        folders = {
            name: images / name if (images / name).is_dir() else given.more / name
            for name in UNTOUCHED
        }
        done = {row.name for row in stored()}
        tasks = [*untouched(folders), *forged(folders, given.each)]
        tasks = sorted(
            (t for t in tasks if t[0] not in done), key=lambda t: zlib.crc32(t[0].encode())
        )
        with STORED.open("a", encoding="utf-8") as file:
            for _, task in track(tasks, "pictures"):
                row = task()
                if row is not None:
                    file.write(json.dumps(asdict(row)) + "\n")
                    file.flush()
    rows = stored()
    real = [row for row in rows if row.way == "untouched"]
    made = [row for row in rows if row.way != "untouched"]
    PAGE.write_text(page(made, real), encoding="utf-8")


if __name__ == "__main__":
    main()
