"""Grad-CAM: the last maps of a convolutional network, weighted by how they move the score.

Run by Captum. The map is as coarse as the layer. Only what speaks for forged is shown.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from unmask.errors import MissingExtra, ModelError
from unmask.explain.base import Asked, Explainer, Settings

CITATION = (
    "Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM: Visual Explanations from Deep "
    "Networks via Gradient-based Localization. ICCV 2017"
)
URL = "https://arxiv.org/abs/1610.02391"
_LEAST_SIDE = 4


class Layer(Settings):
    """``layer``: the name of a module; empty: the last convolution with a map of 4 × 4 or more."""

    layer: str = Field(default="")


class GradCam(Explainer[Layer]):
    """Where the layer saw what spoke for forged."""

    settings_type = Layer

    def explain(self, asked: Asked) -> Tensor:
        """Raises ModelError when there is no such layer, MissingExtra."""
        try:
            from captum.attr import LayerGradCam
        except ImportError as error:
            raise MissingExtra(f"Grad-CAM (the package {error.name!r})", "train") from None
        layer = self._layer(asked)
        picture = asked.seen.clone().requires_grad_()
        found: Tensor = LayerGradCam(asked.score, layer).attribute(picture, relu_attributions=True)
        grown = nn.functional.interpolate(
            found.detach(), asked.seen.shape[-2:], mode="bilinear", align_corners=False
        )
        return grown[0, 0]

    def _layer(self, asked: Asked) -> nn.Module:
        """The module that is asked about."""
        modules: dict[str, nn.Module] = dict(asked.network.named_modules())
        if self.settings.layer:
            if self.settings.layer not in modules:
                raise ModelError(f"The network has no module {self.settings.layer!r}.")
            return modules[self.settings.layer]
        last: list[nn.Module] = []

        def note(module: nn.Module, _: object, output: Tensor) -> None:
            if output.ndim == 4 and min(output.shape[-2:]) >= _LEAST_SIDE:
                last.append(module)

        hooks = [
            m.register_forward_hook(note) for m in modules.values() if isinstance(m, nn.Conv2d)
        ]
        try:
            with torch.no_grad():
                asked.score(asked.seen)
        finally:
            for hook in hooks:
                hook.remove()
        if not last:
            raise ModelError(
                "Grad-CAM needs a convolution with a map, and this network has none. "
                "Use integrated-gradients or occlusion."
            )
        return last[-1]
