"""Self-supervised encoders of speech as front ends: all their layers, from raw sound.

wav2vec 2.0 XLS-R: Babu et al. 2022; WavLM: Chen et al. 2022. Weighted sums of layers: Yang et al.
2021, "SUPERB", section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import MissingExtra, ModelError, UnknownName
from unmask.train.backbones import transformers_model

_QUIET = {
    "hidden_dropout": 0.0,
    "attention_dropout": 0.0,
    "activation_dropout": 0.0,
    "feat_proj_dropout": 0.0,
    "final_dropout": 0.0,
    "layerdrop": 0.0,
    "mask_time_prob": 0.0,
    "mask_feature_prob": 0.0,
}
"""Without the masks and drops of the pre-training: detectors use none."""
_LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "do_stable_layer_norm": True,
    "feat_extract_norm": "layer",
    **_QUIET,
}
_PLACES = {"num_buckets": 320, "max_bucket_distance": 800}


@dataclass(frozen=True, slots=True)
class Encoder:
    """Which class of transformers it is, where its weights are published, how it is built."""

    kind: str
    weights: str
    values: Mapping[str, Any]


ENCODERS = {
    "xls-r-300m": Encoder(
        "Wav2Vec2", "facebook/wav2vec2-xls-r-300m", {**_LARGE, "conv_bias": True}
    ),
    "wavlm-base": Encoder("WavLM", "microsoft/wavlm-base", {**_QUIET, **_PLACES}),
    "wavlm-base-plus": Encoder("WavLM", "microsoft/wavlm-base-plus", {**_QUIET, **_PLACES}),
    "wavlm-large": Encoder(
        "WavLM", "microsoft/wavlm-large", {**_LARGE, "conv_bias": False, **_PLACES}
    ),
}
TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (8, 8, 8),
    "conv_kernel": (10, 3, 3),
    "conv_stride": (5, 4, 4),
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 4,
}
"""Values with the same parts, few and narrow, for tests."""
TINY_ONE = {
    **TINY,
    "num_hidden_layers": 1,
    "conv_dim": (8, 8),
    "conv_kernel": (10, 3),
    "conv_stride": (5, 16),
}
"""The same with one layer, for methods that do not tell layers apart, and frames as far apart."""


def speech_encoder(
    name: str, pretrained: bool = False, changed: Mapping[str, Any] | None = None
) -> Any:
    """One of ``ENCODERS``, as transformers has it.

    ``changed``: values of its configuration that differ; such an encoder has no weights. It takes
    samples (B, N), -1…1 at 16 kHz, as they are: like the authors' programs of this field, and
    unlike the encoders' own preparation, they are not brought to unit variance. Raises
    UnknownName, MissingExtra, ModelError when the weights cannot be had.
    """
    if name not in ENCODERS:
        raise UnknownName("speech encoder", name, tuple(ENCODERS))
    try:
        import transformers
    except ImportError:
        raise MissingExtra(f"The speech encoder {name}", "train") from None
    known = ENCODERS[name]
    config = getattr(transformers, f"{known.kind}Config")(**{**known.values, **(changed or {})})
    # Versions without the second make no masks.
    if known.kind == "Wav2Vec2" and hasattr(transformers, "AttentionMaskInterface"):
        config._attn_implementation = _whole(transformers.AttentionInterface)
    if not pretrained:
        return getattr(transformers, f"{known.kind}Model")(config)
    if changed:
        raise ModelError(
            f"{known.weights} has no weights for a changed backbone_config "
            f"({', '.join(changed)}); leave the setting out, or start without pre-trained weights."
        )
    return transformers_model(f"{known.kind}Model", known.weights, config)


def _whole(kinds: Any) -> str:
    """A name under which transformers' attention is the same and makes no mask: for whole sounds it
    would hide nothing, and be twenty steps of every exported network."""
    kinds.register("whole", kinds()["sdpa"])
    return "whole"


class SpeechFront(nn.Module):
    """Samples (B, N) to the frames of every layer, (B, 1 + L, T, C); 50 frames a second.

    Layer 0 is what goes into the first block; the last is what the encoder gives out, in the large
    ones after a norm. The encoder's names begin with ``encoder.`` and are
    transformers'. ``frozen``: it has no gradient, and its drops stand still in training. Other
    arguments as ``speech_encoder``.
    """

    def __init__(
        self,
        name: str,
        pretrained: bool = False,
        changed: Mapping[str, Any] | None = None,
        frozen: bool = True,
    ) -> None:
        super().__init__()
        self.encoder: Any = speech_encoder(name, pretrained, changed)
        self.frozen = frozen
        self.encoder.requires_grad_(not frozen)
        self.width = int(self.encoder.config.hidden_size)
        self.layers = 1 + int(self.encoder.config.num_hidden_layers)

    def train(self, mode: bool = True) -> Any:
        """As ``Module.train``, except for a frozen encoder."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def forward(self, sound: Tensor) -> Tensor:
        """All layers."""
        return torch.stack(self._layers(sound), dim=1)

    def last(self, sound: Tensor) -> Tensor:
        """The last layer alone, (B, T, C)."""
        return self._layers(sound)[-1]

    def _layers(self, sound: Tensor) -> list[Tensor]:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            seen = self.encoder(sound, output_hidden_states=True)
        # Versions of transformers differ in whether the last one is normed.
        return [*seen.hidden_states[:-1], seen.last_hidden_state]


class WeightedSum(nn.Module):
    """Layers (B, L, T, C) to one (B, T, C), by learnt weights that are positive and sum to 1.

    ``levelled``: each frame of each layer is first brought to mean 0 and variance 1.
    """

    def __init__(self, layers: int, levelled: bool = False) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(layers))
        self.levelled = levelled

    def forward(self, layers: Tensor) -> Tensor:
        """The mean by weights."""
        if self.levelled:
            layers = F.layer_norm(layers, layers.shape[-1:])
        return (self.weights.softmax(0)[:, None, None] * layers).sum(1)
