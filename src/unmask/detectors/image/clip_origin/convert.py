"""A linear classifier of scikit-learn under our names. The authors publish none."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

_HEAD = {"coef_": "head.weight", "intercept_": "head.bias"}


def from_sklearn(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Coefficients as a layer; a name that is not known stays as it is."""
    return {_HEAD.get(name, name): value.float() for name, value in checkpoint.items()}
