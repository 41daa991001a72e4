"""The ROC of comparing people, a curve for each source and condition, as SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from sklearn.metrics import roc_curve

from unmask.bench.identity.pairs import Pair

_COLOURS = ("#0b6e99", "#d1495b", "#66801a", "#8f5aa8", "#c77d0a", "#3c4f76", "#2a9d8f", "#7a5c3e")
_LINES = ("-", "--", ":", "-.")


def roc(rows: Sequence[Pair], name: str) -> str:
    """Misses (two people taken for one) over false alarms (one for two), both on a log axis."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axis = figure.subplots()
    for number, (label, own) in enumerate(sorted(_curves(rows).items())):
        labels = np.array([row.label for row in own])
        scores = np.array([row.score for row in own])
        alarms, found, _ = roc_curve(labels, scores)
        colour = _COLOURS[number % len(_COLOURS)]
        line = _LINES[number // len(_COLOURS) % len(_LINES)]
        axis.plot(alarms, 1 - found, colour, ls=line, lw=1.2, label=label)
    axis.set(xscale="log", yscale="log", xlim=(1e-3, 1), ylim=(1e-4, 1))
    axis.set(xlabel="one person taken for two", ylabel="two people taken for one")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=6, frameon=False)
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "font.size": 8, "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _curves(rows: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Rows by source and condition, where both classes are there."""
    parts: dict[str, list[Pair]] = {}
    for row in rows:
        parts.setdefault(f"{row.source}, {row.condition}", []).append(row)
    return {key: own for key, own in parts.items() if len({row.label for row in own}) == 2}
