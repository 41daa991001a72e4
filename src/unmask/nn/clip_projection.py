"""The projection of CLIP's pictures into the space shared with words, and its scale.

Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision",
section 2.3. transformers' vision model leaves both out.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from unmask.errors import MissingExtra
from unmask.nn.towers import CLIPS, LARGE
from unmask.train.backbones import transformers_model


def projection(width: int, shared: int) -> nn.Linear:
    """A linear map without a bias, as CLIP has it."""
    return nn.Linear(width, shared, bias=False)


@torch.no_grad()
def begin(project: nn.Linear, name: str = LARGE) -> Tensor:
    """Fill ``project`` with that of the published CLIP; gives the logarithm of its scale.

    Raises MissingExtra, ModelError when the weights cannot be had.
    """
    try:
        from transformers import CLIPConfig
    except ImportError:
        raise MissingExtra("CLIP", "train") from None
    side = CLIPS[name]
    seen = {key: value for key, value in side.items() if key != "projection_dim"}
    shared = side["projection_dim"]
    read = {
        "hidden_size": shared,
        "intermediate_size": 4 * shared,
        "num_hidden_layers": 12,
        "num_attention_heads": shared // 64,
    }
    config = CLIPConfig(text_config=read, vision_config=seen, projection_dim=shared)
    whole: Any = transformers_model("CLIPModel", name, config)
    project.weight.copy_(whole.visual_projection.weight)
    scale: Tensor = whole.logit_scale.detach().clone()
    return scale
