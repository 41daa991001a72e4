"""How far a training under a protocol is from the one that the method's paper describes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from unmask.train.recipe import Recipe

_RUNNING = frozenset({"positions", "validation", "features"})
"""Settings that say how much is looked at to choose and what is kept, not what is trained."""


def departures(published: Recipe, run: Recipe, small: Iterable[str] = ()) -> dict[str, Any]:
    """What of ``run`` is not as in the method's recipe: by name, the recipe's value and the run's.

    ``small``: settings that make a method's network smaller than the paper's; those that were
    changed stand under the name ``small``.
    """
    before, after = published.model_dump(mode="json"), run.model_dump(mode="json")
    found = {
        name: [before[name], after[name]]
        for name in ("init", "samples", "batch", "keep", "optimiser", "strategies", "strategy")
        if before[name] != after[name]
    }
    old, new = before["settings"], after["settings"]
    names = {name for name in {*old, *new} - _RUNNING if old.get(name) != new.get(name)}
    found |= {f"settings.{name}": [old.get(name), new.get(name)] for name in sorted(names)}
    smaller = sorted(names & set(small))
    return {**found, "small": smaller} if smaller else found


def form(about: Mapping[str, Any]) -> str:
    """A few words on what a detector's figures stand for, for a column of a table."""
    how = about.get("origin")
    if how != "trained":
        return "as it comes with unmask" if how == "shipped" else "given weights"
    departs = about.get("departs", {})
    words = [
        "small form" if departs.get("small") else "",
        "random weights" if departs.get("init", ["", ""])[1] == "random" else "",
        f"{about['samples']:,} samples{_share(departs)}",
    ]
    return ", ".join(word for word in words if word)


def _share(departs: Mapping[str, Any]) -> str:
    published, run = departs.get("samples", (0, 0))
    return f" ({run / published * 100:.2g} % of the recipe's)" if published else ""


def told(about: Mapping[str, Any]) -> str:
    """Every departure in one sentence; nothing when there is none."""
    departs = {name: pair for name, pair in about.get("departs", {}).items() if name != "small"}
    parts = [
        f"{name} {_plain(new)} (recipe: {_plain(old)})" for name, (old, new) in departs.items()
    ]
    return "; ".join(parts)


def _plain(value: Any) -> str:
    if value in (None, "", [], {}):
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if value >= 10_000 else str(value)
    return str(value)
