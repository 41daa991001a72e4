"""The authors' student, with the diffusion model's own file beside it, under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_STARTS = {"student_backbone.": "student.", "student_head.2.": "head."}
_ADM = ("time_embed.", "input_blocks.", "middle_block.", "output_blocks.", "out.")


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the student, of the diffusion model, or of both in one."""
    bare = {name.removeprefix("module."): value for name, value in checkpoint.items()}
    return {
        f"adm.{name}" if name.startswith(_ADM) else new_start(name, _STARTS): value
        for name, value in bare.items()
    }
