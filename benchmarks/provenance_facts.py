"""Signed manifests: signed, changed, stripped and hostile files, and untouched originals.

    export PYTHONPATH=tests:tests/provenance
    python benchmarks/provenance_facts.py --data DIR      # the cases and their table

``--data``: a folder with ``manifest.jsonl`` (path, kind, source a row). Certificates are made on
the spot; files are signed with c2pa-python and changed with exiftool, jpegtran, Pillow, optipng,
pngcrush, gifsicle, cwebp, ffmpeg, lame and sox, as far as these are installed. To be quick, the
library reads most files in this process; files signed and left alone, and hostile ones, are read as
a scan does it, in a process of their own.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path
from statistics import median

import provenance_made as made
from fact_table import publish
from hostile_stores import hostile, in_png, png, store_of
from provenance_look import Bench, absent, anything, changed, doubted, says, valid

import sign_media
from sign_media import MIMES, SOURCE, statement
from unmask.provenance.boxes import walk
from unmask.provenance.find import find_store
from unmask.provenance.store import in_file
from unmask.types import Label

_ISO = ("mp4", "mov", "m4a", "avif", "heic")
EACH, NEGATIVES = 2, 45
QUICK = 5.0
_KINDS = dict.fromkeys(made.PICTURES, "picture") | dict.fromkeys(("mp4", "mov", "avi"), "video")


def flip(data: bytes, at: int, draw: random.Random) -> bytes:
    turned = bytearray(data)
    turned[at] ^= 1 << draw.randrange(8)
    return bytes(turned)


def byte_of(path: Path, part: str, text: bytes = b"") -> int:
    """Where in a file a part of its manifest begins to say ``text``, or else ends."""
    store, _ = find_store(path)
    assert store is not None
    box = next(box for name, box in walk(store.data).items() if name.endswith(part))
    at = store.data.index(text, box.start, box.end) if text else box.end - 1
    return in_file(store.pieces, at, at + 1)[0]


def inside(path: Path) -> set[int]:
    """Every byte of a file's manifest store."""
    store, _ = find_store(path)
    assert store is not None
    return {at for p in store.pieces for at in range(p.offset, p.offset + p.length)}


