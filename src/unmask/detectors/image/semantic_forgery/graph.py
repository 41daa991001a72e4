"""What can be changed in a face, and which changes can stand together.

Zou et al. 2025, "Semantic Contextualization of Face Forgery": a face is fake when a global
attribute was changed, and a change of an attribute is one of regions of the face.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

ATTRIBUTES = ("age", "expression", "gender", "identity", "pose")
REGIONS = ("eye", "eyebrow", "lip", "mouth", "nose", "skin")
NODES = ("fake", *ATTRIBUTES, *REGIONS)
"""Names of the labels in the network's order."""
TOUCHES = {
    "age": ("eye", "skin"),
    "expression": ("eye", "lip", "mouth", "nose", "skin"),
    "gender": ("eye", "eyebrow", "lip", "mouth", "skin"),
    "identity": REGIONS,
    "pose": REGIONS,
}
"""Regions that a change of each attribute can change."""
UNKNOWN = -1.0
"""The label of a node of which nothing is known."""
CHANGES = {
    "age": ("age", *TOUCHES["age"]),
    "smile": ("expression", "lip", "mouth"),
    "expression": ("expression", *TOUCHES["expression"]),
    "gender": ("gender", "identity", *TOUCHES["gender"]),
    "identity": ("identity", *REGIONS),
    "pose": ("pose", *REGIONS),
}
"""Nodes that are changed by each kind of forgery of the authors' dataset."""
_OPEN = {"gender": ("age",), "identity": ("age",)}
"""Nodes that such a forgery may change or not: who is another person may be of another age."""


def legal_states() -> Tensor:
    """Every combination of labels that can be (1,544 × 12, zeros and ones).

    An attribute is changed in fakes only, and in at least one of its regions; a region is changed
    only with an attribute that can change it. A fake of which no attribute is known is allowed.
    """
    return torch.tensor(
        [state for state in product((0.0, 1.0), repeat=len(NODES)) if _legal(state)]
    )


def _legal(state: tuple[float, ...]) -> bool:
    on = {name for name, value in zip(NODES, state, strict=True) if value}
    changed = on.intersection(ATTRIBUTES)
    if changed and "fake" not in on:
        return False
    if any(not on.intersection(TOUCHES[name]) for name in changed):
        return False
    reached = {region for name in changed for region in TOUCHES[name]}
    return on.intersection(REGIONS) <= reached


def labels(kind: str, forged: bool) -> list[float]:
    """A label for each node: 1, 0, or ``UNKNOWN``.

    ``kind`` is one of ``CHANGES``; of a forgery of another kind only that it is one is known.
    """
    if not forged:
        return [0.0] * len(NODES)
    if kind not in CHANGES:
        return [1.0] + [UNKNOWN] * (len(NODES) - 1)
    on, unclear = {"fake", *CHANGES[kind]}, _OPEN.get(kind, ())
    return [UNKNOWN if name in unclear else float(name in on) for name in NODES]
