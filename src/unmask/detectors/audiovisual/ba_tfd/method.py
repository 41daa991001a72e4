"""BA-TFD as the research wing sees it (Cai et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from unmask.detectors.audiovisual.ba_tfd.convert import renamed
from unmask.detectors.audiovisual.ba_tfd.model import BaTfd, Shape
from unmask.detectors.audiovisual.ba_tfd_plus.method import BaTfdPlusMethod
from unmask.errors import ModelError
from unmask.train.method import fitted


class BaTfdMethod(BaTfdPlusMethod):
    """BA-TFD: the loss, the clips and the proposals of BA-TFD+, on smaller encoders and one map.

    ``settings``: ``weights`` (of the parts of the loss), ``backbone_config`` (fields of ``Shape``,
    for small networks).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "backbone_config": {
            "frames": 16,
            "durations": 6,
            "samples": 4,
            "features": 16,
            "widths": (4, 4, 4, 4),
            "sound": (4, 4, 4),
            "boundary": (12, 8),
        }
    }
    shape_type = Shape

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. Raises ModelError for ``pretrained``: the paper starts from nothing."""
        if pretrained:
            raise ModelError(
                "BA-TFD starts from random weights in its paper. Set init = 'random', or name a "
                "checkpoint."
            )
        return BaTfd(self.shape)

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """batfd_default.ckpt under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), "ba_tfd")
