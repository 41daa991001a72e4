"""Image classifiers of timm: a checkpoint and the name of its architecture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from unmask.adding.head import Head
from unmask.adding.preprocessing import timm_look
from unmask.adding.safety import plain
from unmask.adding.sources import Source
from unmask.adding.transformers_head import tensors
from unmask.errors import ModelError, SettingError


def timm_head(source: Source, architecture: str, labels: tuple[str, ...]) -> Head:
    """The classifier of a checked copy. Raises ModelError; SettingError when labels are unknown."""
    import timm
    from timm.data import create_transform, resolve_data_config

    name = architecture or str(source.configuration.get("architecture", ""))
    if not timm.is_model(name.split(".")[0]) or ":" in name:
        raise ModelError(f"timm {timm.__version__} has no architecture {plain(name, 80)!r}.")
    state = {key.removeprefix("module."): value for key, value in tensors(source).items()}
    network, count = _network(name, state, source)
    labels = labels or tuple(plain(str(n), 80) for n in source.configuration.get("label_names", ()))
    if len(labels) != count:
        raise SettingError(
            f"{source.given} gives {count} outputs and {len(labels)} labels are known. Name them "
            "in their order: --labels real,fake (one output: what its high values mean)."
        )
    told = source.configuration.get("pretrained_cfg")
    given = resolve_data_config(model=network, pretrained_cfg=told if told else None)
    look = timm_look(given)
    change = create_transform(**given, is_training=False)

    def seen(pixels: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(change(Image.fromarray(pixels)).numpy())

    return Head("image", name, labels, "logits", network, look.normal, seen, look)


def _network(name: str, state: dict[str, Any], source: Source) -> tuple[nn.Module, int]:
    import timm
    import torch

    try:
        with torch.device("meta"):
            last = timm.create_model(name, pretrained=False).pretrained_cfg.get("classifier")
        count = int(state[f"{last}.weight"].shape[0])
        network: nn.Module = timm.create_model(name, pretrained=False, num_classes=count)
        network.load_state_dict(state)
    except (KeyError, RuntimeError, TypeError) as error:
        text = plain(str(error))
        raise ModelError(f"{source.given} does not fit timm's {name}: {text}") from error
    return network.float().eval(), count
