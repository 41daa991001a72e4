"""The authors' checkpoint under our names: fairseq's for the encoder, AASIST's for the rest."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.nn.speech_names import transformers_names
from unmask.nn.stacked_names import graph_names

_SSL = "ssl_model.model."


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the authors' file under our names; a name that is not known stays as it is."""
    checkpoint = {name.removeprefix("module."): value for name, value in checkpoint.items()}
    encoder = {n.removeprefix(_SSL): v for n, v in checkpoint.items() if n.startswith(_SSL)}
    rest = {n: v for n, v in checkpoint.items() if not n.startswith(_SSL)}
    front = {f"front.{name}": value for name, value in transformers_names(encoder).items()}
    return graph_names(rest) | front
