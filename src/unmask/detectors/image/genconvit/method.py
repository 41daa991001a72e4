"""GenConViT as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from unmask.detectors.image.genconvit.convert import from_official
from unmask.detectors.image.genconvit.model import SIZE, GenConViT
from unmask.train.face_method import FaceMethod
from unmask.train.method import fitted


class GenConViTMethod(FaceMethod):
    """Deressa, Mareen, Lambert, Atnafu, Akhtar and Van Wallendael 2023, "GenConViT: Deepfake Video
    Detection Using Generative Convolutional Vision Transformer", its network with an autoencoder.
    What the autoencoder draws is not compared with the face.

    ``settings``: ``depths`` and ``widths`` of ConvNeXt, the tiny one's unless given, ``side`` (of
    the example).
    """

    size = SIZE
    small: ClassVar[Mapping[str, Any]] = {
        "depths": (1, 1, 2, 1),
        "widths": (8, 16, 24, 32),
        "side": 64,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """The network. Raises MissingExtra or ModelError when ConvNeXt's weights are not there."""
        sizes = {
            name: self.settings[name] for name in ("depths", "widths") if name in self.settings
        }
        return GenConViT(pretrained, **sizes)

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint (ED) under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "GenConViT")
