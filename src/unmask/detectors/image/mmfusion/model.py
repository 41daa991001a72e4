"""The network: TruFor's two streams, the second of which sees a mixture of three filters.

Triaridis and Mezaris 2024, "Exploring Multi-Modal Fusion for Image Manipulation Detection and
Localization", section 3 (early fusion, which the authors call MMFusion).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from unmask.detectors.image.mmfusion.filters import WIDTHS, Bayar, Mixer, Srm
from unmask.detectors.image.trufor.model import PHASES, TruFor
from unmask.nn.mix_transformer import Head, Shape, initialise
from unmask.nn.noiseprint import LAYERS

_EPS = 1e-3
"""Of every norm in the authors' network, but those after the second stream's patches."""


class MMFusion(TruFor):
    """As TruFor; ``learn_bayar``: the learnt filter moves with the localisation.

    ``mixer``: widths of the convolutions that mix the filters.
    """

    def __init__(
        self,
        shape: Shape | None = None,
        phase: str = "detection",
        learn_bayar: bool = False,
        layers: int = LAYERS,
        second: Sequence[int] | None = None,
        mixer: Sequence[int] = WIDTHS,
    ) -> None:
        shape = shape or Shape()
        super().__init__(shape, phase, layers, second)
        self.bayar = Bayar()
        self.srm = Srm()
        self.mixer = Mixer(mixer).apply(initialise)
        self.mask_head = Head(shape.widths, shape.decoder, 2, bias=False)
        self.confidence_head = Head(shape.widths, shape.decoder, 1, bias=False)
        parts = (self.rgb, self.noise, self.rectify, self.fuse, self.mixer)
        for module in (inner for part in parts for inner in part.modules()):
            if isinstance(module, nn.LayerNorm | nn.BatchNorm2d):
                module.eps = _EPS
        for stage in self.noise:
            stage.embed_norm.eps = 1e-6  # type: ignore[union-attr]
        last = phase == "detection"
        more = ("bayar", "mixer") if last else () if learn_bayar else ("bayar",)
        self.freeze((*PHASES[phase], *more))

    def clues(self, pixels: Tensor) -> Tensor:
        """The mixture of Noiseprint++, the learnt and the fixed filters."""
        mixed: Tensor = self.mixer([super().clues(pixels), self.bayar(pixels), self.srm(pixels)])
        return mixed

    def fused(self, first: Tensor, noise: Tensor) -> list[Tensor]:
        """As TruFor's, but that the second stream's patches go on beside what became of them."""
        maps: list[Tensor] = []
        patches = noise
        for place, (rgb, other) in enumerate(zip(self.rgb, self.noise, strict=True)):
            patches = other.embedded(noise + misread(patches) if maps else noise)  # type: ignore[operator]
            first, noise = self.rectify[place](rgb(first), other.finished(patches))  # type: ignore[operator]
            maps.append(self.fuse[place](first, noise))
        return maps


def misread(map_: Tensor) -> Tensor:
    """A map (B, C, H, W) as the one that the authors' program adds: channels read as places.

    It takes a map for one whose channels stand last. The published weights were trained so.
    """
    batch, channels, height, width = map_.shape
    return map_.reshape(batch, height, width, channels).permute(0, 3, 1, 2)
