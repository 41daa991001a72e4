"""The authors' two files, one of each branch, under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import all_rewritten

_RULES = (
    (r"^g1\.", "places."),
    (r"^g2\.", "steps."),
    (r"\.hidden_state$", ".start"),
    (r"\.dense\.1\.fn\.net\.", ".further."),
    (r"\.dense\.3\.", ".classify."),
)


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their networks, below ``g1.`` and ``g2.``, as ours."""
    return all_rewritten(checkpoint, _RULES)
