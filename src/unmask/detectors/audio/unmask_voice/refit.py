"""Fits the linear score of published weights anew; their nets along time stay as they are.

    python -m unmask.detectors.audio.unmask_voice.refit --data WIDER --out weights.onnx

The score is fitted in closed form (``traces.fit``), in a minute once the bank is made, so this also
leaves out one source after the other (``--leave-out``). Training from the start, nets and score,
is ``unmask train unmask_voice``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from unmask.detectors.audio.unmask_voice.bank import Bank, bank
from unmask.detectors.audio.unmask_voice.model import Traces
from unmask.detectors.audio.unmask_voice.traces import fit
from unmask.errors import DataError
from unmask.train.onnx_model import save_onnx
from unmask.train.recipe import Recipe, read_recipe

_HERE = Path(__file__).parent


def fitted(clips: Bank, recipe: Recipe) -> Traces:
    """The score of a bank's clips, without those that are held or of sources left out."""
    left_out = {name.strip() for name in recipe.leave_out.split(",")}
    rows = [
        row
        for row, entry in enumerate(clips.entries)
        if not entry.held and entry.source not in left_out
    ]
    traces, settings = Traces(), recipe.settings
    fit(
        traces,
        [clips.entries[row] for row in rows],
        clips.statistics[rows],
        settings["ridge"],
        settings["nuisance"],
        settings["copied"],
        settings["channel"],
    )
    return traces


def put(traces: Traces, model: onnx.ModelProto) -> None:
    """Write the score into a network. Raises DataError when it has none of this kind."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for name, value in traces.state_dict().items():
        tensor = stored.get(f"head.traces.{name}")
        if tensor is None or tuple(tensor.dims) != tuple(value.shape):
            raise DataError(f"The network has no linear score of {traces.mean.numel()} statistics.")
        tensor.CopyFrom(numpy_helper.from_array(value.numpy().astype(np.float32), tensor.name))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=_HERE / "weights.onnx")
    parser.add_argument("--leave-out", default="", help="Sources, with commas between them.")
    args = parser.parse_args()
    recipe = read_recipe(_HERE / "recipe.toml").model_copy(update={"leave_out": args.leave_out})
    settings = recipe.settings
    clips = bank(args.data, settings["copies"], int(settings["made_with_seed"]))
    model = onnx.load(str(args.weights))
    put(fitted(clips, recipe), model)
    save_onnx(model, args.out)
    print(f"{args.out}: fitted on {len(clips.entries)} clips")


if __name__ == "__main__":
    main()
