"""One figure for a forgery detector and a speaker verifier at work together, without costs."""

from __future__ import annotations

import numpy as np

from unmask.metrics.costs import Rates, error_rates
from unmask.metrics.detection import Floats, Ints, both


def tandem_eer(
    labels: Ints,
    scores: Floats,
    target: Floats,
    nontarget: Floats,
    spoof: Floats,
    prevalence: float = 0.5,
) -> float:
    """Concurrent tandem equal error rate (t-EER, Kinnunen et al. 2023).

    ``labels`` and ``scores`` are the detector's (higher = forged); ``target``, ``nontarget`` and
    ``spoof`` the verifier's, which rise with acceptance. Among the pairs of thresholds at which
    the tandem rejects as many targets as it accepts others (of which the share ``prevalence`` are
    spoofs), it is the error rate where impostors and spoofs are accepted equally often. There it
    does not depend on ``prevalence``, but for the steps of the curves. NaN without all kinds of
    scores, or when no threshold of the verifier is of use.
    """
    if not (both(labels) and len(target) and len(nontarget) and len(spoof)):
        return float("nan")
    verifier = error_rates(target, nontarget, spoof)
    detector = error_rates(-scores[labels == 0], -scores[labels == 1])
    impostors, spoofs = verifier.accept
    wrong = (1 - prevalence) * impostors + prevalence * spoofs
    useful = np.flatnonzero((verifier.miss < wrong) & (spoofs > 0))
    places = _balanced(detector, verifier, useful, prevalence)
    passed = 1 - detector.miss[places]
    kept = passed > 0
    if not kept.any():
        return float("nan")
    useful, accepted = useful[kept], detector.accept[0][places][kept]
    gap = np.abs(impostors[useful] / spoofs[useful] - accepted / passed[kept])
    best = int(np.argmin(gap))
    return float(spoofs[useful[best]] * accepted[best])


def _balanced(detector: Rates, verifier: Rates, at: Ints, prevalence: float) -> Ints:
    """For each of some thresholds of the verifier, the detector's where both errors are closest.

    The difference of the errors only rises with the detector's threshold, so that halving finds
    its change of sign.
    """
    miss, (accept,) = detector.miss, detector.accept
    impostors, spoofs = verifier.accept[0][at], verifier.accept[1][at]

    def gap(places: Ints) -> Floats:
        passed = 1 - miss[places]
        rejected = 1 - passed * (1 - verifier.miss[at])
        taken = (1 - prevalence) * passed * impostors + prevalence * accept[places] * spoofs
        return np.asarray(rejected - taken)

    low = np.zeros(len(at), np.int64)
    high = np.full(len(at), len(miss) - 1)
    while np.any(low < high):
        middle = (low + high) // 2
        under = gap(middle) < 0
        low, high = np.where(under, middle + 1, low), np.where(under, high, middle)
    before = np.maximum(low - 1, 0)
    return np.where(np.abs(gap(before)) <= np.abs(gap(low)), before, low)
