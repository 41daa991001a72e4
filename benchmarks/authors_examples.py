"""The authors' weights on the examples that their repositories ship, by their programs and by ours.

    python benchmarks/authors_examples.py --lrnet CHECKOUT --classnseg CHECKOUT \\
        --out results/authors_examples.md

CHECKOUT is the user's own copy of frederickszk/LRNet or nii-yamagishilab/ClassNSeg. The authors'
programs are run from there as they are and print the figures; ours are those of the ONNX file that
``unmask models export NAME --checkpoint …`` makes of the same weights. LRNet judges the points of
four videos, ClassNSeg two faces beside whose pixels their masks stand.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from unmask.cli.app import app
from unmask.metrics import auc
from unmask.nn.pixels import IMAGENET
from unmask.runtime.session import open_session

FRAMES = 30
LRNET = {
    "deeperforensics": "demo/model_weights",
    "faceforensics": "training/weights/torch",
}
NORMED = ((0.485, 0.229), (0.456, 0.224))
"""What ``test_seg.py`` takes off and divides by: of the first face what is meant for red, of the
second what is meant for green."""
PIXELS = np.array(IMAGENET, np.float32)
CLASSNSEG = {"full": ("checkpoints/full", 46), "finetuned": ("checkpoints/finetune", 26)}
AS_THEN = (
    "import functools, numpy, runpy, sys, torch; numpy.float = float; "
    "torch.load = functools.partial(torch.load, map_location='cpu'); sys.argv = sys.argv[1:]; "
)
"""Their programs are of a time when numpy had this name for Python's own type, and expect the GPU
that their weights were saved from."""
HEAD = """# The authors' weights on their own examples

Written by `python benchmarks/authors_examples.py` from the user's own copies of the authors'
repositories. *Theirs* is what the authors' program prints, run as it is; *ours* the ONNX file that
`unmask models export` makes of the same weights, on the same input. These examples are all that the
repositories ship: the figures show that the methods are the authors', not how good they are. The
figures of the papers are of datasets that are given out by form only."""


def exported(name: str, variant: str, files: Sequence[Path], folder: Path) -> Path:
    """The ONNX file of the authors' weights, made by the command line."""
    asked = ["models", "export", name, "--variant", variant, "--out", str(folder), "--json"]
    for file in files:
        asked += ["--checkpoint", str(file)]
    done = CliRunner().invoke(app, asked)
    if done.exit_code:
        raise SystemExit(done.output) from done.exception
    return folder / "weights.onnx"


