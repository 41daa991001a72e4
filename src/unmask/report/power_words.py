"""What *no sign found* is worth, in words: what would have been found in a file like this one."""

from __future__ import annotations

from collections.abc import Sequence

from unmask.types import Kind, Power

UNMEASURED = (
    "How often forgeries would be found in a file like this one has not been measured, so that "
    "nothing was found says little."
)
_IN = {Kind.IMAGE: "pictures", Kind.VIDEO: "clips", Kind.AUDIO: "recordings"}
_NEARLY = 0.95


def power_lines(powers: Sequence[Power], kind: Kind) -> list[str]:
    """One sentence for each bucket of quality, the bucket with the least found first."""
    lines = []
    for bucket in dict.fromkeys(power.bucket for power in powers):
        mine = sorted((p for p in powers if p.bucket == bucket), key=lambda power: power.share)
        told = [f"{share(one)} {one.kind}" for one in mine]
        text = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
        lines.append(f"In {_IN[kind]} {bucket}, {text} would have been found.")
    if lines:
        lines[-1] += " They were of makers and sources that the models had not met."
    return lines


def share(power: Power) -> str:
    """A share as a person says it: "about 3 in 10", "1 in 20", "none of 34"."""
    found = round(power.share * power.files)
    if found == 0:
        return f"none of {power.files}"
    if power.share >= _NEARLY:
        return f"nearly all of {power.files}"
    if power.share >= 0.15:
        return f"about {max(1, round(power.share * 10))} in 10"
    return f"about 1 in {round(1 / power.share)}"
