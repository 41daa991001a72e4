"""The authors' checkpoint under our names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import all_rewritten

_RULES = (
    (r"^video_encoder\.mvit\.conv_proj\.", "see.embed."),
    (r"^video_encoder\.mvit\.pos_encoding\.", "see.position."),
    (r"^video_encoder\.mvit\.", "see."),
    (r"^audio_encoder\.block\.", "hear.encoder."),
    (r"^audio_encoder\.input_proj\.conv\.", "hear.embed."),
    (r"^audio_encoder\.output_proj\.", "hear.out."),
    (r"^video_frame_classifier\.lr_layer\.conv\.", "video_frames."),
    (r"^audio_frame_classifier\.lr_layer\.conv\.", "sound_frames."),
    (r"^video_boundary_module\.", "video_maps."),
    (r"^audio_boundary_module\.", "sound_maps."),
    (r"^prb_fusion_p\.", "fuse.0."),
    (r"^prb_fusion_c\.", "fuse.1."),
    (r"^prb_fusion_p_c\.", "fuse.2."),
    (r"\.v_attn_block\.", ".video."),
    (r"\.a_attn_block\.", ".sound."),
    (r"\.attn_from_bm\.conv\.", ".0."),
    (r"\.attn_from_self_features\.conv\.", ".1."),
    (r"\.attn_from_another_features\.conv\.", ".2."),
    (r"\.block0\.0\.conv\.", ".gather.0."),
    (r"\.block1\.0\.conv\.", ".reduce.0."),
    (r"\.block1\.1\.conv\.", ".reduce.2."),
    (r"\.proposal_block\.conv0_(\d)\.", r".enter.\1."),
    (r"\.proposal_block\.conv1\.", ".leave.0."),
    (r"\.proposal_block\.conv4\.", ".leave.1."),
    (r"\.proposal_block\.conv2\.0\.", ".judge.0."),
    (r"\.proposal_block\.conv5\.0\.", ".judge.1."),
    (r"\.proposal_block\.conv3\.0\.", ".judge.2."),
    (r"\.proposal_block\.p_net\.", ".relate.0."),
    (r"\.proposal_block\.c_net\.", ".relate.1."),
    (r"(relate\.\d)\.g\.(0\.)?(\d)\.", r"\1.value.\3."),
    (r"(relate\.\d)\.phi\.(0\.)?(\d)\.", r"\1.key.\3."),
    (r"(relate\.\d)\.theta\.(\d)\.", r"\1.query.\2."),
    (r"(relate\.\d)\.W\.(\d)\.", r"\1.out.\2."),
)
_UNUSED = re.compile(r"(video|audio)_comp_boundary_generator\.|cbg_fusion_")
"""The generator of starts and ends, which the published configuration gives no weight."""


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names; a name that is not known stays as it is."""
    return all_rewritten(checkpoint, _RULES, _UNUSED)
