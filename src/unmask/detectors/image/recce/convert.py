"""The checkpoint of DeepfakeBench under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_STARTS = {
    "encoder.": "net.",
    "fc.": "net.fc.",
    "attention.gated.": "attention.gate.",
    "attention.h.": "attention.change.",
    "reasoning.va_embedding.": "reasoning.embed.",
    "reasoning.va_gated_b.0.": "reasoning.gate_near.",
    "reasoning.va_gated_c.0.": "reasoning.gate_far.",
    "reasoning.vb_embedding.": "reasoning.near.embed.",
    "reasoning.vc_embedding.": "reasoning.far.embed.",
    "reasoning.reweight_ab.0.": "reasoning.near.weigh.",
    "reasoning.reweight_ac.0.": "reasoning.far.weigh.",
    "reasoning.reproject.": "reasoning.project.",
    "decoder1.": "first.0.",
    "decoder2.": "first.1.",
    "decoder3.": "second.0.",
    "decoder4.": "second.1.",
    "decoder5.": "third.0.",
    "decoder6.0.": "third.1.",
}
_UNUSED = ("backbone.", "model.encoder.fc.")
"""A second Xception, which the benchmark builds and never runs, and ImageNet's classifier."""


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their detector as ours; what has no place here keeps its name."""
    bare = {name.removeprefix("module."): value for name, value in checkpoint.items()}
    return {
        new_start(name.removeprefix("model."), _STARTS): value
        for name, value in bare.items()
        if not name.startswith(_UNUSED)
    }
