"""GenConViT against the authors' network (erprogs/GenConViT 077e79b), ConvNeXt in a narrow form."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.genconvit.method import GenConViTMethod
from unmask.detectors.image.genconvit.model import GenConViT
from unmask.errors import ModelError

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "golden.npz")
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
SEEN = noise((3, 3, 64, 96), 8, -2, 2)


def narrow() -> GenConViTMethod:
    return GenConViTMethod(GenConViTMethod.small)


@torch.no_grad()
def test_the_network_is_the_authors() -> None:
    method = narrow()
    network = cast(GenConViT, method.network().eval())
    network.load_state_dict(method.convert(filled(NAMES, 1.6)))
    np.testing.assert_allclose(network.drawn(SEEN)[:, :, ::8, ::8], GOLDEN["drawn"], atol=1e-4)
    given = network(SEEN * network.pixels.spread + network.pixels.mean)["logit"]
    fake, real = GOLDEN["classes"].T
    np.testing.assert_allclose(given, fake - real, rtol=1e-4, atol=1e-4)


def test_the_transformer_that_nobody_asks_is_not_read() -> None:
    weights = filled(NAMES, 1.6)
    idle = [name for name in weights if name.startswith(("embedder.", "backbone.patch_embed."))]
    assert len(idle) > 100
    without = narrow().convert({n: v for n, v in weights.items() if n not in idle})
    assert set(without) == set(narrow().convert(weights))


def test_the_autoencoder_learns_from_the_judgement_alone() -> None:
    """With all else held still it draws so that two kinds of faces are told apart."""
    method = narrow()
    network = cast(GenConViT, method.network().eval())
    network.load_state_dict(method.convert(filled(NAMES, 1.6)))
    network.requires_grad_(False)
    drawing = [*network.encoder.parameters(), *network.decoder.parameters()]
    for value in drawing:
        value.requires_grad_(True)
    label = (torch.arange(8) % 2).float()
    stripes = (torch.arange(64) % 8 < 4).float() * 120
    batch = {"face": noise((8, 3, 64, 64), 1, 0, 100) + label[:, None, None, None] * stripes}
    batch["label"] = label
    rule = torch.optim.Adam(drawing, lr=3e-3)
    losses = []
    for _ in range(40):
        loss, _ = method.loss(network, batch)
        rule.zero_grad()
        loss.backward()
        rule.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_another_networks_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match="does not fit GenConViT"):
        GenConViTMethod().convert(filled(NAMES))
