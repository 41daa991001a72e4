"""The tree of what a file was made from."""

from __future__ import annotations

from unmask.provenance import words
from unmask.provenance.judge import State, ingredient_state
from unmask.provenance.manifest import Action, Ingredient, Manifest, Reading
from unmask.types import Node

_DEEPEST, _MOST = 12, 200
_STATES = {
    State.VALID: "its own manifest is valid",
    State.IRREGULAR: "its own manifest breaks rules of its standard",
    State.CHANGED: "it had been changed after it was signed",
    State.EXPIRED: "the certificate of its signer has expired",
    State.UNSOUND: "its own manifest is not sound",
    None: "it has no manifest of its own",
}


def tree(reading: Reading, name: str, remark: str) -> Node:
    """The file as root, under it what it was made from. Circles and depths are cut off."""
    left = [_MOST]
    children = _children(reading, reading.active, (reading.active.label,), left)
    return Node(name, "; ".join(filter(None, (remark, signer(reading.active)))), children)


def signer(manifest: Manifest) -> str:
    """Who signed it, with which program."""
    who = " – ".join(filter(None, (manifest.issuer, manifest.name)))
    made = f"made with {manifest.generator}" if manifest.generator else ""
    return "; ".join(filter(None, (f"signed by {who}" if who else "", made)))


def done(action: Action) -> str:
    """An action in words: "it was created (made by an AI model) with Painter 2"."""
    what = words.ACTIONS.get(action.name) or action.name or "an action without a name"
    if action.source:
        what += f" ({words.SOURCES.get(action.source, action.source)})"
    if action.tool:
        what += f" with {action.tool}"
    return f"{what}, {action.when}" if action.when else what


def _children(
    reading: Reading, manifest: Manifest, path: tuple[str, ...], left: list[int]
) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for ingredient in manifest.ingredients:
        if left[0] <= 0:
            nodes.append(Node("…", "more are not shown"))
            break
        left[0] -= 1
        nodes.append(_node(reading, ingredient, path, left))
    return tuple(nodes)


def _node(reading: Reading, ingredient: Ingredient, path: tuple[str, ...], left: list[int]) -> Node:
    label = ingredient.title or f"without a name ({ingredient.form or 'unknown format'})"
    role = words.RELATIONSHIPS.get(ingredient.relationship, ingredient.relationship)
    parts = [role, _STATES[ingredient_state(ingredient, reading)]]
    inner = reading.manifests.get(ingredient.manifest)
    if inner is None:
        return Node(label, "; ".join(filter(None, parts)))
    parts += [signer(inner), *([done(inner.actions[0])] if inner.actions else [])]
    if ingredient.manifest in path or len(path) > _DEEPEST:
        return Node(label, "; ".join(filter(None, (*parts, "it leads back in a circle"))))
    below = _children(reading, inner, (*path, ingredient.manifest), left)
    return Node(label, "; ".join(filter(None, parts)), below)
