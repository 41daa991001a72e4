"""MMFusion as the research wing sees it (Triaridis and Mezaris 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.mmfusion.convert import renamed
from unmask.detectors.image.mmfusion.filters import WIDTHS
from unmask.detectors.image.mmfusion.loss import confidence_loss, localisation_loss
from unmask.detectors.image.mmfusion.model import MMFusion
from unmask.detectors.image.trufor.method import TruForMethod, pretrained_stages
from unmask.errors import ModelError
from unmask.nn.mix_transformer import Shape
from unmask.train.method import fitted, read_checkpoint


class MMFusionMethod(TruForMethod):
    """MMFusion with early fusion. Phases and pictures are TruFor's.

    ``settings``: those of TruFor but ``forged_share``, and ``filters`` (path of the authors'
    filters, needed for a pre-trained start, in the place of ``noiseprint``), ``learn_bayar``, and
    ``mixer`` (widths of the mixing convolutions, for small networks).
    """

    small: ClassVar[Mapping[str, Any]] = {
        **TruForMethod.small,
        "second_depths": (0,),
        "mixer": (8,),
        "noiseprint_layers": 2,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """The network of a phase. ``pretrained``: both streams from SegFormer, and the filters.

        Raises MissingExtra, ModelError, DataError when one of them cannot be had.
        """
        changed = dict(self.settings.get("backbone_config") or {})
        learn = bool(self.settings.get("learn_bayar"))
        mixer = self.settings.get("mixer") or WIDTHS
        if not pretrained:
            second = self.second_depths
            return MMFusion(Shape(**changed), self.phase, learn, self.layers, second, mixer)
        if changed or self.phase != "localisation":
            raise ModelError(
                "Only the localisation of the whole network starts from pre-trained parts; for the "
                "phase 'detection' set init in the recipe to the checkpoint of the localisation."
            )
        if not (path := self.settings.get("filters")):
            raise ModelError(
                "The setting 'filters' must name the authors' file of Noiseprint++ and the learnt "
                "filter (see the README)."
            )
        filters = renamed(read_checkpoint(Path(path)))
        network = MMFusion(Shape(), self.phase, learn, self.layers, mixer=mixer)
        for part in ("noiseprint", "bayar"):
            own = {n.removeprefix(f"{part}."): v for n, v in filters.items() if n.startswith(part)}
            module = network.get_submodule(part)
            module.load_state_dict(fitted(module, own, f"mmfusion's {part}"))
        stages = pretrained_stages(Shape(), "MMFusion")
        for stream in (network.rgb, network.noise):
            stream.load_state_dict(stages)
        return network

    mask_loss = staticmethod(localisation_loss)
    certainty_loss = staticmethod(confidence_loss)

    def detection_loss(self, logit: Tensor, label: Tensor) -> Tensor:
        """Plain cross-entropy."""
        return F.binary_cross_entropy_with_logits(logit, label.to(logit))

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint of one of the phases, with its filters beside it.

        That of the localisation holds a detector too, which was never trained: it starts the second
        phase (setting ``phase``) and is refused as a detector. Raises ModelError when it does not
        fit.
        """
        state = fitted(self.network(), renamed(checkpoint), "mmfusion")
        if "phase" not in self.settings and not state["detect.0.bias"].any():
            raise ModelError(
                "The detector of this checkpoint was never trained: it is the authors' file of the "
                "localisation. Take that of their second phase, or train it (phase = 'detection')."
            )
        return state
