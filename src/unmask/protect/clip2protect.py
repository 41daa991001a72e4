"""Makeup of tones: the owner's own photo, so that a face comparer finds less of them in it.

Lips, eyelids, brows and cheeks (regions of the face mesh) get a tone each, within a bound. The
tones are searched by asking a comparer of faces alone: those are kept that move the face furthest
from itself. Nobody else is imitated, and no face is generated.

After the idea of the paper (makeup that protects), without its generator, its text and its target
person: what is left is the honest part, and much weaker than what the paper reports.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from unmask.errors import MediaError
from unmask.faces.embed import FaceEmbedder
from unmask.faces.mesh.model import Mesh, load_mesh
from unmask.faces.mesh.regions import RINGS, mask, polygon
from unmask.identity.cards import operating
from unmask.identity.distance import distance
from unmask.media import read_image
from unmask.protect.base import Done, Given, Protection, Settings
from unmask.runtime.preparation import largest
from unmask.types import Pixels, Tensor

CITATION = (
    "Shamshad, Naseer, Nandakumar: CLIP2Protect: Protecting Facial Privacy using Text-Guided "
    "Makeup via Adversarial Latent Search. CVPR 2023"
)
URL = "https://arxiv.org/abs/2306.10008"
PARTS = (("lips",), ("left-lid", "right-lid"), ("left-brow", "right-brow"),
         ("left-cheek", "right-cheek"))  # fmt: skip
_LIDS = {"left-lid": ("left-brow", "left-eye"), "right-lid": ("right-brow", "right-eye")}
_JPEG = 75
_RATE = 0.01


class Makeup(Settings):
    """``network``: an ArcFace network (ONNX) to ask, else dlib's; ``check``: another, that is only
    asked at the end. ``steps`` of the search; ``most``: how far a tone goes, in 8-bit levels."""

    network: str = ""
    check: str = ""
    steps: int = Field(default=120, ge=1)
    most: float = Field(default=48.0, gt=0, le=128)
    seed: int = 0


class Clip2Protect(Protection[Makeup]):
    """Tones for four parts of the face, by an evolution of one (1 + 1, one fifth rule)."""

    kind = "cloak"
    file_is = "picture"
    needs = frozenset({"file"})
    limits = (
        "It moves a face away from itself for the comparer that was asked, by a little; others, "
        "later ones and people see the same person, and saving the picture again takes part of it."
    )
    settings_type = Makeup

    def protect(self, given: Given) -> Done:
        """The picture with tones as ``cloaked.png``, and how far it is from itself.

        Raises MediaError when no face is found, ModelError without the mesh.
        """
        assert given.file is not None
        pixels = read_image(given.file)
        face = largest(pixels)
        if face is None:
            raise MediaError(f"No face was found in {given.file.name!r}.")
        masks = parts_of(load_mesh().mesh(pixels, face), *pixels.shape[:2])
        embedder = FaceEmbedder(self.settings.network, threads=1)
        tones, reached = search(
            lambda changed: embedder.embed(changed, face), pixels, masks, self.settings,
            lambda n: given.said(n, self.settings.steps),
        )  # fmt: skip
        cloaked = toned(pixels, masks, tones)
        saved = _saved_again(cloaked)
        before = embedder.embed(pixels, face)
        values: dict[str, Any] = {
            "distance": round(reached, 4),
            "distance_saved_again": round(distance(before, embedder.embed(saved, face)), 4),
            "distance_of_saving": round(
                distance(before, embedder.embed(_saved_again(pixels), face)), 4
            ),
            "psnr": round(_psnr(pixels, cloaked), 2),
            "tones": [[round(float(v), 1) for v in tone] for tone in tones],
        }
        text = (
            f"Distance from itself {values['distance']} (0: the same; saved again "
            f"{values['distance_saved_again']}, where saving alone makes "
            f"{values['distance_of_saving']}), {values['psnr']} dB from the original."
        )
        if not self.settings.network:
            apart = operating("face_identity").threshold(_RATE)
            values |= {"strangers_from": round(apart, 4), "recognised": reached < apart}
            text += (
                f" Strangers begin at {apart:.4f} for it (at {_RATE:.0%} of pairs): it "
                f"{'still knows the face' if reached < apart else 'does not know the face'}."
            )
        if self.settings.check:
            other = FaceEmbedder(self.settings.check, threads=1)
            away = distance(other.embed(pixels, face), other.embed(cloaked, face))
            values["distance_elsewhere"] = round(away, 4)
            text += f" For the other comparer: {values['distance_elsewhere']}."
        held = io.BytesIO()
        Image.fromarray(cloaked).save(held, "PNG")
        return Done(text, values, {"cloaked.png": held.getvalue()})


def parts_of(mesh: Mesh, height: int, width: int) -> list[NDArray[np.float32]]:
    """A soft mask for each of ``PARTS``. A lid lies between brow and eye."""
    made = []
    for names in PARTS:
        whole = np.zeros((height, width), np.float32)
        for name in names:
            if name in _LIDS:
                brow, eye = _LIDS[name]
                part = mask(_lid(mesh, brow, eye), ["face"], height, width)
                part = part * (1 - mask(mesh, [brow, eye], height, width))
            else:
                part = mask(mesh, [name], height, width, ["mouth"] if name == "lips" else [])
            whole = np.maximum(whole, part)
        made.append(whole)
    return made


def _lid(mesh: Mesh, brow: str, eye: str) -> Mesh:
    """A mesh whose region ``face`` is the hull between a brow and an eye."""
    corners = np.concatenate([polygon(mesh, brow), polygon(mesh, eye)])
    around = corners - corners.mean(0)
    order = np.argsort(np.arctan2(around[:, 1], around[:, 0]))
    points = mesh.points.copy()
    ring = list(RINGS["face"])
    picked = np.linspace(0, len(order) - 1, len(ring)).astype(int)
    points[ring] = corners[order][picked]
    return Mesh(points, mesh.depth, mesh.confidence)


def toned(pixels: Pixels, masks: list[NDArray[np.float32]], tones: NDArray[np.float64]) -> Pixels:
    """The picture with a tone (parts × 3, in 8-bit levels) laid over each part."""
    shift = sum(part[..., None] * tone for part, tone in zip(masks, tones, strict=True))
    laid: Pixels = np.clip(pixels + shift + 0.5, 0, 255).astype(np.uint8)
    return laid


def search(
    embed: Callable[[Pixels], Tensor],
    pixels: Pixels,
    masks: list[NDArray[np.float32]],
    settings: Makeup,
    said: Callable[[int], None],
) -> tuple[NDArray[np.float64], float]:
    """The tones that move the face furthest from itself, and how far."""
    rng = np.random.default_rng(settings.seed)
    before = embed(pixels)
    best = np.zeros((len(masks), 3))
    reached, wide = 0.0, settings.most / 2
    for step in range(settings.steps):
        tried = np.clip(
            best + wide * rng.standard_normal(best.shape), -settings.most, settings.most
        )
        found = distance(before, embed(toned(pixels, masks, tried)))
        if found > reached:
            best, reached, wide = tried, found, min(wide * 1.5, settings.most)
        else:
            wide = max(wide * 1.5**-0.25, settings.most / 50)
        said(step + 1)
    return best, reached


def _saved_again(pixels: Pixels) -> Pixels:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "JPEG", quality=_JPEG)
    again: Pixels = np.asarray(Image.open(held).convert("RGB"))
    return again


def _psnr(one: Pixels, other: Pixels) -> float:
    error = float(((one.astype(np.float64) - other) ** 2).mean())
    return float(10 * np.log10(255**2 / max(error, 1e-9)))
