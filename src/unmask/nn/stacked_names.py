"""Names of AASIST's authors under ours, for all networks that end in its graphs.

Theirs put bona fide second; ours puts forged second, so the last layer's rows are swapped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import forged_second, rewritten

_STACK = {
    "proj_type1": "temporal",
    "proj_type2": "spectral",
    "att_projM": "stack_compare",
    "att_proj": "compare",
    "att_weight11": "weigh_temporal",
    "att_weight22": "weigh_spectral",
    "att_weight12": "weigh_across",
    "att_weightM": "stack_weigh",
    "att_weight": "weigh",
    "proj_with_attM": "stack_heard",
    "proj_without_attM": "stack_own",
    "proj_with_att": "heard",
    "proj_without_att": "own",
    "bn": "norm",
}
_TOP = (
    (r"^first_bn\.", "norm.0."),
    (r"^first_bn1\.", "after.0."),
    (r"^LL\.", "reduce."),
    (r"^attention\.", "attend."),
    (r"^pos_S$", "position"),
    (r"^encoder\.(\d)\.0\.bn2\.", r"encoder.\1.between.0."),
    (r"^encoder\.(\d)\.0\.conv_downsample\.", r"encoder.\1.bypass."),
    (r"^encoder\.(\d)\.0\.", r"encoder.\1."),
    (r"^pool_S\.proj\.", "readout.pool_spectral.score."),
    (r"^pool_T\.proj\.", "readout.pool_temporal.score."),
    (r"^out_layer\.", "readout.classes."),
)
_UNUSED = re.compile(r"encoder\.\d\.0\.bn1\.")
"""A norm whose result the authors' program does not use."""


def graph_names(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the authors' file under our names; a name that is not known stays as it is."""
    used = {_name(name): v for name, v in checkpoint.items() if not _UNUSED.match(name)}
    return forged_second(used, "readout.classes.")


def _name(name: str) -> str:
    if found := re.match(r"GAT_layer_([ST])\.(\w+)(.*)", name):
        kind = "spectral" if found[1] == "S" else "temporal"
        return f"readout.{kind}.{_STACK[found[2]]}{found[3]}"
    if found := re.match(r"HtrgGAT_layer_ST([12])([12])\.(\w+)(.*)", name):
        branch, place = int(found[1]) - 1, "first" if found[2] == "1" else "second"
        return f"readout.branches.{branch}.{place}.{_STACK[found[3]]}{found[4]}"
    if found := re.match(r"pool_h([ST])([12])\.proj(.*)", name):
        kind = "spectral" if found[1] == "S" else "temporal"
        return f"readout.branches.{int(found[2]) - 1}.pool_{kind}.score{found[3]}"
    if found := re.match(r"master([12])$", name):
        return f"readout.branches.{int(found[1]) - 1}.stack"
    return rewritten(name, _TOP)
