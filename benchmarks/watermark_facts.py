"""Invisible marks: what the published encoder wrote is read back, clean and after handling.

    pip install --no-deps invisible-watermark PyWavelets     # the encoder; it needs torch and cv2
    python benchmarks/watermark_facts.py marked --data DIR     # and unmarked; voices
    python benchmarks/watermark_facts.py chance --data DIR     # how large the evidence gets

The parts are published one beside the other. ``voices`` needs the package resemble-perth.
``--data``: a folder with ``manifest.jsonl`` (path, kind, width, height, source a row). The encoder
gets what each pipeline gives it: 8-bit pixels, or unrounded ones that are rounded afterwards.
"""

from __future__ import annotations

import argparse
import json
import random
import string
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import watermark_voices
from fact_table import STORED, Case, publish, stored
from PIL import Image

from unmask.scanning import scan
from unmask.watermarks.marks import Mark, known
from unmask.watermarks.reading import SMALLEST, Reader

EACH = 30
"""Pictures that every mark is put into."""
OTHERS = 60
"""Pictures that get a message which no pipeline is known for."""
SIZES = ((512, 512), (512, 512), (768, 512), (512, 512), (512, 768))
Pixels = np.ndarray


@dataclass(frozen=True, slots=True)
class Handling:
    """What happens to a marked picture: a change of its pixels, and how it is saved."""

    suffix: str
    options: dict[str, int] = field(default_factory=dict)
    change: Callable[[Pixels], Pixels] = np.asarray

    def save(self, pixels: Pixels, folder: Path) -> Path:
        path = folder / f"marked{self.suffix}"
        changed = np.ascontiguousarray(self.change(pixels))
        Image.fromarray(changed).save(path, **self.options)
        return path


def brighter(pixels: Pixels) -> Pixels:
    return np.clip(pixels.astype(np.int16) + 8, 0, 255).astype(np.uint8)


