"""The authors' weights on the examples that their repositories ship, by the exported models.

    python benchmarks/authors_examples.py --lrnet CLONE --classnseg CLONE

CLONE is a copy of frederickszk/LRNet or nii-yamagishilab/ClassNSeg that the user has. Weights are
brought as any user brings them (``unmask models export NAME --checkpoint …``, two files each) onto
a shelf of this run, and what is exported is run: LRNet on the points of the four videos, cut as the
authors' ``classify.py`` cuts them, ClassNSeg on the two faces beside whose pixels their mask is.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from unmask.cli.app import app
from unmask.metrics import auc
from unmask.runtime.session import open_session

FRAMES = 30
WEIGHTS = {
    "lrnet": {
        "deeperforensics": "demo/model_weights/g1.pth demo/model_weights/g2.pth",
        "faceforensics": "training/weights/torch/g1.pth training/weights/torch/g2.pth",
    },
    "classnseg": {
        "full": "checkpoints/full/encoder_46.pt checkpoints/full/decoder_46.pt",
        "finetuned": "checkpoints/finetune/encoder_26.pt checkpoints/finetune/decoder_26.pt",
    },
}


def exported(name: str, variant: str, clone: Path, shelf: Path) -> Path:
    """The ONNX file of the authors' weights, made by the command line."""
    os.environ["UNMASK_MODELS"] = str(shelf / variant)
    asked = ["models", "export", name, "--variant", variant]
    for file in WEIGHTS[name][variant].split():
        asked += ["--checkpoint", str(clone / file)]
    done = CliRunner().invoke(app, asked)
    if done.exit_code:
        raise SystemExit(done.output) from done.exception
    return shelf / variant / name / "weights.onnx"


def chances(model: Path, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of forgery of each stretch of 30 frames."""
    cut = [points[at : at + FRAMES] for at in range(0, len(points) - FRAMES, FRAMES)]
    session = open_session(model)
    (logits,) = session.run(["logit"], {"points": np.stack(cut).astype(np.float32)})
    return np.asarray(1 / (1 + np.exp(-logits.astype(np.float64))))


def of_points(clone: Path, shelf: Path) -> list[str]:
    """LRNet: the share of stretches above one half, by video, and the AUC of stretches."""
    lines = ["| weights | video | stretches | above one half | says |", "|---|---|---|---|---|"]
    for variant in WEIGHTS["lrnet"]:
        model = exported("lrnet", variant, clone, shelf)
        each = {}
        for file in sorted((clone / "demo" / "landmarks").glob("*.txt")):
            each[file.stem] = found = chances(model, np.loadtxt(file))
            share = float((found >= 0.5).mean())
            said = "forged" if share >= 0.5 else "real"
            lines.append(f"| {variant} | {file.stem} | {len(found)} | {share:.3f} | {said} |")
        for source in ("dfo", "ff"):
            pair = [each[f"{source}_{kind}"] for kind in ("real", "fake")]
            labels = np.repeat([0, 1], [len(one) for one in pair])
            figure = auc(labels, np.concatenate(pair))
            lines.append(
                f"| {variant} | {source}, AUC of stretches | {len(labels)} | {figure:.3f} | |"
            )
    return lines


def of_faces(clone: Path, shelf: Path) -> list[str]:
    """ClassNSeg: how much more the half for altered faces is active, and pixels as the mask."""
    lines = ["| weights | face | score | says | pixels as the mask |", "|---|---|---|---|---|"]
    for variant in WEIGHTS["classnseg"]:
        session = open_session(exported("classnseg", variant, clone, shelf))
        for name in ("fake", "real"):
            both = np.asarray(Image.open(clone / "test_img" / f"{name}.jpg").convert("RGB"))
            face = both[:, :256].astype(np.float32).transpose(2, 0, 1)[None]
            truth = both[:, 256:, 0] >= 128
            logit, mask = session.run(["logit", "mask"], {"face": np.repeat(face, 2, 0)})
            right = float(((mask[0] > 0) == truth).mean())
            said = "altered" if logit[0] > 0 else "real"
            lines.append(f"| {variant} | {name} | {logit[0]:+.3f} | {said} | {right:.2%} |")
    return lines


def main(given: Sequence[str] | None = None) -> None:
    """Print the tables of the copies that are there."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--lrnet", type=Path)
    asked.add_argument("--classnseg", type=Path)
    paths = asked.parse_args(given)
    with tempfile.TemporaryDirectory() as folder:
        if paths.lrnet:
            print("\n".join(of_points(paths.lrnet, Path(folder))))
        if paths.classnseg:
            print("\n".join(of_faces(paths.classnseg, Path(folder))))


if __name__ == "__main__":
    main()
