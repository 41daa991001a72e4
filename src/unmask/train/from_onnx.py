"""An exported network's weights back into the network that it was exported from.

Export folds a batch norm into the convolution before it. Here the convolution takes the folded
weights and the norm is given back: with the statistics of some inputs, scaled and shifted so that
it changes nothing. The network then scores as the file does, and can be trained further.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from unmask.errors import DataError

_FOLDED = "_bias"
"""How the exporter calls the bias that a folded norm leaves, after the weight's own name."""


@torch.no_grad()
def refill(network: nn.Module, onnx: Path, inputs: Iterable[Tensor]) -> dict[str, Tensor]:
    """Give ``network`` the weights of an exported file; the constants that have no name in it.

    ``inputs``: batches from which the norms take their statistics; the first must be like what the
    network was exported with. Raises DataError when the file holds another network.
    """
    found = _tensors(onnx)
    batches = list(inputs)
    follows = _norms(network, batches[0])
    own = network.state_dict()
    folded = []
    for name, module in network.named_modules():
        if not isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d):
            continue
        if f"{name}.weight{_FOLDED}" in found and name in follows:
            norm = follows[name]
            bias = found.pop(f"{name}.weight{_FOLDED}")
            if norm.bias.shape != bias.shape:
                raise DataError(f"{onnx} holds another network: {name} has another shape.")
            _plain(norm, bias)
            folded.append(norm)
        for part in ("weight", "bias", "running_mean", "running_var"):
            key = f"{name}.{part}"
            if key in own and key in found:
                if own[key].shape != found[key].shape:
                    raise DataError(f"{onnx} holds another network: {key} has another shape.")
                own[key].copy_(found.pop(key))
            elif key in own and not any(module is norm for norm in folded):
                raise DataError(f"{onnx} holds another network: it has no {key}.")
    _measured(network, folded, batches)
    return found


def _tensors(onnx: Path) -> dict[str, Tensor]:
    import onnx as onnx_

    if not onnx.is_file():
        raise DataError(f"There are no weights at {onnx}.")
    graph = onnx_.load(str(onnx)).graph
    return {
        one.name: torch.from_numpy(onnx_.numpy_helper.to_array(one).copy())
        for one in graph.initializer
    }


def _norms(network: nn.Module, example: Tensor) -> dict[str, nn.BatchNorm2d]:
    """The norm that follows each convolution, by the convolution's name."""
    called: list[tuple[str, nn.Module]] = []
    hooks = [
        module.register_forward_hook(lambda m, _, __, name=name: called.append((name, m)))
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d)
    ]
    network.eval()
    network(example)
    for hook in hooks:
        hook.remove()
    return {
        name: after
        for (name, before), (_, after) in pairwise(called)
        if isinstance(before, nn.Conv2d) and isinstance(after, nn.BatchNorm2d)
    }


def _plain(norm: nn.BatchNorm2d, bias: Tensor) -> None:
    """A norm that only adds ``bias``."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.zero_()
    norm.running_var.fill_(1)
    norm.weight.fill_((1 + norm.eps) ** 0.5)
    norm.bias.copy_(bias)


def _measured(network: nn.Module, norms: list[nn.BatchNorm2d], batches: Iterable[Tensor]) -> None:
    """Give plain norms the statistics of what comes to them, and let them still only add."""
    sums: dict[int, list[Tensor]] = {}

    def note(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        values = given[0].double()
        some = [values.sum((0, 2, 3)), (values**2).sum((0, 2, 3))]
        count = torch.tensor(float(values.numel() / values.shape[1]))
        old = sums.get(id(module))
        new = [*some, count]
        sums[id(module)] = new if old is None else [a + b for a, b in zip(old, new, strict=True)]

    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    for batch in batches:
        network(batch)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        total, squares, count = sums[id(norm)]
        mean = total / count
        spread = (squares / count - mean**2).clamp(min=1e-6)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(spread)
        norm.weight.copy_((spread + norm.eps).sqrt())
        norm.bias.add_(mean.to(norm.bias.dtype))
