"""Which way a source is converted: by transformers, by timm, or as the ONNX file that it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from unmask.adding.converting import input_of, same_preparation
from unmask.adding.labels import forged_labels
from unmask.adding.odds import Odds
from unmask.adding.options import Wishes
from unmask.adding.preprocessing import Look, Normal, picture_look, sound_look
from unmask.adding.safety import plain
from unmask.adding.sources import CONFIGURATION, PREPARATIONS, Source
from unmask.cards.card import Input
from unmask.errors import ModelError, SettingError

RATE = 16000
_MEDIA = {2: "audio", 4: "image", 5: "video"}
"""By the axes of an input: batch and samples; channels and sides; frames besides."""


@dataclass(frozen=True, slots=True)
class Converted:
    """An ONNX file that was written and compared, and what its card must say.

    ``preparation_gap``: largest difference of prepared values; None where the user alone said how
    they are prepared. ``score_gap``: that of the scores.
    """

    part: Input
    odds: Odds
    labels: tuple[str, ...]
    medium: str
    architecture: str
    preparation_gap: float | None
    score_gap: float


def convert(source: Source, wishes: Wishes, path: Path) -> Converted:
    """Write the ONNX file of a source. Raises ModelError, SettingError and UnknownName."""
    if source.weights.suffix == ".onnx":
        return _from_onnx(source, wishes, path)
    from unmask.adding.exporting import export

    if wishes.architecture or "architecture" in source.configuration:
        from unmask.adding.timm_head import timm_head

        head = timm_head(source, wishes.architecture, wishes.labels)
    elif source.configuration:
        from unmask.adding.transformers_head import transformers_head

        head = transformers_head(source)
    else:
        raise SettingError(
            f"What network {source.given} belongs to is not known. Say it: --architecture NAME "
            "(one of timm's)."
        )
    odds = Odds(tuple(forged_labels(head.labels, wishes.forged)), len(head.labels), head.given)
    count = head.frames if head.medium == "video" else 0
    if head.medium == "audio":
        count = round(wishes.seconds * RATE)
    part = input_of(wishes.taken(head.medium), head.look, count, wishes.step, wishes.margin)
    gap = same_preparation(part, head.normal, head.reference)
    score_gap = export(head, part, odds, path)
    return Converted(part, odds, head.labels, head.medium, head.architecture, gap, score_gap)


def _from_onnx(source: Source, wishes: Wishes, path: Path) -> Converted:
    from unmask.adding.onnx_file import read_network, write

    network = read_network(source.weights)
    medium = _MEDIA.get(len(network.shape), "")
    channels = network.shape[-3:-2]
    if not medium or (medium != "audio" and channels[0] != 3):
        raise ModelError(
            f"{source.weights.name} takes {list(network.shape)}; a scan can give [batch, samples], "
            "[batch, 3, height, width] and [batch, frames, 3, height, width]."
        )
    names = source.configuration.get("id2label") or {}
    if not isinstance(names, dict) or not all(str(place).isdigit() for place in names):
        raise ModelError(f"The labels in {CONFIGURATION} are not numbered.")
    labels = wishes.labels or tuple(
        plain(str(n), 80) for _, n in sorted(names.items(), key=lambda n: int(n[0]))
    )
    if len(labels) != network.count:
        raise SettingError(
            f"{source.weights.name} gives {network.count} outputs and {len(labels)} labels are "
            "known. Name them in their order: --labels real,fake (one output: what its high "
            "values mean)."
        )
    odds = Odds(tuple(forged_labels(labels, wishes.forged)), network.count, network.given)
    look, normal, reference = _described(source, wishes, medium, network.shape)
    count = 0
    if medium != "image":
        held = network.shape[1]
        count = held if isinstance(held, int) else round(wishes.seconds * RATE)
        if medium == "video" and not isinstance(held, int):
            raise ModelError(f"{source.weights.name} does not say how many frames it takes.")
    take = wishes.taken(medium)
    part = input_of(take, look, count, wishes.step, wishes.margin, network.batch)
    gap = same_preparation(part, normal, reference) if reference else None
    score_gap = write(network, part, normal, odds, path)
    return Converted(part, odds, labels, medium, "an ONNX file", gap, score_gap)


def _described(
    source: Source, wishes: Wishes, medium: str, shape: tuple[int | str, ...]
) -> tuple[Look | None, Normal, Callable[[NDArray[Any]], NDArray[Any]] | None]:
    """How an ONNX file wants its input: by what lies beside it, or by what the user says."""
    if any(name in source.files for name in PREPARATIONS):
        from unmask.adding.transformers_head import extractor_of, heard_by, processor_of, seen_by

        if medium == "audio":
            extractor = extractor_of(source)
            return None, sound_look(extractor, RATE), heard_by(extractor)
        processor = processor_of(source)
        look = picture_look(processor)
        return look, look.normal, seen_by(processor, medium)
    if medium == "audio":
        return None, Normal(), None
    height, width = shape[-2:]
    fixed = isinstance(height, int) and isinstance(width, int)
    if not wishes.mean or not wishes.std or not fixed:
        raise SettingError(
            f"How {source.weights.name} wants its pictures is not known: put its "
            "preprocessor_config.json beside it, or say --mean R,G,B --std R,G,B (of values 0…1; "
            "its sides must be fixed)."
        )
    normal = Normal(1 / 255, wishes.mean, wishes.std)
    return Look("stretch", int(height), int(width), wishes.filter, normal), normal, None
