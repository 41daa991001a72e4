"""``unmask train``: train a detector by its recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unmask.cli.console import Progressing, emit, plain
from unmask.cli.recipe import recipe_file
from unmask.plugin_files import listed

if TYPE_CHECKING:
    from unmask.train.loop import FitResult
    from unmask.train.run_folder import Mode
    from unmask.train.solved import Solution


def train(
    data: Annotated[
        Path, typer.Option(help="Folder with manifest.parquet (a published method), or that file.")
    ],
    out: Annotated[Path, typer.Option(help="Where checkpoints, log and weights go.")],
    name: Annotated[
        str,
        typer.Argument(
            metavar="[RECIPE]", help="The name of a detector, whose recipe is taken, or a file."
        ),
    ] = "",
    recipe: Annotated[
        Path | None,
        typer.Option(help="A recipe of your own: TOML, or the recipe.json of an earlier run."),
    ] = None,
    samples: Annotated[int, typer.Option(help="Samples to train on; 0: as the recipe says.")] = 0,
    leave_out: Annotated[
        str, typer.Option(help="Sources that must not enter training, separated by commas.")
    ] = "",
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="Train and choose on these items alone: generator=Deepfakes,Face2Face or "
            "condition=c23 (* stands for anything, ! keeps out); may be repeated."
        ),
    ] = None,
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
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with the run in OUT although recipe or data have changed."
        ),
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete the run in OUT and begin anew.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train a detector by its recipe, and export the best weights as ONNX.

    A run that was stopped goes on where it was when the same command is given again; in the folder
    of another run nothing is done unless --resume or --fresh says what. OUT also gets log.jsonl,
    curves.parquet and a TensorBoard file. unmask recipe copy NAME gives a recipe to change.
    """
    import os

    from unmask.datasets.choosing import where_of
    from unmask.errors import DataError, MissingExtra, SettingError
    from unmask.train.recipe import changed, read_recipe, resolve
    from unmask.train.run_folder import RunFolder

    if bool(name) == (recipe is not None):
        raise SettingError("Give the name of a detector or --recipe FILE, and not both.")
    if resume and fresh:
        raise SettingError("--resume goes on with a run and --fresh deletes it; give one of them.")
    mode: Mode = "resume" if resume else "fresh" if fresh else "same"
    path = recipe or Path(name)
    if recipe is None and not path.is_file():
        path = recipe_file(name)
    if not data.exists():
        raise DataError(f"There is nothing at {data}. Give the folder that holds the manifest.")
    chosen = read_recipe(path)
    changes: dict[str, object] = {}
    if samples:
        changes |= {"samples": samples, "validate_every": min(chosen.validate_every, samples)}
    if seed >= 0:
        changes["seed"] = seed
    changes |= {name: value for name, value in (("init", init), ("leave_out", leave_out)) if value}
    if where:
        changes["where"] = {**chosen.where, **where_of(where)}
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
        folder = RunFolder(out, chosen, data)
        folder.check(mode)
        with Progressing(f"fitting {chosen.name}", unit="files", quiet=quiet) as bar:
            solved = task.solve(out, bar.update)
        folder.write(0)
        _say(chosen.name, solved, json)
        return
    with Progressing(f"training {chosen.name}", unit="samples", quiet=quiet) as bar:
        say = lambda done, of, log: bar.update(done, of, plain(log))  # noqa: E731
        result = fit(task, out, say, processes, mode)
    if result is None:  # the first process tells
        return
    _say(chosen.name, result, json)


def _say(name: str, result: FitResult | Solution, json: bool) -> None:
    # What chooses is one of the figures, or made of them, and not another measurement.
    best = {name: round(v, 4) for name, v in result.best.items() if name != "select"}
    emit(
        {
            "recipe": name,
            "weights": str(result.onnx),
            "samples": result.samples,
            "seconds": round(result.seconds, 1),
            "validation": best,
            "chosen_by": result.chosen_by,
        },
        as_json=json,
        text=f"{result.onnx}: {plain(best)} after {result.samples} samples, {result.seconds:.0f} s"
        + (f"; chosen by {result.chosen_by}" if result.chosen_by else ""),
    )
