"""Backbones as timm publishes them: with all their weights, or not at all."""

from __future__ import annotations

from typing import Any

from torch import nn

from unmask.errors import MissingExtra, ModelError


def timm_model(name: str, pretrained: bool, **options: Any) -> nn.Module:
    """The model that timm calls ``name``; ``options`` say how it is built.

    ``pretrained``: with its published weights, from the local cache or from the hub. Raises
    MissingExtra without timm, and ModelError when the weights cannot be had.
    """
    try:
        import timm
    except ImportError:
        raise MissingExtra(f"The backbone {name}", "train") from None
    if not pretrained:
        network: nn.Module = timm.create_model(name, pretrained=False, **options)
        return network
    try:
        network = timm.create_model(name, pretrained=True, **options)
    except (OSError, RuntimeError) as error:
        first = str(error).strip().split("\n", 1)[0]
        raise ModelError(
            f"The weights {name!r} that training starts from cannot be had: {first} Fetch them "
            f"where there is a network (timm.create_model({name!r}, pretrained=True))."
        ) from error
    return network