def smaller(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    return np.asarray(Image.fromarray(pixels).resize((width * 9 // 10, height * 9 // 10)))


FAST = {"compress_level": 1}


def jpeg(quality: int, subsampling: int) -> Handling:
    return Handling(".jpg", {"quality": quality, "subsampling": subsampling})


HANDLED = {
    "as saved (PNG)": Handling(".png", FAST),
    "JPEG 95, full chroma": jpeg(95, 0),
    "JPEG 75, full chroma": jpeg(75, 0),
    "JPEG 95, halved chroma": jpeg(95, 2),
    "JPEG 90, halved chroma": jpeg(90, 2),
    "JPEG 75, halved chroma": jpeg(75, 2),
    "WebP 90": Handling(".webp", {"quality": 90}),
    "8 levels brighter": Handling(".png", FAST, brighter),
    "8 pixels cut off at the left": Handling(".png", FAST, lambda p: p[:, 8:]),
    "scaled to 90 %": Handling(".png", FAST, smaller),
}


def encoded(pixels: Pixels, bits: list[int], arithmetic: str, order: str) -> Pixels:
    """What a pipeline makes of its picture with the published encoder."""
    from imwatermark import WatermarkEncoder

    encoder = WatermarkEncoder()
    encoder.set_watermark("bits", bits)
    given = pixels if arithmetic == "bytes" else pixels.astype(np.float32)
    turn = slice(None, None, -1) if order == "bgr" else slice(None)
    out = encoder.encode(np.ascontiguousarray(given[..., turn]), "dwtDct")[..., turn]
    return np.clip(np.round(out), 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Original:
    """An untouched picture: where it is from, and its pixels."""

    name: str
    origin: str
    path: Path

    def pixels(self) -> Pixels:
        return np.asarray(Image.open(self.path).convert("RGB"))


def originals(data: Path) -> list[Original]:
    """All pictures of the manifest that are large enough for the encoders, shuffled."""
    rows = [json.loads(line) for line in (data / "manifest.jsonl").open(encoding="utf-8")]
    large = [
        Original(Path(row["path"]).name, Path(row["path"]).parts[1], data / row["path"])
        for row in rows
        if row["kind"] == "image" and row["width"] * row["height"] >= SMALLEST
    ]
    random.Random(1).shuffle(large)
    return large


def crowded(data: Path, folder: Path, count: int) -> Iterator[Original]:
    """Pictures of four small photos side by side, and of charts: large, busy or flat."""
    rows = [json.loads(line) for line in (data / "manifest.jsonl").open(encoding="utf-8")]
    small = [r["path"] for r in rows if r["kind"] == "image" and r["width"] == 250]
    random.Random(2).shuffle(small)
    for number in range(count):
        four = [np.asarray(Image.open(data / path)) for path in small[4 * number : 4 * number + 4]]
        whole = np.concatenate([np.concatenate(four[:2], 1), np.concatenate(four[2:], 1)], 0)
        path = folder / f"four-{number}.png"
        Image.fromarray(whole).save(path)
        yield Original(path.name, "four small photos side by side", path)


def charts(folder: Path, count: int) -> Iterator[Original]:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rng = np.random.default_rng(3)
    for number in range(count):
        figure, axes = pyplot.subplots(
            figsize=rng.uniform(4, 10, 2), facecolor=rng.uniform(0, 1, 3)
        )
        kind = number % 4
        if kind == 0:
            axes.plot(rng.normal(size=(60, 4)).cumsum(0))
        elif kind == 1:
            axes.bar(range(20), rng.uniform(0, 9, 20), color=rng.uniform(0, 1, (20, 3)))
        elif kind == 2:
            axes.imshow(rng.uniform(0, 1, (12, 12)), cmap="viridis")
        else:
            text = "\n".join("".join(rng.choice(list(string.ascii_letters), 60)) for _ in range(24))
            axes.text(0, 0, text, family="monospace")
        path = folder / f"chart-{number}.png"
        figure.savefig(path)
        pyplot.close(figure)
        yield Original(path.name, "charts and pages of text", path)


def photographs(folder: Path) -> Iterator[Original]:
    from skimage import data as samples

    for name in (
        "astronaut",
        "cat",
        "coffee",
        "rocket",
        "camera",
        "coins",
        "page",
        "text",
        "brick",
    ):
        path = folder / f"{name}.png"
        Image.fromarray(getattr(samples, name)()).convert("RGB").save(path)
        yield Original(name, "pictures of scikit-image", path)


def untouched(data: Path, folder: Path) -> Iterator[Original]:
    yield from originals(data)
    yield from crowded(data, folder, 150)
    yield from charts(folder, 120)
    yield from photographs(folder)


def stated(path: Path) -> set[str]:
    """The marks that a scan states."""
    report = scan(path, analyzers=["watermark"])
    return {finding.details["mark"] for finding in report.findings}


def of_untouched(original: Original) -> Case:
    found = bool(stated(original.path))
    return Case(original.name, f"untouched: {original.origin}", False, found)


def bases(data: Path, count: int) -> list[tuple[str, Pixels]]:
    """Photos and generated faces, scaled to sizes that generators make."""
    out = []
    for number, original in enumerate(originals(data)[:count]):
        size = SIZES[number % len(SIZES)]
        picture = Image.fromarray(original.pixels()).resize(size, Image.Resampling.LANCZOS)
        out.append((original.name, np.asarray(picture)))
    return out


def group(mark: Mark) -> str:
    return "8-bit marks" if mark.arithmetic == "bytes" else "unrounded marks"


def positives(base: tuple[str, Pixels]) -> list[Case]:
    """Every known mark in one picture, in every way of handling."""
    name, pixels = base
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        for mark in known():
            for order in mark.orders:
                made = encoded(pixels, mark.message.tolist(), mark.arithmetic, order)
                for how, handling in HANDLED.items():
                    found = stated(handling.save(made, Path(folder))) == {mark.name}
                    case = f"{mark.name}/{order}/{name}"
                    cases.append(Case(case, f"{group(mark)}, {how}", True, found))
    return cases


def others(numbered: tuple[int, tuple[str, Pixels]]) -> list[Case]:
    """A picture with the message of nobody known: random bits, a random text, a near miss."""
    number, (name, pixels) = numbered
    rng = random.Random(number)
    letters = string.ascii_letters + string.digits
    plain, small = HANDLED["as saved (PNG)"], pixels[:512, :512]
    bits = [rng.randint(0, 1) for _ in range(rng.choice((46, 48)))]
    text = "".join(rng.choice(letters) for _ in range(rng.choice((4, 8, 17, 28))))
    if number % 4 == 3:
        text = rng.choice(("SDV1", "SDV3", "test", "StableDiffusionV2", "InvokeUI"))
    message = np.unpackbits(np.frombuffer(text.encode(), np.uint8)).tolist()
    kind = "a text close to a known one" if number % 4 == 3 else "other random text"
    with tempfile.TemporaryDirectory() as folder:
        one = bool(stated(plain.save(encoded(small, bits, "floats", "bgr"), Path(folder))))
        two = bool(stated(plain.save(encoded(small, message, "bytes", "bgr"), Path(folder))))
    return [
        Case(name, "marked with other random bits", False, one),
        Case(f"{text}/{name}", f"marked with {kind}", False, two),
    ]


def clips(data: Path) -> Iterator[Original]:
    """Untouched videos: five frames of each are read."""
    rows = [json.loads(line) for line in (data / "manifest.jsonl").open(encoding="utf-8")]
    for row in rows:
        if row["kind"] == "video" and row["width"] * row["height"] >= SMALLEST:
            yield Original(Path(row["path"]).name, "videos", data / row["path"])


def videos(data: Path, folder: Path) -> Iterator[Case]:
    """Clips of ten frames, each marked as generative-models does, in two codings."""
    import av

    mark = next(mark for mark in known() if mark.name == "SDXL")
    codings = {
        "lossless H.264": ("yuv444p", {"qp": "0"}),
        "H.264, crf 18": ("yuv420p", {"crf": "18"}),
    }
    for name, pixels in bases(data, 10):
        frame = encoded(pixels[:512, :512], mark.message.tolist(), "floats", "bgr")
        for how, (layout, options) in codings.items():
            path = folder / "clip.mkv"
            with av.open(str(path), "w") as out:
                stream = out.add_stream("libx264", rate=8, options=options)
                stream.width, stream.height, stream.pix_fmt = 512, 512, layout
                for _ in range(10):
                    out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
                out.mux(stream.encode(None))
            kind = f"unrounded marks, video ({how})"
            yield Case(name, kind, True, stated(path) == {mark.name})


def chance(data: Path, folder: Path, each: int = 60) -> None:
    """How large z gets in untouched pictures, for the known and for random messages."""
    rng = random.Random(5)
    letters = string.ascii_letters + string.digits
    drawn = [
        Mark.model_validate(
            mark.model_dump()
            | {"name": f"{mark.name} {number}"}
            | (
                {"text": "".join(rng.choice(letters) for _ in mark.text)}
                if mark.text
                else {"bits": "".join(rng.choice("01") for _ in mark.bits)}
            )
        )
        for mark in known()
        for number in range(each)
    ]
    pictures, over, largest = 0, Counter[str](), {"known": 0.0, "random": 0.0}
    for original in untouched(data, folder):
        pictures += 1
        reader = Reader((*known(), *drawn))
        reader.add(original.pixels())
        names = {mark.name for mark in known()}
        for match in reader.matches():
            which = "known" if match.mark.name in names else "random"
            largest[which] = max(largest[which], match.z)
            over["tried"] += 1
            for level in (3, 4, 5, 6):
                over[f"z over {level}"] += match.z > level
            over["stated"] += match.there
    print(f"{pictures} untouched pictures; largest z: {largest}; {dict(over)}")


def merged(part: str, fresh: list[Case]) -> None:
    """Publish fresh cases of one part beside those of the other parts of an earlier run."""
    before = stored("watermark") if (STORED / "watermark.json").is_file() else []
    named = [replace(case, name=f"{case.kind}/{case.name}") for case in fresh]
    publish("watermark", [*(case for case in before if part_of(case) != part), *named])


def part_of(case: Case) -> str:
    if "voice" in case.kind or "other generators" in case.kind:
        return "voices"
    return "marked" if case.present else "unmarked"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("marked", "unmarked", "voices", "chance"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(chosen.jobs) as pool:
        where = Path(folder)
        match chosen.part:
            case "marked":
                some = pool.map(positives, bases(chosen.data, EACH))
                cases = [case for cases in some for case in cases]
                cases += videos(chosen.data, where)
            case "unmarked":
                files = [*untouched(chosen.data, where), *clips(chosen.data)]
                cases = list(pool.map(of_untouched, files, chunksize=20))
                marked = pool.map(others, enumerate(bases(chosen.data, OTHERS)))
                cases += [case for some in marked for case in some]
            case "voices":
                cases = watermark_voices.voices(chosen.data, pool)
            case _:
                chance(chosen.data, where)
                watermark_voices.chance(chosen.data)
                return
        merged(chosen.part, cases)


if __name__ == "__main__":
    main()