def printed(folder: Path, program: str, *given: str) -> str:
    """What a program of the authors prints when it is run in its folder."""
    command = [
        sys.executable, "-c", f"{AS_THEN}runpy.run_path(sys.argv[0], run_name='__main__')",
        program, *given,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{folder / program}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def shares(demo: Path, weights: Path, work: Path) -> dict[str, float]:
    """What ``classify.py`` says of each video: the share of its stretches above one half."""
    copy = Path(shutil.copytree(demo, work, ignore=shutil.ignore_patterns("input", "visualize")))
    for name in ("g1.pth", "g2.pth"):
        shutil.copy(weights / name, copy / "model_weights" / name)
    text = printed(copy, "classify.py")
    found = re.findall(r"(\S+)\.txt-Prediction label: \w+; Scores:([\d.]+)", text)
    return {name: float(value) for name, value in found}


def chances(model: Path, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of forgery of each stretch of 30 frames, cut as ``classify.py`` cuts."""
    cut = [points[at : at + FRAMES] for at in range(0, len(points) - FRAMES, FRAMES)]
    (logits,) = open_session(model).run(["logit"], {"points": np.stack(cut).astype(np.float32)})
    return np.asarray(1 / (1 + np.exp(-logits.astype(np.float64))))


def of_points(checkout: Path, folder: Path) -> Iterator[str]:
    """LRNet: the share of stretches above one half, by video, and the AUC of stretches."""
    yield "## LRNet\n"
    yield "Share of the stretches of 30 frames that are above one half; forged from one half on.\n"
    yield "| weights | video | stretches | theirs | ours | AUC of stretches, ours |"
    yield "|---|---|---:|---:|---:|---:|"
    for variant, place in LRNET.items():
        weights = checkout / place
        theirs = shares(checkout / "demo", weights, folder / f"demo-{variant}")
        files = [weights / "g1.pth", weights / "g2.pth"]
        model = exported("lrnet", variant, files, folder / f"lrnet-{variant}")
        points = sorted((checkout / "demo" / "landmarks").glob("*.txt"))
        each = {file.stem: chances(model, np.loadtxt(file)) for file in points}
        for name, found in each.items():
            pair = [each[f"{name.split('_')[0]}_{kind}"] for kind in ("real", "fake")]
            labels = np.repeat([0, 1], [len(one) for one in pair])
            ours = float((found >= 0.5).mean())
            apart = f"{auc(labels, np.concatenate(pair)):.3f}" if name.endswith("fake") else ""
            yield (
                f"| `{variant}` | {name} | {len(found)} | {theirs[name]:.4f} | {ours:.4f} "
                f"| {apart} |"
            )


def of_faces(checkout: Path, folder: Path) -> Iterator[str]:
    """ClassNSeg: right answers of two faces, and pixels that are as their masks say."""
    data = folder / "faces"
    for name, label in (("fake", "altered"), ("real", "original")):
        (data / "test" / label).mkdir(parents=True)
        shutil.copy(checkout / "test_img" / f"{name}.jpg", data / "test" / label)
    yield "## ClassNSeg\n"
    yield (
        "Right answers of the two faces; pixels that are as their masks say, mean of both. Their\n"
        "program goes over the pictures of a batch where it should go over colours: the first is\n"
        "normalised by the numbers of red, the second by those of green, the third by those of\n"
        "blue, and no other, in training as well. *So*: ours on faces normalised in that way.\n"
        "*Ours* normalises every colour by its own numbers.\n"
    )
    yield "| weights | figure | theirs | ours, so | ours |"
    yield "|---|---|---:|---:|---:|"
    for variant, (place, number) in CLASSNSEG.items():
        given = ["--dataset", str(data), "--outf", str(folder / variant), "--id", str(number)]
        shutil.copytree(checkout / place, folder / variant)
        given += ["--gpu_id", "-1"]
        said = printed(checkout, "test_cls.py", *given)
        right = re.search(r"acc: ([\d.]+)", said)
        pixels = re.search(r"Accuracy: ([\d.]+)", printed(checkout, "test_seg.py", *given))
        if right is None or pixels is None:
            raise SystemExit(f"The programs in {checkout} print no figures that are known.")
        files = [checkout / place / f"{part}_{number}.pt" for part in ("encoder", "decoder")]
        session = open_session(exported("classnseg", variant, files, folder / f"c-{variant}"))
        so, ours = (_judged(session, checkout / "test_img", how) for how in (True, False))
        names = ("right answers", "pixels as the mask")
        figures = zip(names, (right[1], pixels[1]), so, ours, strict=True)
        for figure, theirs, one, other in figures:
            yield f"| `{variant}` | {figure}, % | {theirs} | {one:.2f} | {other:.2f} |"


def _judged(session: Any, folder: Path, theirs: bool) -> tuple[float, float]:
    """Right answers and pixels as the mask, in per cent; ``theirs``: normalised as they do it."""
    answers, alike = [], []
    for name, (mean, spread) in zip(("fake", "real"), NORMED, strict=True):
        both = np.asarray(Image.open(folder / f"{name}.jpg").convert("RGB"))
        face = both[:, :256].astype(np.float32)
        if theirs:  # undone what the network itself does to its input
            face = ((face / 255 - mean) / spread * PIXELS[1] + PIXELS[0]) * 255
        given = face.astype(np.float32).transpose(2, 0, 1)[None]
        logit, mask = session.run(["logit", "mask"], {"face": given})
        answers.append((float(logit[0]) > 0) == (name == "fake"))
        alike.append(float(((mask[0] >= 0) == (both[:, 256:, 0] >= 128)).mean()))
    return 100 * float(np.mean(answers)), 100 * float(np.mean(alike))


def main() -> None:
    """Print or write the page of the copies that are there."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--lrnet", type=Path)
    asked.add_argument("--classnseg", type=Path)
    asked.add_argument("--out", type=Path, help="write the page here")
    given = asked.parse_args()
    lines = [HEAD]
    with tempfile.TemporaryDirectory() as folder:
        for made, checkout in ((of_points, given.lrnet), (of_faces, given.classnseg)):
            if checkout:
                lines += ["", *made(checkout, Path(folder))]
    text = "\n".join(lines) + "\n"
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
