"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import rewritten

_RULES = (
    (r"^module\.", ""),
    (r"^video_backbone\.", "see."),
    (r"^audio_backbone\.conv1\.", "hear.enter."),
    (r"^audio_backbone\.bn1\.", "hear.norm."),
    (r"^audio_backbone\.", "hear."),
    (r"\.se\.fc\.", ".weigh."),
    (r"^(hear\..*)\.downsample\.", r"\1.bypass."),
    (r"^mlp\.mlp\.", "judge."),
)


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names; a name that is not known stays as it is. Layers count from 0."""
    result = {}
    for name, value in checkpoint.items():
        ours = rewritten(name, _RULES)
        for number in range(1, 5):
            ours = ours.replace(f".layer{number}.", f".layers.{number - 1}.")
        result[ours] = value
    return result
