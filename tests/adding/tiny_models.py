"""Tiny random networks in the layouts in which people publish them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from transformers import (
    VideoMAEConfig,
    VideoMAEForVideoClassification,
    ViTConfig,
    ViTForImageClassification,
    Wav2Vec2Config,
    Wav2Vec2ForSequenceClassification,
)

CARD = "---\nlicense: apache-2.0\ntags:\n- x\n---\n# A model\n"
SMALL: dict[str, Any] = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
}  # fmt: skip


def names(labels: list[str]) -> dict[str, Any]:
    return {"id2label": dict(enumerate(labels)), "label2id": {n: i for i, n in enumerate(labels)}}


def stirred(network: torch.nn.Module) -> torch.nn.Module:
    """Weights that are large enough for outputs to depend on the input."""
    torch.manual_seed(7)
    with torch.no_grad():
        for value in network.parameters():
            if value.ndim > 1:
                value.copy_(torch.randn_like(value) * 0.3)
    return network.eval()


def saved(network: Any, folder: Path, preparation: dict[str, Any] | None) -> Path:
    stirred(network).save_pretrained(folder)
    (folder / "README.md").write_text(CARD)
    if preparation is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps(preparation))
    return folder


def vit(folder: Path, labels: list[str], **preparation: Any) -> Path:
    configuration = ViTConfig(image_size=32, patch_size=16, **SMALL, **names(labels))
    given = {
        "image_processor_type": "ViTImageProcessor",
        "size": {"height": 32, "width": 32},
        "image_mean": [0.4, 0.5, 0.6],
        "image_std": [0.2, 0.3, 0.25],
        "resample": 2,
    }
    return saved(ViTForImageClassification(configuration), folder, given | preparation)


def wav2vec2(folder: Path, labels: list[str]) -> Path:
    configuration = Wav2Vec2Config(
        conv_dim=(8, 8), conv_stride=(10, 8), conv_kernel=(10, 8), num_feat_extract_layers=2,
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, classifier_proj_size=8,
        vocab_size=8, feat_extract_norm="layer", do_stable_layer_norm=True, **SMALL,
        **names(labels),
    )  # fmt: skip
    given = {
        "feature_extractor_type": "Wav2Vec2FeatureExtractor",
        "sampling_rate": 16000,
        "do_normalize": True,
        "return_attention_mask": True,
    }
    return saved(Wav2Vec2ForSequenceClassification(configuration), folder, given)


def videomae(folder: Path, labels: list[str]) -> Path:
    configuration = VideoMAEConfig(
        image_size=32, patch_size=16, num_frames=4, tubelet_size=2, decoder_num_hidden_layers=1,
        **SMALL, **names(labels),
    )  # fmt: skip
    given = {
        "image_processor_type": "VideoMAEImageProcessor",
        "size": {"shortest_edge": 36},
        "crop_size": {"height": 32, "width": 32},
    }
    return saved(VideoMAEForVideoClassification(configuration), folder, given)
