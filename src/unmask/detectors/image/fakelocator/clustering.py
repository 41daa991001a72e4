"""Judging many faces of one unknown generator by a single one whose class is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.errors import DataError

_NEIGHBOURS = 30.0
_FEWEST = 8


def judged_by_one(
    features: NDArray[np.floating], known: int, label: int, seed: int = 0
) -> NDArray[np.int64]:
    """1 forged, 0 real, for each row of ``features`` (N × D): faces parted into two clusters.

    The features are laid into a plane by t-SNE and parted by k-means; the cluster in which row
    ``known`` lies is of its ``label``, the other of the other. It holds where both classes are
    there and all fakes are of one kind. Raises DataError for fewer than 8 faces.
    """
    from sklearn.cluster import KMeans
    from sklearn.manifold import TSNE

    if len(features) < _FEWEST:
        raise DataError(f"{len(features)} faces cannot be parted into two; {_FEWEST} are needed.")
    neighbours = min(_NEIGHBOURS, (len(features) - 1) / 3)
    plane = TSNE(2, perplexity=neighbours, init="pca", random_state=seed).fit_transform(features)
    cluster = KMeans(2, n_init=10, random_state=seed).fit_predict(plane)
    return np.where(cluster == cluster[known], label, 1 - label).astype(np.int64)
