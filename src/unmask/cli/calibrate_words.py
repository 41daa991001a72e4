"""What ``unmask calibrate`` says to a person."""

from __future__ import annotations

import math
from pathlib import Path

from unmask.calibrate.checking import Checked, Tally
from unmask.calibrate.fitting import NO_FAKES, RATES
from unmask.decision.certificate import Certificate, KindTable
from unmask.decision.conformal import ENOUGH, needed
from unmask.decision.ratio import Ratio
from unmask.decision.rows import BASE
from unmask.report.plain import visible
from unmask.settings import SETTINGS

_SHOWN = 5


def certificate_text(made: Certificate, out: Path, errors: list[dict[str, str]]) -> str:
    """A calibration that was just made."""
    lines = [f"{out} ({made.number})"]
    for table in made.kinds:
        lines += _kind(table, made.worst)
    lines += [
        f"{one.kind}: not calibrated: {one.files} files could be judged, at least {one.needed} are "
        "needed"
        for one in made.refused
    ]
    twice = made.real.twice + (made.fake.twice if made.fake else 0)
    if twice:
        lines.append(f"left out because the same file was there already: {twice}")
    return "\n".join([*lines, *_failed(errors), _next(made, out)])


def _next(made: Certificate, out: Path) -> str:
    """What to do with it, at a rate that it can promise."""
    lowest = min((table.lowest for table in made.kinds), default=0.0)
    usual = SETTINGS["fpr"].default
    rate = "" if lowest <= usual else f" --fpr {math.ceil(lowest * 1e4) / 1e4:g}"
    return f"Now: unmask scan FILE --calibration {visible(str(out))}{rate}"


def _kind(table: KindTable, worst: float) -> list[str]:
    groups = ", ".join(
        f"{visible(name, 40)} {n}" for name, n in list(table.groups.items())[:_SHOWN]
    )
    more = f" and {len(table.groups) - _SHOWN} more" if len(table.groups) > _SHOWN else ""
    lines = [
        f"{table.kind}: {table.files} authentic files in {_count(table.groups)}: {groups}{more}"
    ]
    rates = ", ".join(f"{rate.fpr:.4g}" for rate in table.rates)
    lines.append(
        f"  rates that it can promise (--fpr): {rates}, and all down to {table.lowest:.4g}"
    )
    beyond = [rate for rate in RATES if rate < table.lowest]
    if beyond:
        lines.append(f"  {beyond[0]:g} cannot be promised: that needs {needed(beyond[0])} files")
    large = sum(n >= ENOUGH for n in table.groups.values())
    if len(table.groups) > 1:
        lines.append(
            f"  {large} of the groups have at least {ENOUGH} files; in each of these at most "
            f"{worst:g} times the rate is flagged, as far as its files can tell"
        )
    if table.silent:
        lines.append(f"  in {table.silent} more files nothing could be judged")
    for voter in table.voters:
        said = "all values are the same: it tells nothing" if voter.tied else _ratio(voter.ratio)
        name = voter.name
        why = f" ({voter.no_ratio})" if voter.no_ratio and not voter.tied else ""
        if voter.name == BASE:
            name = "the shipped rule"
            said = said if voter.tied or voter.ratio else "votes, with its own likelihood ratio"
            why = "" if voter.no_ratio == NO_FAKES else why
        lines.append(f"  {name}: spoke in {voter.spoke} files; {said}{why}")
    if table.ratio or table.no_ratio != NO_FAKES:
        why = f" ({table.no_ratio})" if table.no_ratio else ""
        lines.append(f"  all together: {_ratio(table.ratio)}{why}")
    return lines


def _count(groups: dict[str, int]) -> str:
    return "one group" if len(groups) == 1 else f"{len(groups)} groups"


def _ratio(ratio: Ratio | None) -> str:
    if ratio is None:
        return "votes, shows no probability"
    by = "" if ratio.split == "groups" else ", halves split by file and not by group"
    return (
        f"Cllr {ratio.cllr:.3f}, calibration error {ratio.ece:.3f} on {ratio.tested_reals} "
        f"authentic and {ratio.tested_fakes} forged files not fitted on{by}"
    )


def check_text(found: list[Checked], known: int, errors: list[dict[str, str]]) -> str:
    """How a promised rate does on new files."""
    lines = [line for one in found for line in _checked(one)]
    if known:
        lines.append(f"left out because they are the calibration's own: {known}")
    return "\n".join([*lines, *_failed(errors)])


def _checked(one: Checked) -> list[str]:
    lines = [f"{one.kind}: {_tally(one.overall)}"]
    if one.overall.broken and one.p_luck > one.overall.level:
        lines.append(
            f"  it may be the luck of a small calibration (then as likely as {one.p_luck:.2g}): "
            "calibrate with more files"
        )
    lines += [f"  {visible(g.name, 60)}: {_tally(g)}" for g in one.groups if g.broken]
    if one.since:
        lines.append(f"  it does not hold since {one.since[:10]}")
    lines.append(
        f"  {one.overall.files} files notice a doubled rate in {one.noticed:.0%} of cases; "
        f"{one.unlike:.0%} are unlike the calibration's files ({one.alarm:.0%} by chance)"
    )
    if one.silent:
        lines.append(f"  in {one.silent} more files nothing could be judged")
    return lines


def _tally(one: Tally) -> str:
    word = "no longer holds" if one.broken else "holds as far as these files tell"
    return (
        f"{one.promised:.3g} {word}: {one.flagged} of {one.files} flagged "
        f"(so many or more by chance: {one.p:.2g})"
    )


def _failed(errors: list[dict[str, str]]) -> list[str]:
    lines = [f"not readable: {visible(one['error'], 200)}" for one in errors[:_SHOWN]]
    if len(errors) > _SHOWN:
        lines.append(f"not readable: {len(errors) - _SHOWN} more")
    return lines
