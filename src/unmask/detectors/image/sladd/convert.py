"""The authors' files, detector and synthesizer, under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import rewritten

_RULES = (
    (r"^student\.model\.", "student.net."),
    (r"^synthesizer\.netG\.model\.", "synthesizer.net."),
    (r"\.last_linear\.1\.", ".fc."),
    (r"^student\.net\.map\.c\.", "student.map."),
    (r"^student\.net\.type_fc\.", "student.kind."),
    (r"^student\.net\.mag_fc\.", "student.magnitude."),
    (r"^synthesizer\.net\.iniconv\.", "synthesizer.net.conv1."),
    (r"^synthesizer\.net\.fc_region\.1\.", "synthesizer.region."),
    (r"^synthesizer\.net\.fc_type\.1\.", "synthesizer.kind."),
    (r"^synthesizer\.net\.fc_mag\.1\.", "synthesizer.magnitude."),
)


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their networks as ours; a file of the detector alone has no beginning."""
    whole = any(name.startswith("student.") for name in checkpoint)
    start = "" if whole else "student."
    return {rewritten(start + name, _RULES): value for name, value in checkpoint.items()}
