"""The contract between the wings: what a detector takes, gives, was fitted on and is worth.

A card is ``card.toml`` in a detector's folder. The inference wing believes nothing that the card
does not say, and refuses weights whose hash the card does not name. A published method whose
weights are the authors' or the user's has a card without ``weights``; an export writes the full
one beside the ONNX file.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from unmask._toml import read_toml
from unmask.digests import sha256_of
from unmask.errors import ModelError
from unmask.types import Vote


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Weights(_Part):
    """The file that holds the network. ``origin``: whose training it is, where not ours."""

    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int
    precision: str
    licence: str
    origin: str = ""


class Input(_Part):
    """What the network takes. ``preparation`` says it in words.

    ``take`` says it to the program: a square around a ``face``, ``margin`` times its box, or the
    ``light`` in it, taken apart; the whole ``picture``; a ``clip`` of one face along time, or 68
    ``points`` of it; whole ``frames`` of a video; ``sound`` at ``rate`` samples a second; the
    tokens of a ``text``. Empty: an analyzer of its own prepares it.
    ``fit``: how a picture gets the side of ``shape`` (free: it keeps its size). With
    ``shortest-then-centre-crop`` its shorter side, with ``stretch-then-centre-crop`` each side
    first gets ``side`` pixels, and the middle is cut (``centre``: which pixel is left out where the
    rim is odd). ``filter``: how it is scaled, exactly by this filter; empty: bilinear, with a
    shortcut where it is made much smaller. ``step``: seconds between the frames of a clip; 0
    spreads them evenly over the whole. ``judges``: what kind of sound it was made for, where it
    says nothing of others.
    """

    name: str
    shape: list[int | str]
    layout: str
    preparation: str
    take: Literal["", "face", "light", "picture", "clip", "points", "frames", "sound", "text"] = ""
    margin: float = Field(default=1.3, ge=1)
    fit: Literal[
        "stretch", "crop", "pad", "free", "shortest-then-centre-crop", "stretch-then-centre-crop"
    ] = "stretch"
    side: int = Field(default=0, ge=0)
    centre: Literal["down", "even"] = "down"
    filter: Literal["", "nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] = ""
    rate: int = 16000
    step: float = Field(default=0.0, ge=0)
    judges: Literal["", "speech", "songs"] = ""

    @model_validator(mode="after")
    def _sided(self) -> Input:
        if self.fit.endswith("then-centre-crop"):
            sides = [size for size in self.shape[-2:] if isinstance(size, int)]
            if len(sides) < 2 or self.side < max(sides):
                raise ValueError(f"fit {self.fit!r} needs a fixed size and a side no smaller")
        return self


class Output(_Part):
    """What one output means. 1 = forged everywhere.

    ``claim``: what a high value says about the file (a value of ``types.Claim``); empty where an
    output is no score.
    """

    name: str
    shape: list[int | str]
    meaning: str
    claim: str = ""


class Source(_Part):
    """Where an idea came from."""

    title: str
    authors: str
    year: int
    url: str = ""
    used_for: str = ""


class Further(_Part):
    """Another file of the same checkpoint, under the same licence."""

    url: str
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")


class Published(_Part):
    """A checkpoint of the method's authors: where it is, and under which licence.

    ``sha256`` is empty when nobody of us has seen the file: then it is used from a path only and
    never fetched. ``further``: the files beside the first, where the authors' program writes its
    parts apart, in the order of the method's ``files``.
    """

    variant: str
    url: str
    licence: str
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    trained_on: str = ""
    further: list[Further] = []


class Training(_Part):
    """How the weights came to be."""

    recipe: str
    seed: int
    wall_seconds: float
    machine: str
    samples: int
    data: list[str]
    fakes: list[str]
    date: str


class Threshold(_Part):
    """One row of an operating table: at ``score``, a share ``fpr`` of known reals is flagged."""

    fpr: float = Field(gt=0, lt=1)
    score: float


class Operating(_Part):
    """Calibration and thresholds of one score, with their birth certificate.

    ``llr = slope * score + offset``. ``thresholds`` are quantiles of real items: their rates hold
    on average over the known sources, and none of these exceeds ``worst_source`` times the rate.
    ``clear`` is the score under which only a share ``miss`` of known fakes lies.
    """

    output: str
    claim: str
    slope: float = Field(gt=0)
    offset: float
    clear: float
    miss: float
    thresholds: list[Threshold] = Field(min_length=2)
    worst_source: float = Field(default=1.0, ge=1)
    llr_limit: float = Field(default=math.log(1000), gt=0)
    fitted_on: str
    laundering: str
    date: str
    reals: int
    fakes: int
    groups: int

    @model_validator(mode="after")
    def _ordered(self) -> Operating:
        rows = sorted(self.thresholds, key=lambda row: -row.fpr)
        if [row.score for row in rows] != sorted(row.score for row in rows):
            raise ValueError("a smaller false-positive rate must have a higher threshold")
        return self

    def llr(self, score: float) -> float:
        """Calibrated log-likelihood ratio (nats), held within ± ``llr_limit``."""
        raw = self.slope * score + self.offset
        return max(-self.llr_limit, min(self.llr_limit, raw))

    def threshold(self, fpr: float) -> float:
        """The score to exceed for a false-positive rate; linear in log(fpr) between the rows.

        Outside the rows the nearest two are continued.
        """
        rows = sorted(self.thresholds, key=lambda row: row.fpr)
        x = [math.log(row.fpr) for row in rows]
        y = [row.score for row in rows]
        at = math.log(fpr)
        i = min(max(sum(1 for v in x[1:-1] if v <= at), 0), len(x) - 2)
        t = (at - x[i]) / (x[i + 1] - x[i])
        return y[i] + t * (y[i + 1] - y[i])

    def rate(self, score: float) -> float:
        """The share of known reals over ``score``: the inverse of ``threshold``, at most 1.

        Of several rates with one threshold the highest holds for it.
        """
        rows = sorted(self.thresholds, key=lambda row: -row.fpr)
        pairs = [pair for pair in pairwise(rows) if pair[0].score < pair[1].score]
        if not pairs:
            return rows[0].fpr if score > rows[0].score else 1.0
        left, right = next((pair for pair in pairs if score <= pair[1].score), pairs[-1])
        along = (score - left.score) / (right.score - left.score)
        return math.exp(
            min(0.0, math.log(left.fpr) + along * (math.log(right.fpr) - math.log(left.fpr)))
        )

    def vote(self, score: float, fpr: float) -> Vote:
        """Forged above the threshold, clear under ``clear``, undecided between."""
        if score > self.threshold(fpr):
            return Vote.FORGED
        return Vote.CLEAR if score < self.clear else Vote.UNDECIDED


class PowerRow(_Part):
    """How many known forgeries of one kind were flagged, in files of one bucket of quality.

    Of makers and sources left out of training. ``within``: the bucket, from (included) to (not) for
    each measure of ``decision.evidence`` that bounds it; empty: all files. ``encoder``: whether the
    encoder looked as well. ``found``: how many of ``files`` were flagged, by false-positive rate of
    the whole file.
    """

    claim: str
    kind: str
    media: str
    bucket: str
    within: dict[str, tuple[float, float]] = Field(default_factory=dict)
    encoder: bool = False
    files: int = Field(gt=0)
    found: dict[str, int]

    def share(self, fpr: float) -> tuple[float, float]:
        """The share flagged, and the listed rate it was counted at: the next one below ``fpr``."""
        rates = sorted(float(rate) for rate in self.found)
        rate = max((one for one in rates if one <= fpr * (1 + 1e-9)), default=rates[0])
        count = next(n for text, n in self.found.items() if float(text) == rate)
        return count / self.files, rate


class Card(_Part):
    """All that is known about one detector."""

    name: str
    title: str
    modality: str
    summary: str
    version: str
    code_licence: str
    inputs: list[Input]
    outputs: list[Output]
    sources: list[Source]
    limits: list[str] = Field(min_length=1)
    weights: Weights | None = None
    training: Training | None = None
    operating: list[Operating] = Field(default_factory=list)
    power: list[PowerRow] = Field(default_factory=list)
    repository: str = ""
    published: list[Published] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)

    @property
    def variants(self) -> list[str]:
        """The variants of a published method, its default first."""
        listed = list(dict.fromkeys(one.variant for one in self.published))
        return list(self.parameters.get("variants", listed)) or ["default"]

    def shelf_name(self, variant: str = "") -> str:
        """What a variant is called on a user's shelf and in a scan; empty: the default one."""
        if variant in ("", self.variants[0]):
            return self.name
        return variant if variant.startswith(self.name) else f"{self.name}-{variant}"

    def file(self) -> Weights:
        """The weights. Raises ModelError when the card has none."""
        if self.weights is None:
            raise ModelError(
                f"{self.name!r} comes without weights. Train it, or take the authors' "
                f"checkpoint: unmask models export {self.name} --help"
            )
        return self.weights

    def for_claim(self, claim: str) -> Operating:
        """The operating table of one claim. Raises ModelError when the card has none."""
        for row in self.operating:
            if row.claim == claim:
                return row
        raise ModelError(f"Card {self.name!r} has no calibration for the claim {claim!r}.")


def read_card(path: Path) -> Card:
    """Read a card. Raises ModelError when it is missing or malformed."""
    return read_toml(path, Card, "card", ModelError)


def verified_weights(card_path: Path) -> Path:
    """The file of a card's weights, checked against its hash. Raises ModelError."""
    weights = read_card(card_path).file()
    path = card_path.parent / weights.file
    try:
        found = sha256_of(path)
    except FileNotFoundError:
        raise ModelError(f"The weights {path} are missing. Reinstall unmask.") from None
    if found != weights.sha256:
        raise ModelError(
            f"The weights {path} are not those of the card (sha256 differs). Reinstall unmask."
        )
    return path
