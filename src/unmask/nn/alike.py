"""Values that take part in an operation with others."""

from __future__ import annotations

from torch import Tensor


def alike(values: Tensor, other: Tensor) -> Tensor:
    """``values`` in the type of ``other`` and where it is.

    Nothing is done to what is already so: in an exported network a change of type that changes
    nothing is an operation all the same.
    """
    same = values.dtype == other.dtype and values.device == other.device
    return values if same else values.to(other)