def signed_and_changed(bench: Bench, files: dict[str, list[Path]]) -> None:
    draw = random.Random(1)
    for ending, paths in files.items():
        what = _KINDS.get(ending, "recording")
        for number, path in enumerate(paths):
            whole = bench.sign(path)
            bench.add(f"signed {what}: said to be valid", whole, valid, apart=not number)
            data = whole.read_bytes()
            store = inside(whole)
            for turn in range(3):
                at = draw.choice(_media_bytes(data, ending, store))
                bench.add(
                    "one byte of the pixels or the sound flipped",
                    bench.write(f"pixel-{turn}-{whole.name}", flip(data, at, draw)),
                    changed,
                )
            at = byte_of(whole, "c2pa.actions.v2", b"digitalCapture") + draw.randrange(14)
            bench.add(
                "one letter of a statement replaced",
                bench.write(f"said-{whole.name}", data[:at] + b"x" + data[at + 1 :]),
                changed,
            )
            at = byte_of(whole, "c2pa.signature") - draw.randrange(60)
            bench.add(
                "one byte of the signature flipped",
                bench.write(f"value-{whole.name}", flip(data, at, draw)),
                changed,
            )
            for turn in range(6):
                at = draw.choice(sorted(store))
                name = f"any-{turn}-{whole.name}"
                bench.add(
                    "any byte of the manifest flipped: flagged or doubted",
                    bench.write(name, flip(data, at, draw)),
                    doubted,
                )
            free = ending in _ISO
            bench.add(
                "a free box added behind the end (ISO)" if free else "bytes added behind the end",
                bench.write(f"more-{whole.name}", data + b"\0\0\0\x18free" + bytes(16)),
                changed,
            )
            bench.add(
                "the last tenth cut off: flagged, doubted, or absent with it",
                bench.write(f"less-{whole.name}", data[: -len(data) // 10]),
                lambda r: doubted(r) or absent(r),
            )


def handled(bench: Bench, files: dict[str, list[Path]]) -> None:
    for tool, (endings, change) in made.TOOLS.items():
        for ending in endings:
            path = files[ending][0]
            whole = bench.sign(path)
            to = bench.folder / f"{len(bench.cases)}-{path.name}"
            if change(whole, to) and to.is_file() and to.read_bytes() != whole.read_bytes():
                stays = made.kept(to)
                name = f"{tool}: {'changed' if stays else 'absent'}"
                bench.add(name, to, changed if stays else absent)


def _media_bytes(data: bytes | bytearray, ending: str, store: set[int]) -> range | list[int]:
    """Bytes of pixels or sound."""
    if ending in _ISO:
        at = data.index(b"mdat")
        return range(at + 8, at + int.from_bytes(data[at - 4 : at], "big") - 8)
    low = len(data) // 2
    return [at for at in range(low, len(data) - 12) if at not in store] or list(range(200, 400))


def told(bench: Bench, pictures: list[Path]) -> None:
    maker = sign_media.identity("Model Works")
    edit = statement("", {"action": "c2pa.cropped"}, tool="Editor")
    part = {"action": "c2pa.edited", "digitalSourceType": SOURCE + "trainedAlgorithmicMedia"}
    for path in pictures:
        ending = path.suffix[1:]
        mine, theirs = bench.sign(path), bench.sign(path, bench.other)
        bench.add(
            "signer in the trust list: said",
            mine,
            lambda r: "Your trust list vouches" in r.findings[0].reason,
            trust=True,
        )
        bench.add(
            "signer not in the trust list: said",
            theirs,
            lambda r: "does not vouch" in r.findings[0].reason and not doubted(r),
            trust=True,
        )
        bench.add(
            "no trust list: said",
            mine,
            lambda r: "nobody said whom to trust" in r.findings[0].reason,
        )
        generated = bench.sign(path, maker, said=statement("trainedAlgorithmicMedia"))
        bench.add("declared as made by an AI model", generated, says(Label.SYNTHETIC))
        for said in (
            statement("compositeWithTrainedAlgorithmicMedia"),
            statement("digitalCapture", part),
        ):
            composed = bench.sign(path, maker, said=said)
            bench.add("declared as having AI parts", composed, says(Label.MANIPULATED))
        edited = bench.sign(generated, said=edit, setup=sign_media.editing)
        bench.add("an edit of a file declared as AI", edited, says(Label.SYNTHETIC))
        component = (
            {"title": "p", "relationship": "componentOf"},
            MIMES[ending],
            generated.read_bytes(),
        )
        pasted = bench.sign(path, ingredients=[component])
        bench.add("a file declared as AI as a part", pasted, says(Label.MANIPULATED))
        data = bytearray(generated.read_bytes())
        data[_media_bytes(data, ending, inside(generated))[-20]] ^= 1
        bench.add(
            "declared as AI, then changed: unproven",
            bench.write(f"unproven-{path.name}", bytes(data)),
            lambda r: changed(r) and r.findings[-1].bearing is Label.INCONCLUSIVE,
        )
        away = bench.sign(path, setup=_away)
        bench.add(
            "manifest on a server: address said, nothing fetched",
            away,
            lambda r: "Nothing was fetched" in r.findings[0].reason,
        )


def _away(builder: object) -> None:
    builder.set_no_embed()  # type: ignore[attr-defined]
    builder.set_remote_url("http://127.0.0.1:9/a.c2pa")  # type: ignore[attr-defined]


def others(bench: Bench) -> None:
    short = sign_media.identity(lasts=4)
    late = [
        bench.write(f"late-{n}.png", sign_media.sign(png(), "image/png", short)) for n in range(3)
    ]
    (bench.folder / "tsa").mkdir()
    authority = sign_media.StampAuthority(bench.folder / "tsa")
    bench.trust.write_bytes(bench.me.root + authority.identity.root)
    for number in range(3):
        data = sign_media.sign(png(), "image/png", bench.me, stamps=authority.address)
        bench.add(
            "time stamp and its authority said",
            bench.write(f"stamp-{number}.png", data),
            lambda r: r.findings[0].details.get("time stamp authority") == "Clock 1",
            trust=True,
        )
    authority.close()
    time.sleep(5)
    for path in late:
        bench.add("certificate expired: said", path, lambda r: "expired" in r.findings[0].reason)
    for number in range(6):
        _, store = store_of(sign_media.sign(png(), "image/png", bench.me))
        foreign = bytearray(in_png(store))
        foreign[-30] ^= number + 1
        path = bench.write(f"foreign-{number}.png", bytes(foreign))
        bench.add("the manifest of another file pasted in", path, changed)
    for name, (data, _) in hostile().items():
        begun = time.monotonic()
        path = bench.write(f"hostile {name}.png".replace(" ", "-").replace(",", ""), data)
        bench.add(
            f"hostile manifest: refused in one line within {QUICK:.0f} s",
            path,
            lambda r, begun=begun: doubted(r) and time.monotonic() - begun < QUICK,
            apart=True,
        )


def untouched(bench: Bench, data: Path, files: dict[str, list[Path]]) -> None:
    for kind in ("image", "video", "audio"):
        sources = made.rows(data, kind)
        for source, paths in sources.items():
            for path in paths[: NEGATIVES if kind == "image" else 6]:
                bench.add(f"untouched {kind}: {source}", path, anything, present=False)
    for ending, paths in files.items():
        for path in paths:
            name = f"{_KINDS.get(ending, 'recording')} coded by a usual tool, unsigned"
            bench.add(name, path, anything, present=False)
    for path in files["jpg"]:
        for name, trap in made.traps(path, bench.folder):
            bench.add(f"trap: {name}", trap, anything, present=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(Path(place))
        (Path(place) / "originals").mkdir()
        files = made.originals(data, Path(place) / "originals", EACH)
        untouched(bench, data, files)
        signed_and_changed(bench, files)
        told(bench, [path for ending in ("jpg", "png", "webp") for path in files[ending]])
        others(bench)
        handled(bench, files)
    publish("provenance", bench.cases)
    for found, seconds in bench.seconds.items():
        name = "with a manifest" if found else "without"
        print(f"{name}: {len(seconds)} files, median {1000 * median(seconds):.1f} ms")
    for case in bench.cases:
        if case.found is not case.present:
            print("WRONG", case.kind, case.name)


if __name__ == "__main__":
    main()
