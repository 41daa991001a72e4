"""What is written beside a converted network: its card, and the record of its source."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from unmask import __version__
from unmask.adding.converted import Converted
from unmask.adding.converting import OUTPUTS
from unmask.adding.options import Wishes
from unmask.adding.sources import UNSTATED, Source
from unmask.cards.card import Card, Input, Output, Published, Weights, read_card

ONNX = "weights.onnx"
RECORD = "source.toml"
_MOST_NAMED = 20
_TOOLS = ("torch", "transformers", "timm", "onnx")


def describe(folder: Path, source: Source, wishes: Wishes, made: Converted) -> Card:
    """Write ``card.toml`` and ``source.toml`` beside the ONNX file in ``folder``; the card."""
    card = _card(folder, source, wishes, made)
    values = card.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
    (folder / "card.toml").write_text(_toml(values), encoding="utf-8")
    record = {
        "source": source.given,
        "url": source.url,
        "licence": licence_of(source, wishes),
        "architecture": made.architecture,
        "labels": list(made.labels),
        "forged": [made.labels[place] for place in made.odds.forged],
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "unmask": __version__,
        "largest_difference_of_scores": made.score_gap,
        "tools": {name: version(name) for name in _TOOLS},
        "sha256": source.files,
    }
    if made.preparation_gap is not None:
        record["largest_difference_of_prepared_values"] = made.preparation_gap
    (folder / RECORD).write_text(_toml(record), encoding="utf-8")
    return read_card(folder / "card.toml")


def licence_of(source: Source, wishes: Wishes) -> str:
    """What the model card says, else what the user says, else that none is stated."""
    if source.licence != UNSTATED:
        return source.licence
    return wishes.licence or UNSTATED


def _card(folder: Path, source: Source, wishes: Wishes, made: Converted) -> Card:
    data = (folder / ONNX).read_bytes()
    licence = licence_of(source, wishes)
    forged = [made.labels[place] for place in made.odds.forged]
    rest = [made.labels[place] for place in made.odds.rest]
    against = f"{_list(forged) or 'anything else'} against {_list(rest) or 'anything else'}"
    batch = made.part.shape[0]
    claim = wishes.claimed(made.part.take)
    weights = Weights(
        file=ONNX,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        precision="fp32",
        licence=licence,
        origin=f"{source.given}; {made.architecture}; converted by unmask {__version__}",
    )
    held = source.files.get("model.safetensors", "")
    return Card(
        name=wishes.name,
        title=wishes.name,
        modality=made.medium,
        summary=f"A network from {source.given} that tells {against}.",
        version="1",
        code_licence=licence,
        inputs=[Input.model_validate(made.part)],
        outputs=[
            Output(
                name=OUTPUTS[0],
                shape=[batch],
                meaning=f"Log-odds (natural logarithm) of {against}, before calibration.",
                claim=claim,
            ),
            Output(
                name=OUTPUTS[1],
                shape=[batch, made.odds.count],
                meaning=f"What the network gives for {_list(made.labels)}.",
            ),
        ],
        sources=[],
        limits=[
            "A network of others, added by the user: nobody of us has measured what it is worth.",
            "It is not calibrated: a scan shows its score and draws no verdict from it.",
        ],
        weights=weights,
        repository=source.url,
        published=[
            Published(variant="default", url=source.url, licence=licence, sha256=held)
        ] if source.url else [],
    )  # fmt: skip


def _list(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - _MOST_NAMED} more" if len(labels) > _MOST_NAMED else ""
    return ", ".join(repr(label) for label in labels[:_MOST_NAMED]) + more


def _toml(values: Mapping[str, Any], path: str = "") -> str:
    """Plain values, lists, tables and lists of tables. A JSON string is a TOML string."""
    lines, tables = [], []
    for name, value in values.items():
        key = name if name.replace("_", "").isalnum() and name.isascii() else json.dumps(name)
        place = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            tables.append(f"\n[{place}]\n{_toml(value, place)}")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            tables += [f"\n[[{place}]]\n{_toml(one, place)}" for one in value]
        else:
            lines.append(f"{key} = {_plain(value)}\n")
    return "".join(lines) + "".join(tables)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_plain(one) for one in value) + "]"
    if isinstance(value, str):
        # TOML wants the one control character escaped that JSON lets stand.
        return json.dumps(value).replace("\x7f", "\\u007f")
    return json.dumps(value)
