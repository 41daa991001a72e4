"""Names of the authors' toolkit (wedefense) under ours, for MHFA and attentive statistics.

Its projection puts bona fide first, as ours; the encoder has the names of WavLM's authors.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.nn.speech_names import transformers_names
from unmask.train.names import new_start

_BACKEND = {
    "weights_k": "backend.keys.weights",
    "weights_v": "backend.values.weights",
    "cmp_linear_k.": "backend.narrow_keys.",
    "cmp_linear_v.": "backend.narrow_values.",
    "att_head.": "backend.heads.",
    "pooling_fc.": "backend.join.",
    "projection.": "classify.",
}
_FRONT = "frontend.upstream.upstream.model."


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the toolkit's file under our names; a name that is not known stays as it is."""
    encoder = {n.removeprefix(_FRONT): v for n, v in checkpoint.items() if n.startswith(_FRONT)}
    front = {f"front.encoder.{n}": value for n, value in transformers_names(encoder).items()}
    rest = {new_start(n, _BACKEND): v for n, v in checkpoint.items() if not n.startswith(_FRONT)}
    return rest | front
