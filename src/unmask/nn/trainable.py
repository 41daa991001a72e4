"""Which part of a network trains: one switch for all towers."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from unmask.errors import SettingError

SWITCHES = ("all", "none", "norms", "biases", "last:N")
_NORMS = (nn.LayerNorm, nn.GroupNorm, nn.modules.batchnorm._BatchNorm)


def train_only(network: nn.Module, switch: str) -> int:
    """Freeze everything but what ``switch`` names; give how many numbers train.

    ``all``; ``none``; ``norms``: the scales and shifts of every norm; ``biases``: every bias
    (Ben Zaken et al. 2022, "BitFit"); ``last:N``: the last N blocks. Raises SettingError for
    another word and for more blocks than there are.
    """
    network.requires_grad_(False)
    for parameter in _chosen(network, switch):
        parameter.requires_grad_(True)
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _chosen(network: nn.Module, switch: str) -> Iterable[nn.Parameter]:
    word, _, number = switch.partition(":")
    if word == "all":
        return network.parameters()
    if word == "none":
        return ()
    if word == "norms":
        norms = (part for part in network.modules() if isinstance(part, _NORMS))
        return [parameter for part in norms for parameter in part.parameters()]
    if word == "biases":
        return [p for name, p in network.named_parameters() if name.split(".")[-1] == "bias"]
    if word == "last" and number.isdigit():
        stacks = [p for p in network.modules() if isinstance(p, nn.ModuleList | nn.Sequential)]
        blocks = list(max(stacks, key=len, default=()))
        if not 1 <= int(number) <= len(blocks):
            raise SettingError(f"{switch!r} is asked to train; there are {len(blocks)} blocks.")
        return [p for block in blocks[-int(number) :] for p in block.parameters()]
    raise SettingError(f"{switch!r} is asked to train; allowed: {', '.join(SWITCHES)}.")
