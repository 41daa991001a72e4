"""Decision costs of the speech field: DCF, and those in tandem with a speaker verifier.

Costs and priors are named as in the ASVspoof evaluation plans. Their scores rise with bona fide;
ours rise with forgery, and the functions turn the sign, so a *miss* here is a bona fide recording
that is rejected and a *false alarm* a spoof that is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unmask.errors import DataError
from unmask.metrics.detection import Floats, Ints, both, mode_of

TDCF_MODES = ("2021", "legacy")


@dataclass(frozen=True, slots=True)
class Costs:
    """Priors and costs; as they stand, those of ASVspoof 2019, 2021 and 5.

    ``spoof``: prior of a spoof; ``nontarget``: share of zero-effort impostors among the bona fide;
    ``miss``: cost of rejecting a bona fide target; ``accept``: of accepting an impostor;
    ``accept_spoof``: of accepting a spoof.
    """

    spoof: float = 0.05
    nontarget: float = 0.01
    miss: float = 1.0
    accept: float = 10.0
    accept_spoof: float = 10.0

    @property
    def target_prior(self) -> float:
        """Prior of a bona fide target."""
        return (1 - self.spoof) * (1 - self.nontarget)

    @property
    def nontarget_prior(self) -> float:
        """Prior of a zero-effort impostor."""
        return (1 - self.spoof) * self.nontarget


@dataclass(frozen=True, slots=True)
class Verifier:
    """Error rates of the speaker verifier behind the countermeasure, at its own threshold.

    ``miss``: targets rejected; ``accept``: impostors accepted; ``accept_spoof``: spoofs accepted.
    ``trials``: its scores of targets, impostors and spoofs, where they are known.
    """

    miss: float
    accept: float
    accept_spoof: float
    trials: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates at every threshold, from "accept all" to "reject all"."""

    miss: Floats
    accept: tuple[Floats, ...]


def error_rates(wanted: Floats, *unwanted: Floats) -> Rates:
    """Misses of ``wanted`` and acceptances of each of ``unwanted``; scores rise with acceptance."""
    cuts = np.concatenate([[-np.inf], np.unique(np.concatenate([wanted, *unwanted]))])

    def below(values: Floats) -> Floats:
        return np.asarray(np.searchsorted(np.sort(values), cuts, side="right") / len(values))

    return Rates(below(wanted), tuple(1 - below(values) for values in unwanted))


def _countermeasure(labels: Ints, scores: Floats) -> tuple[Floats, Floats]:
    rates = error_rates(-scores[labels == 0], -scores[labels == 1])
    return rates.miss, rates.accept[0]


def min_dcf(labels: Ints, scores: Floats, costs: Costs = Costs()) -> float:
    """Lowest normalised detection cost over all thresholds (as ASVspoof 5 has it)."""
    if not both(labels):
        return float("nan")
    miss, accept = _countermeasure(labels, scores)
    a, b = costs.miss * (1 - costs.spoof), costs.accept_spoof * costs.spoof
    return float((a * miss + b * accept).min() / min(a, b))


def act_dcf(labels: Ints, llrs: Floats, costs: Costs = Costs()) -> float:
    """Normalised detection cost at the threshold that the costs imply for true ratios.

    ``llrs`` are log-likelihood ratios in nats, positive = forged.
    """
    if not both(labels):
        return float("nan")
    a, b = costs.miss * (1 - costs.spoof), costs.accept_spoof * costs.spoof
    rejected = llrs > np.log(a / b)
    miss = rejected[labels == 0].mean()
    accept = 1 - rejected[labels == 1].mean()
    return float((a * miss + b * accept) / min(a, b))


