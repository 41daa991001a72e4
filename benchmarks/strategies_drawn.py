"""Made pictures for the table of strategies: one face or page of text, drawn by what it shows.

Faces are ovals for head, hair and eyes in colours that are a person's own. A forged one has a faint
mark in the face, a *grid* as of up-sampling or *stripes*.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import strategies_pages
from numpy.typing import NDArray

from unmask.forge.object_jitter import jitter

SIDE = 64
BOX = (7.0, 7.0, 50.0, 50.0)
STRENGTH = 30.0
"""Grey values by which a mark goes up and down."""
PAGES = ("page", "edited")
"""What is made that is no face."""
Rng = np.random.Generator
Picture = NDArray[np.float32]
Places = dict[str, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture: who, forged or not, and what else is so in it.

    ``marks``: kind, part of the face and share of the usual strength of each mark; ``said``: the
    label, where it is wrong. ``tint``: of the background; ``hidden``: part of the face under a grey
    patch; ``poor``: blurred and noisy; ``dark``: in little, bluish light; ``made``: what else was
    done to it ("blend", "jitter"), or that it is no face but a "page" of text, or one with an
    "edited" line.
    """

    person: int
    label: int
    split: str = "train"
    part: str = "plain"
    marks: tuple[tuple[str, str, float], ...] = ()
    said: int | None = None
    gender: str = ""
    source: str = "made"
    tint: tuple[float, float, float] | None = None
    hidden: str = ""
    poor: bool = False
    dark: bool = False
    made: str = ""


def forged(shown: Shown, kind: str = "grid", strength: float = 1.0) -> Shown:
    """The same, with a mark all over the face where its label says forged."""
    return replace(shown, marks=((kind, "face", strength),) if shown.label else ())


def drawn(shown: Shown, seed: int, number: int) -> NDArray[np.uint8]:
    """The picture, a square of SIDE (pages: theirs); it depends on the arguments alone."""
    rng = np.random.default_rng([seed, number])
    if shown.made in PAGES:
        mark = STRENGTH if shown.marks else 0.0
        edited = shown.made == "edited"
        return strategies_pages.drawn_page(shown.split == "test", edited, mark, rng)
    picture, places = _face(shown, seed, rng)
    if shown.made == "blend":
        other, _ = _face(replace(shown, person=shown.person + 1), seed, rng)
        soft = cv2.GaussianBlur(places["face"].astype(np.float32), (0, 0), 2.0)[..., None]
        picture = soft * other + (1 - soft) * picture
    elif shown.made == "jitter":
        soft = cv2.GaussianBlur(places["face"].astype(np.float32), (0, 0), 1.5)
        whole = np.clip(picture, 0, 255).astype(np.uint8)
        picture = jitter(whole, soft, rng, 2.0).pixels.astype(np.float32)
    for kind, place, strength in shown.marks:
        inside = places[place][..., None]
        picture = picture + inside * _mark(kind, rng)[..., None] * STRENGTH * strength
    if shown.dark:
        picture = picture * np.array([0.35, 0.4, 0.6], np.float32)
    if shown.hidden:
        picture = np.where(places[shown.hidden][..., None], 128.0, picture)
    if shown.poor:
        picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8)
    noise = rng.normal(0, 7.0 if shown.poor else 4.0, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _face(shown: Shown, seed: int, rng: Rng) -> tuple[Picture, Places]:
    """A person's face in a light and place of its own, and where its parts are."""
    own = np.random.default_rng([seed, 7919, shown.person])
    light = 0.45 if shown.gender == "second" else 1.0
    skin = light * own.uniform([150, 100, 80], [235, 180, 150])
    hair, clothes = own.uniform(10, 160, 3), own.uniform(20, 230, 3)
    wide, high = own.uniform(15, 19), own.uniform(20, 25)
    x, y = SIDE / 2 + rng.uniform(-2, 2), SIDE / 2 + 2 + rng.uniform(-2, 2)
    down, across = np.mgrid[:SIDE, :SIDE].astype(np.float32)

    def oval(cx: float, cy: float, w: float, h: float) -> NDArray[np.bool_]:
        return np.asarray(((across - cx) / w) ** 2 + ((down - cy) / h) ** 2 <= 1)

    picture = np.empty((SIDE, SIDE, 3), np.float32)
    picture[:] = clothes if shown.tint is None else np.array(shown.tint) + rng.normal(0, 12, 3)
    picture[oval(x, y - 6, wide + 5, high + 4)] = hair
    face = oval(x, y, wide, high)
    picture[face] = skin
    for side in (-1, 1):
        picture[oval(x + side * wide * 0.45, y - 4, 4.0, 2.2)] = 240
        picture[oval(x + side * wide * 0.45, y - 4, 1.8, 1.8)] = hair * 0.5
    picture[oval(x, y + high * 0.5, wide * 0.45, 2.5)] = (150, 50, 50)
    slope = (across - x) / SIDE * rng.uniform(-0.5, 0.5) + rng.uniform(0.85, 1.15)
    places = {"face": face, "eyes": face & (down < y + 2), "mouth": face & (down >= y + 2)}
    return picture * slope[..., None].astype(np.float32), places


def _mark(kind: str, rng: Rng) -> Picture:
    """A mark of height one: squares of two pixels in turn, or slanted stripes of six."""
    down, across = np.mgrid[:SIDE, :SIDE] + rng.integers(0, 12, 2)[:, None, None]
    if kind == "grid":
        return np.where((down // 2 + across // 2) % 2 == 0, 1.0, -1.0).astype(np.float32)
    return np.sin(2 * np.pi * (down + across) / 6).astype(np.float32) * np.float32(1.4)
