"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_STARTS = {
    "encoder.features.": "encoder.",
    "decoder.features.": "decoder.",
    "fc.": "hidden.",
    "fc2.": "last.",
}
_UNUSED = ("embedder.", "backbone.patch_embed.")
"""A Swin transformer that stands in the authors' network twice by name, and is never asked."""


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their first network as ours; what has no place here keeps its name."""
    bare = {name.removeprefix("module."): value for name, value in checkpoint.items()}
    return {
        new_start(name, _STARTS): value
        for name, value in bare.items()
        if not name.startswith(_UNUSED)
    }