def tandem_dcf(
    labels: Ints,
    scores: Floats,
    verifier: Verifier,
    costs: Costs = Costs(),
    mode: str = "2021",
) -> float:
    """Lowest normalised tandem detection cost (min t-DCF) with a fixed speaker verifier.

    ``2021``: Kinnunen et al. 2020, as in ASVspoof 2021 and 5. ``legacy``: Kinnunen et
    al. 2018, as in ASVspoof 2019, where the costs of the two systems are counted apart. Raises
    DataError when the verifier is so bad that a weight is negative.
    """
    mode_of("t-DCF", mode, TDCF_MODES)
    if not both(labels):
        return float("nan")
    miss, accept = _countermeasure(labels, scores)
    alone = (
        costs.target_prior * costs.miss * verifier.miss
        + costs.nontarget_prior * costs.accept * verifier.accept
    )
    c1 = costs.target_prior * costs.miss - alone
    c2 = costs.spoof * costs.accept_spoof * verifier.accept_spoof
    if c1 < 0 or c2 < 0:
        raise DataError("The verifier's error rates make a weight of the t-DCF negative.")
    if mode == "legacy":
        return float((c1 * miss + c2 * accept).min() / min(c1, c2))
    return float((alone + c1 * miss + c2 * accept).min() / (alone + min(c1, c2)))


def agnostic_dcf(
    target: Floats,
    nontarget: Floats,
    spoof: Floats,
    costs: Costs = Costs(),
) -> float:
    """Lowest normalised architecture-agnostic detection cost (min a-DCF, Shim et al. 2024).

    Of one system that should accept ``target`` and reject both others. Its scores rise with
    *acceptance*: they are a verifier's and not a forgery detector's.
    """
    if not (len(target) and len(nontarget) and len(spoof)):
        return float("nan")
    rates = error_rates(target, nontarget, spoof)
    a = costs.miss * costs.target_prior
    b = costs.accept * costs.nontarget_prior
    c = costs.accept_spoof * costs.spoof
    curve = a * rates.miss + b * rates.accept[0] + c * rates.accept[1]
    return float(curve.min() / min(a, b + c))


def equal_error_cut(target: Floats, nontarget: Floats) -> float:
    """The verifier's threshold at its equal error rate, as the organisers' program finds it.

    That rejects one trial after the other in the order of their scores, targets before impostors
    of the same score, and takes the first place at which both errors are closest. The trial that
    is rejected there gives the threshold, and counts as accepted where that is applied.
    """
    scores = np.concatenate([target, nontarget])
    order = np.argsort(scores, kind="stable")
    targets = np.cumsum(order < len(target))
    others = len(nontarget) - (np.arange(1, len(scores) + 1) - targets)
    miss = np.concatenate([[0.0], targets / len(target)])
    accept = np.concatenate([[1.0], others / len(nontarget)])
    first = int(np.argmin(np.abs(miss - accept)))
    return float(scores[order[first - 1]]) if first else float(scores[order[0]] - 0.001)


def read_verifier(path: Path) -> Verifier:
    """A verifier's scores, and its rates at its equal error rate, from an ASVspoof score file.

    Lines of "… key score" with the key target, nontarget or spoof among their words. Raises
    DataError when a kind is missing.
    """
    found: dict[str, list[float]] = {"target": [], "nontarget": [], "spoof": []}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"The verifier's scores {path} cannot be read: {error.strerror}.") from None
    for line in lines:
        words = line.split()
        key = next((word for word in words if word in found), "")
        if key:
            found[key].append(float(words[-1]))
    if empty := [key for key, values in found.items() if not values]:
        raise DataError(
            f"{path} holds no scores of {empty[0]!r}; it needs target, nontarget, spoof."
        )
    target, nontarget, spoof = (np.array(found[key]) for key in ("target", "nontarget", "spoof"))
    cut = equal_error_cut(target, nontarget)
    return Verifier(
        float((target < cut).mean()),
        float((nontarget >= cut).mean()),
        float((spoof >= cut).mean()),
        (tuple(found["target"]), tuple(found["nontarget"]), tuple(found["spoof"])),
    )
