"""The authors' checkpoint under our names: their back end, and WavLM by its authors' names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.nn.speech_names import transformers_names
from unmask.train.names import all_rewritten

_RULES = (
    (r"^backbone\.0\.conv_in\.", "back.enter."),
    (r"^backbone\.0\.batch_norm\.", "back.norm."),
    (r"^backbone\.0\.layers\.(\d+)\.batch_norm", r"back.blocks.\1.norm"),
    (r"^backbone\.0\.layers\.", "back.blocks."),
    (r"^backbone\.0\.conv_out\.", "back.leave."),
    (r"^backbone\.1\.", "back.project."),
    (r"^backbone\.2\.norm\.", "back.level."),
    (r"^backbone\.3\.encoder\.layers\.(\d)\.self_attn\.in_proj_", r"back.attend.\1.project."),
    (r"^backbone\.3\.encoder\.layers\.(\d)\.self_attn\.out_proj\.", r"back.attend.\1.join."),
    (r"^backbone\.3\.encoder\.layers\.(\d)\.linear1\.", r"back.attend.\1.hidden."),
    (r"^backbone\.3\.encoder\.layers\.(\d)\.linear2\.", r"back.attend.\1.out."),
    (r"^backbone\.3\.encoder\.layers\.", "back.attend."),
    (r"^backbone\.3\.lstm\.", "back.lstm."),
    (r"^back\.1\.", "back.classify."),
    (r"^multi_task_classifier\.", "back.whole."),
)
_FRONT = "future_extractor."


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the authors' file under our names; a name that is not known stays as it is."""
    encoder = {n.removeprefix(_FRONT): v for n, v in checkpoint.items() if n.startswith(_FRONT)}
    front = {f"front.encoder.{n}": value for n, value in transformers_names(encoder).items()}
    rest = {n: v for n, v in checkpoint.items() if not n.startswith(_FRONT)}
    return all_rewritten(rest, _RULES) | front
