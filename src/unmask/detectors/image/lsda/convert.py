"""The checkpoint of DeepfakeBench under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.nn.efficientnet import timm_names

_START = "model."
_NET, _NARROW, _HEAD = "student_encoder.model.", "student_encoder.conv.", "binary_classifier."
_TRAINING = ("encoders_f.", "encoder_c.", "fc_weights.", "mlp.")
"""Teachers, the encoder of real faces and what joins them: only training asks them."""
_IMAGENET = ("_fc.",)


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The student's names as ours; what only training asks is left out."""
    bare = {n.removeprefix("module.").removeprefix(_START): v for n, v in checkpoint.items()}
    student = {n.removeprefix(_NET): v for n, v in bare.items() if n.startswith(_NET)}
    student = {n: v for n, v in student.items() if not n.startswith(_IMAGENET)}
    result = {f"student.net.{name}": value for name, value in timm_names(student).items()}
    for name, value in bare.items():
        if name.startswith((_NET, *_TRAINING)):
            continue
        ours = name.replace(_NARROW, "student.narrow.").replace(_HEAD, "binary.")
        result[ours] = value
    return result
