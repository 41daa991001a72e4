"""The authors' files, encoder and decoder, under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_STARTS = {
    "encoder.encoder.": "encoder.",
    "decoder.shared.": "shared.",
    "decoder.segmenter.": "segmenter.",
    "decoder.decoder.": "painter.",
}


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their networks, below ``encoder.`` and ``decoder.``, as ours."""
    return {new_start(name, _STARTS): value for name, value in checkpoint.items()}
