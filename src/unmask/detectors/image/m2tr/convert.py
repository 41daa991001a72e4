"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.detectors.image.sbi.convert import from_official as of_efficientnet
from unmask.train.names import rewritten

_RULES = (
    (r"^(layers\.\d+)\.0\.t\.attention\.(query|key|value)_embedding\.", r"\1.patches.\2."),
    (r"^(layers\.\d+)\.0\.t\.attention\.output_linear\.", r"\1.patches.out."),
    (r"^(layers\.\d+)\.0\.t\.feed_forward\.conv\.", r"\1.feed."),
    (r"^(layers\.\d+)\.1\.filter\.complex_weight$", r"\1.filter.weight"),
    (r"^(layers\.\d+)\.1\.feed_forward\.conv\.", r"\1.feed_spectrum."),
    (r"^(layers\.\d+)\.2\.conv1\.", r"\1.ask."),
    (r"^(layers\.\d+)\.2\.conv2\.", r"\1.show."),
    (r"^(layers\.\d+)\.2\.conv3\.", r"\1.tell."),
    (r"^(layers\.\d+)\.2\.conv4\.", r"\1.join."),
    (r"^classifier\.projection\.", "classify."),
)
_BODY = "model."
_UNUSED = "model._fc."
"""The backbone's own classifier, which their network does not ask."""


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their network as ours; a name that is not known stays as it is."""
    result: dict[str, Tensor] = {}
    for name, value in checkpoint.items():
        name = name.removeprefix("module.")
        if name.startswith(_UNUSED):
            continue
        if name.startswith(_BODY):
            (ours,) = of_efficientnet({name.removeprefix(_BODY): value})
            result[f"body.{ours.removeprefix('net.')}"] = value
        else:
            result[rewritten(name, _RULES)] = value
    return result
