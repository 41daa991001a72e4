"""A head of torch as the ONNX file of a card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unmask.adding.converting import NAME, OUTPUTS, examples, prepared, same_score
from unmask.adding.head import Head, Scored
from unmask.adding.odds import Odds
from unmask.adding.safety import plain
from unmask.cards.card import Input
from unmask.errors import ModelError
from unmask.train.onnx_model import onnx_model, save_onnx


def export(head: Head, part: Input, odds: Odds, path: Path) -> float:
    """Write the file and compare it with the network; the largest difference of scores.

    Raises ModelError when the network cannot be exported or differs.
    """
    scored = Scored(head, odds).eval()
    items = [prepared(part, item).astype(np.float32) for item in examples(part)][:2]
    example = torch.from_numpy(np.stack(items))
    free = [{0: torch.export.Dim("batch")}]
    try:
        model = onnx_model(scored, [example], [NAME], OUTPUTS, free)
        save_onnx(model, path)
    except Exception as error:  # the exporter raises whatever a network brings about
        text = plain(str(error))
        raise ModelError(f"{head.architecture} cannot be written as ONNX: {text}") from error

    def original(batch: NDArray[Any]) -> NDArray[Any]:
        values = torch.from_numpy(head.normal.apply(batch).astype(np.float32))
        with torch.no_grad():
            return np.asarray(head.network(values).numpy())

    return same_score(path, part, odds, original)
