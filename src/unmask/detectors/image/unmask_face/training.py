"""How ``unmask_face`` is trained: pairs of real faces and fakes made from them on the fly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.unmask_face.model import GRID, SIZE, FaceNet, forgery_loss
from unmask.detectors.image.unmask_face.packing import Pack, held_out
from unmask.detectors.image.unmask_face.sampling import Face, Maker
from unmask.errors import DataError
from unmask.faces.crop import crop
from unmask.forge.blend import Decode
from unmask.forge.resynth import PLANS, load_or_train
from unmask.train.checkpoint import load
from unmask.train.onnx_model import onnx_model, save_onnx
from unmask.train.task import Batch, Task
from unmask.types import Box, Pixels

DECODERS = ("nearest-2", "transposed-2", "bilinear-2", "nearest-3", "transposed-3", "bilinear-3")
"""The autoencoders that draw faces again; see ``forge.resynth``."""


def _inner(pack: Pack, index: int, side: int, rng: np.random.Generator) -> Pixels:
    """A square of ``side`` pixels of a face, shrunk so that it shows a part or most of it."""
    box, pixels = pack.box(index), pack.pixels(index)
    reach = float(rng.uniform(0.4, 1.2)) * max(box.width, box.height, side)
    x = box.x + float(rng.uniform(0, 1)) * (box.width - reach)
    y = box.y + float(rng.uniform(0, 1)) * (box.height - reach)
    return crop(pixels, Box(x, y, reach, reach), side)


def choose(pack: Pack, part: str, leave_out: str = "") -> tuple[list[int], list[int]]:
    """Numbers of the reals and fakes of ``part`` ("fit", "calibration" or "dev").

    ``leave_out`` drops sources from them: their names, separated by commas.
    """
    left_out = {name.strip() for name in leave_out.split(",") if name.strip()}
    reals: list[int] = []
    fakes: list[int] = []
    for index, item in enumerate(pack.items):
        held = "dev" if item.split == "dev" else "calibration" if held_out(item.group) else "fit"
        if held == part and item.source not in left_out:
            (fakes if item.label else reals).append(index)
    if len(reals) < 4:
        raise DataError(
            f"Only {len(reals)} real faces in the part {part!r}; at least 4 are needed."
        )
    return reals, fakes


def to_batch(face: Face) -> Batch:
    """A face as the tensors that the loss takes."""
    return {
        "face": torch.from_numpy(face.pixels.transpose(2, 0, 1).copy()),
        "mask": torch.from_numpy(face.mask),
        "label": torch.tensor(float(face.label)),
        "masked": torch.tensor(float(face.masked)),
    }


class _Samples(Dataset[Batch]):
    """Items 2k and 2k + 1 are the real and the fake of pair k."""

    def __init__(self, maker: Maker, count: int) -> None:
        self.maker, self.count = maker, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Batch:
        return to_batch(self.maker.face(index // 2, index % 2))


def ranked(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> tuple[float, float]:
    """Area under the ROC curve, and the share of fakes found at 5 % false positives."""
    order = scores.argsort(kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    fakes, reals = labels == 1, labels == 0
    won = ranks[fakes].sum() - fakes.sum() * (fakes.sum() + 1) / 2
    area = float(won / (fakes.sum() * reals.sum()))
    return area, float((scores[fakes] > np.quantile(scores[reals], 0.95)).mean())


class FaceTask(Task):
    """The task of the shared training loop.

    ``settings`` of the recipe: ``strength`` of laundering, ``third_party`` share of pairs with
    fakes made by others, ``mask_weight``, ``validation`` pairs, ``ramp`` (the share of training
    over which laundering rises from mild to full).
    """

    def maker(self, part: str, seed: int, ramp: int = 0) -> Maker:
        """A maker of pairs from one part of the data; laundering rises over ``ramp`` pairs."""
        settings: dict[str, Any] = self.recipe.settings
        pack = Pack(self.data, Path(settings["more"]) if settings.get("more") else None)
        reals, fakes = choose(pack, part, self.recipe.leave_out)
        return Maker(
            pack,
            reals,
            fakes,
            size=SIZE,
            grid=GRID,
            seed=seed,
            strength=float(settings.get("strength", 1.0)),
            third_party=float(settings.get("third_party", 0.08)),
            ramp=ramp,
            decode=self._decode(pack) if settings.get("decoded") else None,
            decoded=float(settings.get("decoded", 0.0)),
        )

    def _decode(self, pack: Pack) -> Decode:
        """Autoencoders trained on faces of the fitting groups; each call draws one of them."""
        if not hasattr(self, "_decoders"):
            reals, _ = choose(pack, "fit", self.recipe.leave_out)

            def crops(rng: np.random.Generator, count: int, side: int) -> list[Pixels]:
                drawn = [int(rng.choice(reals)) for _ in range(count)]
                return [_inner(pack, index, side, rng) for index in drawn]

            settings = self.recipe.settings
            cache = Path(settings.get("decoders", "runs/face-decoders"))
            plans = [plan for plan in PLANS if plan.name in DECODERS]
            named = f"{len(reals)} faces {self.recipe.leave_out}"
            steps = int(settings.get("decoder_steps", 200))
            self._decoders = load_or_train(plans, crops, steps, self.recipe.seed, cache, named)
        made = self._decoders

        def decode(pixels: Pixels, rng: np.random.Generator) -> Pixels:
            name = DECODERS[int(rng.integers(len(DECODERS)))]
            return made(pixels, name, float(rng.choice((0.0, rng.uniform(0, 0.6)))))

        return decode

    def network(self) -> nn.Module:
        """MobileNetV2 with fresh heads, or the weights of an earlier run, as ``init`` says."""
        init = self.recipe.init
        network = FaceNet(pretrained=init == "pretrained")
        if init not in ("random", "pretrained"):
            if not Path(init).is_file():
                raise DataError(f"There are no weights at {init}. Give best.pt of an earlier run.")
            network.load_state_dict(load(Path(init)))
        return network.to(memory_format=torch.channels_last)

    def samples(self) -> Dataset[Batch]:
        """Pairs of the fitting groups."""
        ramp = round(float(self.recipe.settings.get("ramp", 0.4)) * self.recipe.samples / 2)
        return _Samples(self.maker("fit", self.recipe.seed, ramp), self.recipe.samples)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Loss of one batch; convolutions run in bfloat16."""
        face = batch["face"].float().contiguous(memory_format=torch.channels_last)
        with torch.autocast(face.device.type, torch.bfloat16):
            logit, mask = network(face)
        weight = float(self.recipe.settings.get("mask_weight", 1.0))
        return forgery_loss(
            logit.float(), mask.float(), batch["label"], batch["mask"], batch["masked"], weight
        )

    def validate(self, network: nn.Module) -> dict[str, float]:
        """AUC and detection at 5 % false positives on groups that were not trained on."""
        if not hasattr(self, "_held"):
            maker = self.maker("calibration", 10_007)
            count = int(self.recipe.settings.get("validation", 300))
            self._held = [maker.face(i // 2, i % 2) for i in range(2 * count)]
        network.eval()
        scores: list[float] = []
        overlaps: list[float] = []
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            for start in range(0, len(self._held), 50):
                part = self._held[start : start + 50]
                faces = torch.stack([to_batch(face)["face"] for face in part]).float()
                logit, mask = network(faces.contiguous(memory_format=torch.channels_last))
                scores += [float(v) for v in logit]
                for face, drawn in zip(part, mask.float().numpy(), strict=True):
                    if face.label and face.masked and face.mask.max() > 0.5:
                        mine, true = drawn > 0, face.mask > 0.5
                        overlaps.append(float((mine & true).sum() / (mine | true).sum()))
        labels = np.array([face.label for face in self._held])
        area, found = ranked(labels, np.array(scores))
        values = {"auc": area, "tpr5": found, "iou": float(np.mean(overlaps))}
        for family in sorted({face.family for face in self._held}):
            here = np.array([face.family == family for face in self._held])
            values[f"auc {family}"] = ranked(labels[here], np.array(scores)[here])[0]
        return {"select": area + found, **values}

    def export(self, network: nn.Module, path: Path) -> None:
        """Write ONNX: ``face`` [B, 3, size, size] → ``logit`` [B], ``mask`` [B, grid, grid]."""
        example = torch.rand(2, 3, SIZE, SIZE) * 255
        free = {0: torch.export.Dim("batch", min=1, max=1024)}
        model = onnx_model(network.float(), [example], ["face"], ["logit", "mask"], [free])
        save_onnx(model, path)
