"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import all_rewritten

_RULES = (
    (r"^video_encoder\.", "see."),
    (r"^audio_encoder\.block0\.1\.conv\.", "hear.layers.0."),
    (r"^audio_encoder\.block1\.0\.conv\.", "hear.layers.3."),
    (r"^audio_encoder\.block1\.1\.conv\.", "hear.layers.5."),
    (r"^audio_encoder\.block2\.0\.conv\.", "hear.layers.8."),
    (r"^audio_encoder\.block2\.2\.conv\.", "hear.layers.11."),
    (r"^video_frame_classifier\.lr_layer\.conv\.", "video_frames."),
    (r"^audio_frame_classifier\.lr_layer\.conv\.", "sound_frames."),
    (r"^video_boundary_module\.", "video_map."),
    (r"^audio_boundary_module\.", "sound_map."),
    (r"^fusion\.v_attn_block\.", "fuse.video."),
    (r"^fusion\.a_attn_block\.", "fuse.sound."),
    (r"\.attn_from_bm\.conv\.", ".0."),
    (r"\.attn_from_self_features\.conv\.", ".1."),
    (r"\.attn_from_another_features\.conv\.", ".2."),
    (r"_map\.block0\.0\.conv\.", "_map.gather.0."),
    (r"_map\.block1\.0\.conv\.", "_map.judge.0."),
    (r"_map\.block1\.1\.conv\.", "_map.judge.2."),
    (r"_map\.block1\.2\.conv\.", "_map.judge.4."),
)


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names; a name that is not known stays as it is."""
    return all_rewritten(checkpoint, _RULES)
