"""The network of DeMamba on X-CLIP (Chen et al. 2024, section 4).

X-CLIP (Ni et al. 2022) sees eight frames that exchange messages. Its patches are read in short
sequences by a Mamba block; what that says of all sequences stands beside the mean of the frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from unmask.detectors.video.demamba.scan import MambaBlock
from unmask.errors import MissingExtra, ModelError, UnknownName
from unmask.nn.pixels import Pixels
from unmask.train.backbones import transformers_model

FRAMES = 8
SIDE = 224
BACKBONE = "microsoft/xclip-base-patch16"
ORDERS = ("published", "paper")


def encoder(pretrained: bool, changed: Mapping[str, Any]) -> Any:
    """X-CLIP's encoder of frames. Raises MissingExtra, ModelError when weights cannot be had."""
    try:
        from transformers import XCLIPVisionConfig, XCLIPVisionModel
    except ImportError:
        raise MissingExtra("DeMamba", "train") from None
    config = XCLIPVisionConfig(**{"patch_size": 16, "num_frames": FRAMES, **changed})
    if not pretrained:
        network: Any = XCLIPVisionModel(config)
    else:
        if changed:
            raise ModelError(
                f"{BACKBONE} has no weights for a changed backbone_config ({', '.join(changed)})."
            )
        network = transformers_model("XCLIPVisionModel", BACKBONE, config)
    # Before version 5 of transformers the encoder lies one level down.
    return getattr(network, "vision_model", network)


class DeMamba(nn.Module):
    """Frames (B, 8, 3, 224, 224), RGB 0…255, to ``logit`` (B).

    ``order``: "paper" reads one place of the picture through time; "published" is what the authors'
    program does, and their weights expect: a reshaping takes eight patches that lie side by side
    (row after row, frame after frame) for one place at eight times. ``changed``: values of X-CLIP's
    configuration that differ. Raises UnknownName for another order.
    """

    def __init__(
        self,
        pretrained: bool = False,
        order: str = "published",
        changed: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if order not in ORDERS:
            raise UnknownName("order", order, ORDERS)
        self.order = order
        self.encoder = encoder(pretrained, changed or {})
        config = self.encoder.config
        self.width, self.patches = config.hidden_size, (config.image_size // config.patch_size) ** 2
        self.mamba = MambaBlock(self.width)
        self.norm_patches = nn.LayerNorm(self.patches * self.width)
        self.norm_frames = nn.LayerNorm(self.width)
        self.head = nn.Linear((self.patches + 1) * self.width, 1)
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.pixels = Pixels()

    def sequences(self, tokens: Tensor) -> Tensor:
        """Patches (B, 8, P, C) as the sequences that are read (B × P, 8, C)."""
        ordered = tokens.transpose(1, 2) if self.order == "paper" else tokens
        return ordered.reshape(-1, FRAMES, self.width)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds that the clip was generated."""
        seen = self.encoder(self.pixels(frames).flatten(0, 1))
        whole = seen.pooler_output.unflatten(0, (-1, FRAMES)).mean(1)
        tokens = seen.last_hidden_state[:, 1:].unflatten(0, (-1, FRAMES))
        read = self.mamba(self.sequences(tokens)).mean(1)
        parts = self.norm_patches(read.reshape(-1, self.patches * self.width))
        said = self.head(torch.cat([self.norm_frames(whole), parts], 1))
        return {"logit": said[:, 0]}
