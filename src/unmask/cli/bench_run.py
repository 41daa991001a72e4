"""``unmask bench run``: score the tests of a protocol, perturbed and attacked where asked."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from unmask.cli.bench_protocol import RESULTS, Json, Name, Results, protocol_named
from unmask.cli.console import Progressing, emit
from unmask.plugin_files import listed


def _severities(text: str) -> list[int]:
    """``3``, ``1-5`` or ``1,3,5``."""
    from unmask.errors import SettingError

    try:
        found: list[int] = []
        for part in text.split(","):
            first, dash, last = part.partition("-")
            found += range(int(first), int(last) + 1) if dash else [int(first)]
    except ValueError:
        raise SettingError(f"Severity is {text!r}; use 3, 1-5 or 1,3,5.") from None
    return found


def _budgets(text: str) -> tuple[float, ...]:
    """``1,2,4``."""
    from unmask.errors import SettingError

    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(0 < value <= 255 for value in found):
        raise SettingError(f"Budget is {text!r}; use numbers over 0 and up to 255, as in 1,2,4,8.")
    return found


def run(
    protocol: Name,
    detector: Annotated[
        list[str],
        typer.Option(help="A published method or a shipped detector; may be repeated."),
    ],
    data: Annotated[list[Path], typer.Option(help="Manifests; may be repeated.")],
    weights: Annotated[
        Path | None, typer.Option(help="ONNX file or checkpoint, ours or the authors'.")
    ] = None,
    train: Annotated[bool, typer.Option("--train", help="Train under the protocol first.")] = False,
    samples: Annotated[int, typer.Option(help="Training samples; 0: as the protocol says.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed; 0: as the recipe says.")] = 0,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            help=f"With --train: ways of training around the recipe's ({listed('strategies')})."
        ),
    ] = None,
    variant: Annotated[str, typer.Option(help="Variant of the method.")] = "",
    claim: Annotated[str, typer.Option(help="Claim of a shipped detector.")] = "",
    perturb: Annotated[
        str, typer.Option(help="Perturbations besides: jpeg,blur,mp3, or with severities, jpeg:5.")
    ] = "",
    severity: Annotated[str, typer.Option(help="Their severities: 3, 1-5 or 1,3,5.")] = "3",
    restorer: Annotated[
        Path | None, typer.Option(help="The network (ONNX) that the perturbation restore runs.")
    ] = None,
    enhancer: Annotated[
        Path | None, typer.Option(help="The network (ONNX) that the perturbation enhance runs.")
    ] = None,
    enhancer_rate: Annotated[
        int, typer.Option(min=8000, help="Rate of the sound that it takes, in Hz.")
    ] = 48_000,
    perturb_most: Annotated[
        int, typer.Option(help="Real and forged items of a test to perturb at most; 0: all.")
    ] = 0,
    only_perturbed: Annotated[
        bool, typer.Option("--only-perturbed", help="Keep the clean rows that are stored.")
    ] = False,
    attack: Annotated[
        str, typer.Option(help=f"Attack the items as well: {listed('attacks')}.")
    ] = "",
    budget: Annotated[
        str, typer.Option(help="Its budgets: largest change of a value, in 255ths of full scale.")
    ] = "1,2,4,8",
    attack_most: Annotated[
        int, typer.Option(help="Real and forged items of a test to attack at most; 0: all.")
    ] = 25,
    attack_set: Annotated[
        list[str] | None, typer.Option(help="A setting of the attack (steps=40); may be repeated.")
    ] = None,
    against: Annotated[
        str, typer.Option(help="Change the items for this detector (transfer); default: itself.")
    ] = "",
    against_weights: Annotated[
        Path | None, typer.Option(help="Weights of that detector, a checkpoint; else the shelf's.")
    ] = None,
    name: Annotated[str, typer.Option(help="File the outcomes under another name.")] = "",
    results: Results = RESULTS,
    runs: Annotated[Path, typer.Option(help="Folder of training runs.")] = Path("runs"),
    json: Json = False,
) -> None:
    """Score the tests of a protocol and store what the detector said of every item.

    With --train a method is first trained on the protocol's items alone; a run that was stopped
    goes on. Detectors that come with their weights are not trained. Rows that are stored for the
    same weights stay where they are not scored again.
    """
    from unmask import registry
    from unmask.errors import SettingError

    if len(detector) > 1 and (weights or name or variant or claim):
        raise SettingError(
            "--weights, --name, --variant and --claim belong to one detector; give one --detector."
        )
    if strategy and not train:
        raise SettingError("--strategy is a way of training; it goes with --train.")
    chosen = protocol_named(protocol)
    from unmask.bench.order import AttackOrder, Order
    from unmask.bench.perturb import conditions
    from unmask.bench.run import run as run_protocol
    from unmask.forge.by_network import OPTIONS

    attacking = None
    if attack:
        pairs = (text.partition("=") for text in attack_set or ())
        attacking = AttackOrder(
            attack,
            _budgets(budget),
            attack_most,
            {key: value for key, _, value in pairs},
            against,
            against_weights,
        )
    elif against or against_weights or attack_set:
        raise SettingError("--against, --against-weights and --attack-set go with --attack NAME.")
    kinds = [part for part in perturb.split(",") if part]
    for condition, given in (("restore", restorer), ("enhance", enhancer)):
        if condition in {kind.partition(":")[0] for kind in kinds} and given is None:
            raise SettingError(
                f"The perturbation {condition!r} runs a network of yours. "
                f"Name it: {OPTIONS[condition]} FILE.onnx"
            )
    found: list[dict[str, object]] = []
    lines: list[str] = []
    for one in detector:
        order = Order(
            one,
            data,
            results,
            runs,
            name=name,
            weights=weights,
            train=train and (len(detector) == 1 or one not in registry.shipped()),
            samples=samples,
            seed=seed,
            claim=claim,
            conditions=conditions(kinds, _severities(severity)) if kinds else (),
            perturbed_most=perturb_most,
            clean=not only_perturbed,
            settings={"variant": variant} if variant else {},
            strategies=tuple(strategy or ()),
            attack=attacking,
            restorer=restorer,
            enhancer=enhancer,
            enhancer_rate=enhancer_rate,
        )
        with Progressing(f"{chosen.name}: {one}", unit="items", quiet=json) as bar:
            ran = run_protocol(chosen, order, partial(_shown, bar))
        found.append(
            {"detector": one, "path": str(ran.path), "rows": ran.rows, "notes": list(ran.notes)}
        )
        lines += [f"{ran.path}: {ran.rows} rows", *(f"note: {note}" for note in ran.notes)]
    emit(found, as_json=json, text="\n".join(dict.fromkeys(lines)))


def _shown(bar: Progressing, what: str, done: int, of: int) -> None:
    bar.update(done, of, what)
