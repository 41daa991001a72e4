"""Plots of a protocol as SVG: curves, tests side by side, robustness, calibration."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.metrics import roc_curve

from unmask.bench.perturb import CLEAN, perturbed
from unmask.bench.protocol import Protocol
from unmask.bench.table import Line, Scored, scored
from unmask.metrics.detection import both
from unmask.metrics.named import measure
from unmask.metrics.outcomes import Outcomes

_COLOURS = ("#0b6e99", "#d1495b", "#66801a", "#8f5aa8", "#c77d0a", "#3c4f76", "#2a9d8f", "#7a5c3e")
_WIDTH = 3.4
_BINS = 10


def _figure(panels: int, height: float) -> tuple[Any, list[Any]]:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib.figure import Figure

    columns = min(panels, 3)
    rows = math.ceil(panels / columns)
    figure = Figure(figsize=(_WIDTH * columns, height * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axis in axes[panels:]:
        axis.set_visible(False)
    return figure, axes[:panels]


def _svg(figure: Any, name: str) -> str:
    """The figure as text, the same every time: a stored one changes with its data only."""
    import matplotlib as mpl

    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "font.size": 8, "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _colours(everything: Sequence[Outcomes]) -> dict[str, str]:
    names = sorted(outcomes.detector for outcomes in everything)
    return {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(names)}


_Panel = Callable[[Any, Scored, str, str], None]


def _by_test(
    protocol: Protocol, everything: Sequence[Outcomes], draw: _Panel, height: float
) -> tuple[Any, list[Any]] | None:
    """One panel a test with outcomes, one drawing a detector."""
    colours = _colours(everything)
    panels: dict[str, list[tuple[str, Scored]]] = {}
    for test in protocol.test:
        for outcomes in everything:
            rows = [r for r in outcomes.rows if r.test == test.name and r.condition == CLEAN]
            part = scored(rows, protocol) if rows else None
            if part is not None and both(part.labels):
                panels.setdefault(test.name, []).append((outcomes.detector, part))
    if not panels:
        return None
    figure, axes = _figure(len(panels), height)
    for axis, (name, parts) in zip(axes, panels.items(), strict=True):
        for detector, part in parts:
            draw(axis, part, detector, colours[detector])
        axis.set_title(name)
        axis.legend(frameon=False, fontsize=6)
    return figure, axes


def curves(protocol: Protocol, everything: Sequence[Outcomes]) -> str:
    """ROC curves, a panel a test; false positives on a logarithmic axis. Empty without scores."""

    def draw(axis: Any, part: Scored, name: str, colour: str) -> None:
        flagged, found, _ = roc_curve(part.labels, part.scores)
        least = 0.5 / part.reals
        axis.step(np.maximum(flagged, least), found, where="post", color=colour, label=name, lw=1.2)
        axis.set_xscale("log")

    drawn = _by_test(protocol, everything, draw, 2.7)
    if drawn is None:
        return ""
    for axis in drawn[1]:
        axis.set(xlabel="false-positive rate", ylabel="true-positive rate", ylim=(0, 1.02))
    return _svg(drawn[0], f"{protocol.name} curves")


def reliability(protocol: Protocol, everything: Sequence[Outcomes]) -> str:
    """Share of forged items against the probability said, classes weighted alike."""

    def draw(axis: Any, part: Scored, name: str, colour: str) -> None:
        said = 1 / (1 + np.exp(-np.clip(part.scores, -60, 60)))
        weight = np.where(part.labels == 1, 0.5 / part.fakes, 0.5 / part.reals)
        place = np.minimum((said * _BINS).astype(int), _BINS - 1)
        total = np.bincount(place, weight, _BINS)
        there = total > 0
        x = np.bincount(place, weight * said, _BINS)[there] / total[there]
        y = np.bincount(place, weight * part.labels, _BINS)[there] / total[there]
        axis.plot(x, y, "o-", color=colour, label=name, lw=1, ms=3)

    drawn = _by_test(protocol, everything, draw, 2.7)
    if drawn is None:
        return ""
    for axis in drawn[1]:
        axis.plot([0, 1], [0, 1], ":", color="grey", lw=0.8)
        axis.set(xlabel="probability said", ylabel="share forged", xlim=(0, 1), ylim=(0, 1))
    return _svg(drawn[0], f"{protocol.name} reliability")


def bars(protocol: Protocol, everything: Sequence[Outcomes], lines: Sequence[Line]) -> str:
    """The ranking figure with its interval, a row a test and detector, worst on top."""
    what = measure(protocol.primary)
    shown = [
        line
        for line in lines
        if line.condition == CLEAN and not math.isnan(line.cells[what.spec].value)
    ]
    if not shown:
        return ""
    colours = _colours(everything)
    figure, (axis,) = _figure(1, 0.6 + 0.17 * len(shown))
    figure.set_size_inches(7.5, 0.8 + 0.19 * len(shown))
    for place, line in enumerate(shown):
        cell = line.cells[what.spec]
        colour = colours[line.detector]
        axis.plot([cell.value], [place], "o" if line.held_out else "D", color=colour, ms=4)
        if not math.isnan(cell.low):
            axis.plot([cell.low, cell.high], [place, place], color=colour, lw=1.2)
    words = [
        f"{line.test}{' *' if line.held_out else ''} · {line.detector}" for line in shown
    ]  # fmt: skip
    axis.set_yticks(range(len(shown)), words, fontsize=6.5)
    axis.invert_yaxis()
    axis.grid(axis="x", alpha=0.3)
    axis.set_xlabel(f"{what.title}; round and *: held out")
    return _svg(figure, f"{protocol.name} bars")


def robustness(protocol: Protocol, everything: Sequence[Outcomes], lines: Sequence[Line]) -> str:
    """The ranking figure over severity, a panel a perturbation, averaged over tests.

    Severity 0 are the very same items when clean.
    """
    spec = measure(protocol.primary).spec
    found: dict[str, dict[str, dict[int, list[float]]]] = {}
    for line in lines:
        kind, at, severity = line.condition.partition("@")
        if at and perturbed(line.condition):
            own = found.setdefault(kind, {}).setdefault(line.detector, {})
            own.setdefault(int(severity), []).append(line.cells[spec].value)
            own.setdefault(0, []).append(line.unperturbed)
    if not found:
        return ""
    colours = _colours(everything)
    figure, axes = _figure(len(found), 2.4)
    for axis, (kind, detectors) in zip(axes, sorted(found.items()), strict=True):
        for name, severities in detectors.items():
            x = sorted(severities)
            y = [float(np.nanmean(severities[s])) for s in x]
            axis.plot(x, y, "o-", color=colours[name], label=name, lw=1.2, ms=3)
        axis.set(title=kind, xlabel="severity", xticks=range(6))
        axis.legend(frameon=False, fontsize=6)
    shown = [axis.get_ylim() for axis in axes]
    for axis in axes:
        axis.set_ylim(min(low for low, _ in shown), max(high for _, high in shown))
    axes[0].set_ylabel(measure(protocol.primary).title)
    return _svg(figure, f"{protocol.name} robustness")


def plots(
    protocol: Protocol, everything: Sequence[Outcomes], lines: Sequence[Line]
) -> dict[str, str]:
    """All plots that the outcomes hold something for, by name."""
    drawn = {
        "tests": bars(protocol, everything, lines),
        "curves": curves(protocol, everything),
        "reliability": reliability(protocol, everything),
        "robustness": robustness(protocol, everything, lines),
    }
    return {name: svg for name, svg in drawn.items() if svg}
