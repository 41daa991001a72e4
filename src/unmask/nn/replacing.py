"""Putting other layers in the place of some linear layers of a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import nn

from unmask.errors import ModelError


def replace_linears(
    network: nn.Module, endings: Sequence[str], make: Callable[[nn.Linear], nn.Module]
) -> list[str]:
    """Replace every linear layer whose name ends as one of ``endings``; give their full names.

    An ending is whole parts of a name: ``v_proj`` or ``self_attn.v_proj``. Raises ModelError when
    nothing has such a name.
    """
    chosen = [
        name
        for name, part in network.named_modules()
        if isinstance(part, nn.Linear)
        and any(name == end or name.endswith(f".{end}") for end in endings)
    ]
    if not chosen:
        linear = {n.rpartition(".")[2] for n, p in network.named_modules() if type(p) is nn.Linear}
        raise ModelError(
            f"No linear layer is called {', '.join(endings)}; "
            f"there are: {', '.join(sorted(linear))}."
        )
    for name in chosen:
        where, _, last = name.rpartition(".")
        plain = network.get_submodule(name)
        assert isinstance(plain, nn.Linear)
        setattr(network.get_submodule(where), last, make(plain))
    return chosen
