"""``unmask train``: train a detector by its recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unmask.cli.console import Progressing, emit, plain
from unmask.plugin_files import listed

if TYPE_CHECKING:
    from unmask.train.loop import FitResult
    from unmask.train.solved import Solution


def train(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of a detector.")],
    data: Annotated[
        Path, typer.Option(help="Folder with manifest.parquet (a published method), or that file.")
    ],
    out: Annotated[Path, typer.Option(help="Where checkpoints, log and weights go.")],
    samples: Annotated[int, typer.Option(help="Samples to train on; 0: as the recipe says.")] = 0,
    leave_out: Annotated[
        str, typer.Option(help="Sources that must not enter training, separated by commas.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed; -1: as the recipe says.")] = -1,
    init: Annotated[
        str, typer.Option(help="random, pretrained or a checkpoint; empty: as the recipe says.")
    ] = "",
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Ways of training around the recipe's ({listed('strategies')}); may be repeated."
        ),
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes that share each batch; torchrun works as well.")
    ] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train a detector by its recipe, and export the best weights as ONNX.

    A run that was stopped goes on where it was when the same command is given again. OUT also
    gets log.jsonl, curves.parquet and a TensorBoard file.
    """
    import os

    from unmask import registry
    from unmask.errors import DataError, MissingExtra, UnknownName
    from unmask.train.recipe import changed, read_recipe, resolve

    path = Path(recipe)
    if not path.is_file():
        known = registry.recipes()
        if recipe not in known:
            raise UnknownName("recipe", recipe, known)
        path = known[recipe]
    if not data.exists():
        raise DataError(f"There is nothing at {data}. Give the folder that holds the manifest.")
    chosen = read_recipe(path)
    changes: dict[str, object] = {}
    if samples:
        changes |= {"samples": samples, "validate_every": min(chosen.validate_every, samples)}
    if seed >= 0:
        changes["seed"] = seed
    changes |= {name: value for name, value in (("init", init), ("leave_out", leave_out)) if value}
    if strategy:
        changes["strategies"] = tuple(dict.fromkeys((*chosen.strategies, *strategy)))
    chosen = changed(chosen, **changes)
    try:
        from unmask.train.loop import fit
        from unmask.train.solved import Solved

        task = resolve(chosen.task)(chosen, data)
    except ModuleNotFoundError as error:
        raise MissingExtra(f"Training (the package {error.name!r})", "train") from error
    quiet = json or os.environ.get("LOCAL_RANK", "0") != "0"
    if isinstance(task, Solved):
        with Progressing(f"fitting {chosen.name}", unit="files", quiet=quiet) as bar:
            _say(chosen.name, task.solve(out, bar.update), json)
        return
    with Progressing(f"training {chosen.name}", unit="samples", quiet=quiet) as bar:
        say = lambda done, of, log: bar.update(done, of, plain(log))  # noqa: E731
        result = fit(task, out, say, processes)
    if result is None:  # the first process tells
        return
    _say(chosen.name, result, json)


def _say(name: str, result: FitResult | Solution, json: bool) -> None:
    best = {name: round(value, 4) for name, value in result.best.items()}
    emit(
        {
            "recipe": name,
            "weights": str(result.onnx),
            "samples": result.samples,
            "seconds": round(result.seconds, 1),
            "validation": best,
        },
        as_json=json,
        text=f"{result.onnx}: {plain(best)} after {result.samples} samples, {result.seconds:.0f} s",
    )
