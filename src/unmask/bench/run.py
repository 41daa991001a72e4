"""Running a protocol: gather its items, train where asked, score every test, keep the outcomes."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from unmask import __version__, registry
from unmask.bench.attacked import Attacker
from unmask.bench.budget import departures
from unmask.bench.kept import keep_protocol
from unmask.bench.order import Order
from unmask.bench.own.shipped import ShippedScorer
from unmask.bench.perturb import CLEAN, applies
from unmask.bench.protocol import Protocol, Train
from unmask.bench.score import MethodScorer, Scorer, kinds_of
from unmask.bench.selection import Material, gather
from unmask.cards.card import read_card
from unmask.cards.shelf import shelved
from unmask.datasets.manifest import Manifest, write_manifest
from unmask.datasets.splits import place as spread
from unmask.errors import DataError, UnknownName
from unmask.forge import by_network
from unmask.metrics.outcomes import Outcome, joined, place, read_outcomes, write_outcomes
from unmask.train.method import method_named
from unmask.train.recipe import Recipe, changed, read_recipe

Progress = Callable[[str, int, int], None]
"""Called with what is done, how much of it, and of how much."""


@dataclass(frozen=True, slots=True)
class Ran:
    """Where the outcomes of a run are, how many rows they have, and what must be known of them."""

    path: Path
    rows: int
    notes: tuple[str, ...] = ()


def run(protocol: Protocol, order: Order, progress: Progress | None = None) -> Ran:
    """Run a protocol and keep what the detector said of every item.

    Rows of the same weights that are there already are kept where they are not scored again.
    Raises DataError, ModelError, UnknownName and MissingExtra.
    """
    say = progress or (lambda what, done, of: None)
    about: dict[str, Any] = {
        "detector": order.filed,
        "protocol": protocol.name,
        "version": __version__,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    if order.detector in registry.methods():
        scorer, material, how = _method(protocol, order, say)
    elif order.detector in registry.shipped():
        scorer, material, how = _shipped(protocol, order)
    else:
        raise UnknownName("detector", order.detector, {*registry.methods(), *registry.shipped()})
    begun = time.monotonic()
    attacker = _attacker(protocol, order, scorer, say)
    with by_network.using(order.restorer, order.enhancer, order.enhancer_rate) as networks:
        rows, left_out = _score(protocol, order, scorer, material, say)
    if attacker:
        more, gone = _attacked(protocol, order, attacker, material, say)
        rows, left_out = rows + more, left_out | gone
    about |= how | {
        "weights": scorer.weights,
        "notes": [*material.notes, *networks],
        "seconds": round(time.monotonic() - begun, 1),
        "left_out": left_out,
    }
    path = place(order.results, protocol.name, order.filed)
    if path.is_file():
        old = read_outcomes(path)
        if old.about.get("weights") == scorer.weights:
            rows = list(joined(old.rows, rows))
            about["left_out"] = {**old.about.get("left_out", {}), **left_out}
    keep_protocol(protocol, path.parent)
    return Ran(path, write_outcomes(path, rows, about), tuple(about["notes"]))


def _method(
    protocol: Protocol, order: Order, say: Progress
) -> tuple[Scorer, Material, dict[str, Any]]:
    published = read_recipe(registry.recipes()[order.detector])
    recipe = changed(
        published,
        seed=order.seed or published.seed,
        settings={
            **published.settings,
            "positions": protocol.frames,
            **(_settings(protocol.train, order.detector) if protocol.train else {}),
            **order.settings,
        },
    )
    method = method_named(order.detector)(recipe.settings)
    material = gather(protocol, order.data, kinds_of(method))
    if order.train:
        recipe = _budgeted(protocol, order, recipe)
        weights, how = _train(protocol, order, recipe, material, say)
        how["departs"] = departures(published, recipe, method.small)
    elif order.weights:
        weights, how = order.weights, {"origin": "given", "file": order.weights.name}
    else:
        weights = _on_shelf(order.detector)
        how = {"origin": "given", "file": f"the shelf's {order.detector}"}
    return MethodScorer(method, weights, recipe), material, how | {"variant": method.variant}


def _settings(train: Train, detector: str) -> dict[str, Any]:
    return {**train.settings, **train.settings_of.get(detector, {})}


def _on_shelf(name: str) -> Path:
    """Weights that the user exported or fetched. Raises DataError when there are none."""
    card = shelved().get(name)
    if card is None:
        raise DataError(
            f"{name!r} needs weights: --train trains it under the protocol, or give --weights FILE "
            f"(ONNX, or a checkpoint), or fetch the authors' (unmask models pull {name})."
        )
    return card.parent / read_card(card).file().file


def _shipped(protocol: Protocol, order: Order) -> tuple[Scorer, Material, dict[str, Any]]:
    if order.train or order.weights:
        raise DataError(
            f"{order.detector!r} comes with its weights and is run as a scan runs it. "
            f"To score others use: unmask bench predict {order.detector} --weights FILE"
        )
    scorer = ShippedScorer(order.detector, order.claim)
    material = gather(protocol, order.data, scorer.kinds)
    return scorer, material, {"origin": "shipped", "claim": scorer.claim.value}


def _budgeted(protocol: Protocol, order: Order, recipe: Recipe) -> Recipe:
    """The recipe within the protocol's budget. Raises DataError when it has no training."""
    if protocol.train is None:
        raise DataError(f"The protocol {protocol.name!r} has no [train]; give --weights FILE.")
    samples = order.samples or protocol.train.budget(order.detector) or recipe.samples
    batch = min(protocol.train.batch or recipe.batch, samples)
    return changed(
        recipe,
        samples=samples,
        batch=batch,
        init=protocol.train.start(order.detector) or recipe.init,
        workers=recipe.workers if protocol.train.workers < 0 else protocol.train.workers,
        accumulate=1 if batch % recipe.accumulate else recipe.accumulate,
        validate_every=min(recipe.validate_every, max(samples // 4, batch)),
        keep="best" if protocol.checkpoint == "val" else "last",
        strategies=tuple(dict.fromkeys((*recipe.strategies, *order.strategies))),
    )


def _train(
    protocol: Protocol, order: Order, recipe: Recipe, material: Material, say: Progress
) -> tuple[Path, dict[str, Any]]:
    """Train by the protocol's items and budget; a run that is finished is not made again."""
    from unmask.train.loop import fit
    from unmask.train.methods import MethodTask

    mark = hashlib.sha256(f"{recipe!r}{[i.item_id for i in material.fit]}".encode()).hexdigest()
    out = order.runs / protocol.name / order.filed / mark[:12]
    done_before = out / "finished.json"
    if done_before.is_file():
        how: dict[str, Any] = json.loads(done_before.read_text(encoding="utf-8"))
        return out / how.pop("weights"), how
    manifest = write_manifest(out / "manifest.parquet", material.fit)
    result = fit(
        MethodTask(recipe, manifest),
        out,
        lambda done, of, _: say(f"training {order.detector}", done, of),
    )
    if result is None:
        raise DataError("Run a protocol in one process; unmask train can use several.")
    how = {
        "origin": "trained",
        "samples": recipe.samples,
        "seed": recipe.seed,
        "train_seconds": round(result.seconds, 1),
        "validation": {name: round(v, 4) for name, v in result.best.items() if name != "select"},
        "chosen_by": result.chosen_by,
        "trained_on": dict(Counter(item.source for item in material.fit)),
    }
    record = {**how, "weights": os.path.relpath(result.onnx, out)}
    done_before.write_text(json.dumps(record), encoding="utf-8")
    return result.onnx, how


def _score(
    protocol: Protocol, order: Order, scorer: Scorer, material: Material, say: Progress
) -> tuple[list[Outcome], dict[str, int]]:
    """Rows of every test and condition, and how many items of each could not be judged."""
    tests = dict(material.tests)
    if protocol.threshold == "val" and order.clean and len(material.val):
        tests["val"] = replace(material.val, name="val")
    own = list(protocol.conditions) if order.clean else []
    rows: list[Outcome] = []
    left_out: dict[str, int] = {}
    for name, manifest in tests.items():
        extra = [] if name == "val" else [c for c in order.conditions if c not in own]
        for condition in [*(own if name != "val" else [CLEAN]), *extra]:
            part = _some(manifest, order.perturbed_most) if condition in extra else manifest
            kept = tuple(replace(i, split="test") for i in part if applies(condition, i))
            if not kept:
                continue
            part = Manifest(part.root, kept, name)
            what = name if condition == CLEAN else f"{name}, {condition}"
            said = partial(_say, say, what, len(part))
            found = list(scorer.score(part, condition, protocol.classes, said))
            rows += found
            missing = {item.item_id for item in part} - {row.item_id for row in found}
            if missing:
                left_out[what] = len(missing)
    return rows, left_out


def _attacker(protocol: Protocol, order: Order, judge: Scorer, say: Progress) -> Attacker | None:
    """The attack that is ordered, with the detector for which items are changed."""
    ordered = order.attack
    if ordered is None:
        return None
    source = judge
    if ordered.against:
        other = replace(order, detector=ordered.against, name="", attack=None, claim="",
                        weights=ordered.against_weights, train=False)  # fmt: skip
        if ordered.against in registry.shipped():
            source = _shipped(protocol, other)[0]
        else:
            source = _method(protocol, other, say)[0]
    return Attacker(ordered, source, judge)


def _attacked(
    protocol: Protocol, order: Order, attacker: Attacker, material: Material, say: Progress
) -> tuple[list[Outcome], dict[str, int]]:
    """Rows after the attack, and how many items of each test could not be judged."""
    assert order.attack is not None
    rows: list[Outcome] = []
    left_out: dict[str, int] = {}
    for name, manifest in material.tests.items():
        items = [replace(item, split="test") for item in _some(manifest, order.attack.most)]
        for condition, budget in order.attack.conditions().items():
            what = f"{name}, {condition}"
            for number, item in enumerate(items, 1):
                one = Manifest(manifest.root, (item,), name)
                row = attacker.row(one, condition, budget, protocol.classes)
                if row is None:
                    left_out[what] = left_out.get(what, 0) + 1
                else:
                    rows.append(row)
                say(what, number, len(items))
    return rows, left_out


def _say(say: Progress, what: str, of: int, done: int) -> None:
    say(what, done, of)


def _some(manifest: Manifest, most: int) -> Manifest:
    """At most ``most`` items of each class, by a hash; all when 0."""
    if not most:
        return manifest
    kept: set[str] = set()
    for label in (0, 1):
        media = {item.media_id for item in manifest if item.label == label}
        kept.update(sorted(media, key=lambda name: spread(name, 13))[:most])
    return manifest.where(lambda item: item.media_id in kept)
