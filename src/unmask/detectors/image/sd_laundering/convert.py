"""The authors' two checkpoints, put into one file, under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.detectors.image.sbi.convert import from_official as of_efficientnet

PARTS = {"synth_vs_real.": "synthetic.", "fully-synth_vs_laundered.": "laundered."}
"""What the authors call their files, and which network each is here."""


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of both networks as ours; a name of neither stays as it is."""
    result: dict[str, Tensor] = {}
    for name, value in checkpoint.items():
        begun = next((one for one in PARTS if name.startswith(one)), "")
        if not begun:
            result[name] = value
            continue
        bare = name.removeprefix(begun).removeprefix("net.").removeprefix("model.")
        bare = bare.removeprefix("efficientnet.")
        (ours,) = of_efficientnet({bare: value})
        result[PARTS[begun] + ours.removeprefix("net.")] = value
    return result
