"""Image encoders that methods start from, seen through one window, and CLIP's reader of text.

CLIP: Radford et al. 2021, section 2.4, as transformers has it. ViT: Dosovitskiy et al. 2021,
section 3.1, as timm has it, with all its kin (MAE, DINOv2, DINOv3 …).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from unmask.errors import MissingExtra, ModelError, UnknownName
from unmask.nn.pixels import CLIP, Pixels
from unmask.train.backbones import timm_model, transformers_model

CLIPS: dict[str, dict[str, Any]] = {
    f"openai/clip-vit-{size}": {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": width // 64,
        "image_size": side,
        "patch_size": patch,
        "projection_dim": shared,
    }
    for size, width, layers, side, patch, shared in (
        ("base-patch32", 768, 12, 224, 32, 512),
        ("base-patch16", 768, 12, 224, 16, 512),
        ("large-patch14", 1024, 24, 224, 14, 768),
        ("large-patch14-336", 1024, 24, 336, 14, 768),
    )
}
"""The published CLIPs, and how their image encoders are built."""
LARGE = "openai/clip-vit-large-patch14"
TINY: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
    "projection_dim": 16,
}
"""Values of a configuration with the same parts, few and narrow, for tests."""
TINY_VIT: dict[str, Any] = {
    "img_size": 32,
    "patch_size": 16,
    "embed_dim": 32,
    "depth": 2,
    "num_heads": 2,
}
"""The same for ``VitTower``."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tower makes of B pictures.

    ``pooled`` (B, C): the class token after the last norm. ``tokens`` (B, 1 + N, C): the class
    token and the N patches, row by row, before that norm in CLIP and after it in a ViT. ``classes``
    (B, L, C): the class token after each of the L blocks.
    """

    pooled: Tensor
    tokens: Tensor
    classes: Tensor


def clip_vision(
    name: str = LARGE, pretrained: bool = False, changed: Mapping[str, Any] | None = None
) -> Any:
    """The image encoder of a published CLIP: transformers' vision model, without its wrapping.

    ``changed``: values of its configuration that differ; such a CLIP has no weights. Raises
    UnknownName, MissingExtra, ModelError when the weights cannot be had.
    """
    clip = _clip("CLIPVisionModel", name, pretrained, changed)
    # Before version 5 of transformers the encoder lies one level down.
    return getattr(clip, "vision_model", clip)


def _clip(kind: str, name: str, pretrained: bool, changed: Mapping[str, Any] | None) -> Any:
    """A vision model of transformers, ``kind``, in its wrapping."""
    if name not in CLIPS:
        raise UnknownName("CLIP", name, tuple(CLIPS))
    try:
        import transformers
    except ImportError:
        raise MissingExtra("CLIP", "train") from None
    config = transformers.CLIPVisionConfig(**{**CLIPS[name], **(changed or {})})
    if not pretrained:
        return getattr(transformers, kind)(config)
    if changed:
        raise ModelError(
            f"{name} has no weights for a changed backbone_config ({', '.join(changed)}); "
            "leave the setting out, or start without pre-trained weights."
        )
    return transformers_model(kind, name, config)


class ClipTower(nn.Module):
    """Pictures (B, 3, S, S), RGB 0…255, S of the CLIP, to ``Seen``.

    The encoder's names begin with ``clip.`` and are transformers'. Arguments as ``clip_vision``;
    ``shared``: with the projection to the space that CLIP shares with text (``projection``).
    """

    def __init__(
        self,
        name: str = LARGE,
        pretrained: bool = False,
        changed: Mapping[str, Any] | None = None,
        shared: bool = False,
    ) -> None:
        super().__init__()
        if shared:
            whole = _clip("CLIPVisionModelWithProjection", name, pretrained, changed)
            self.clip: Any = whole.vision_model
            self.projection: Any = whole.visual_projection
            self.shared_width = int(self.projection.out_features)
        else:
            self.clip = clip_vision(name, pretrained, changed)
        self.pixels = Pixels(CLIP)
        self.width = int(self.clip.config.hidden_size)

    def pooled(self, picture: Tensor) -> Tensor:
        """The class token after the last norm alone, (B, C)."""
        result: Tensor = self.clip(self.pixels(picture)).pooler_output
        return result

    def shared(self, picture: Tensor) -> Tensor:
        """``pooled`` in the space shared with text, (B, ``shared_width``), of whatever length."""
        result: Tensor = self.projection(self.pooled(picture))
        return result

    def forward(self, picture: Tensor) -> Seen:
        """What the encoder makes of it."""
        seen = self.clip(self.pixels(picture), output_hidden_states=True)
        classes = torch.stack([hidden[:, 0] for hidden in seen.hidden_states[1:]], dim=1)
        return Seen(seen.pooler_output, seen.last_hidden_state, classes)


class VitTower(nn.Module):
    """Pictures (B, 3, S, S), RGB 0…255, to ``Seen``; ``name`` is timm's.

    The encoder's names begin with ``vit.`` and are timm's. ``changed``: how it is built otherwise.
    Mean and spread are those that timm knows for it. Raises MissingExtra, ModelError.
    """

    vit: Any

    def __init__(
        self, name: str, pretrained: bool = False, changed: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        options = {"num_classes": 0, **(changed or {})}
        self.vit = timm_model(name, pretrained, **options)
        known = self.vit.pretrained_cfg
        self.pixels = Pixels((known["mean"], known["std"]))
        self.width = int(self.vit.embed_dim)

    def forward(self, picture: Tensor) -> Seen:
        """What the encoder makes of it; its registers, where it has some, are left out."""
        last, blocks = self.vit.forward_intermediates(
            self.pixels(picture), return_prefix_tokens=True, output_fmt="NLC"
        )
        before = self.vit.num_prefix_tokens
        classes = torch.stack([prefix[:, 0] for _, prefix in blocks], dim=1)
        tokens = torch.cat([last[:, :1], last[:, before:]], dim=1)
        return Seen(self.vit.forward_head(last, pre_logits=True), tokens, classes)


def noise_faces(changed: Mapping[str, Any], batch: int, seed: int) -> dict[str, Tensor]:
    """A made batch for a method on the large CLIP: ``face`` (noise of the size that ``changed``
    leaves it), and ``label`` that takes turns."""
    side = {**CLIPS[LARGE], **changed}["image_size"]
    rng = torch.Generator().manual_seed(seed)
    return {
        "face": torch.rand(batch, 3, side, side, generator=rng) * 255,
        "label": (torch.arange(batch) % 2).float(),
    }


def clip_text(
    name: str = LARGE, pretrained: bool = False, changed: Mapping[str, Any] | None = None
) -> Any:
    """The reader of text of a published CLIP, with its projection: transformers' model.

    ``changed`` as above, with the text's own fields (``vocab_size``, ``eos_token_id`` …). Raises
    UnknownName, MissingExtra, ModelError when the weights cannot be had.
    """
    if name not in CLIPS:
        raise UnknownName("CLIP", name, tuple(CLIPS))
    try:
        from transformers import CLIPTextConfig, CLIPTextModelWithProjection
    except ImportError:
        raise MissingExtra("CLIP", "train") from None
    shared = CLIPS[name]["projection_dim"]
    own = {
        "hidden_size": shared,
        "intermediate_size": 4 * shared,
        "num_hidden_layers": 12,
        "num_attention_heads": shared // 64,
        "projection_dim": shared,
    }
    config = CLIPTextConfig(**{**own, **(changed or {})})
    if not pretrained:
        return CLIPTextModelWithProjection(config)
    if changed:
        raise ModelError(
            f"{name} has no weights for a changed text_config ({', '.join(changed)}); "
            "leave the setting out, or start without pre-trained weights."
        )
    return transformers_model("CLIPTextModelWithProjection", name, config)
