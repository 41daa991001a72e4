"""CIFAKE's network: what it learns, and a Keras file under our names."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from official import noise
from unmask.detectors.image.cifake_cnn.convert import from_keras
from unmask.detectors.image.cifake_cnn.method import CifakeMethod


def textures(number: int, seed: int) -> tuple[Tensor, Tensor]:
    """Grain of one kind; every second picture was made at 64 pixels and shrunk."""
    rng = torch.Generator().manual_seed(seed)
    label = (torch.arange(number) % 2).float()
    pictures = []
    for one in label:
        side = 64 if one else 32
        grain = torch.rand((1, 3, side, side), generator=rng)
        if one:
            grain = F.interpolate(grain, size=(32, 32), mode="bilinear", antialias=True)
        pictures.append((grain - grain.mean()) / grain.std() * 40 + 128)  # of one spread
    return torch.cat(pictures), label


def test_it_learns_how_a_picture_was_shrunk() -> None:
    """A filter that shrinks ties neighbours to each other, and that is enough."""
    torch.manual_seed(0)
    method = CifakeMethod()
    network = method.network()
    picture, label = textures(256, 1)
    moved = torch.optim.Adam(network.parameters(), 2e-3)
    for _ in range(12):
        for part in torch.arange(256).split(32):
            moved.zero_grad()
            batch = {"picture": picture[part], "label": label[part]}
            method.loss(network, batch)[0].backward()
            moved.step()
    unseen, truth = textures(200, 2)
    with torch.no_grad():
        right = ((network(unseen)["logit"] > 0) == (truth > 0.5)).float().mean()
    assert right > 0.9


def test_a_keras_file_gives_the_same_numbers() -> None:
    """Keras keeps channels last everywhere; computed here by hand from its kernels."""
    shapes = {
        "conv2d": (3, 3, 3, 32),
        "conv2d_1": (3, 3, 32, 32),
        "dense": (1152, 64),
        "dense_1": (64, 1),
    }
    keras = {f"{name}.kernel": noise(shape, 1) * 0.1 for name, shape in shapes.items()}
    keras |= {f"{name}.bias": noise(shape[-1:], 2) * 0.1 for name, shape in shapes.items()}
    method = CifakeMethod()
    network = method.network().eval()
    network.load_state_dict(method.convert(keras))
    picture = noise((2, 3, 32, 32), 3, 0, 255)
    x = (picture / 255).permute(0, 2, 3, 1)
    for name in ("conv2d", "conv2d_1"):
        patches = x.unfold(1, 3, 1).unfold(2, 3, 1)  # (B, H, W, C, 3, 3)
        kernel, bias = keras[f"{name}.kernel"], keras[f"{name}.bias"]
        x = (torch.einsum("bhwcij,ijco->bhwo", patches, kernel) + bias).relu()
        side = x.shape[1] // 2 * 2
        x = x[:, :side, :side].unflatten(1, (-1, 2)).unflatten(3, (-1, 2)).amax((2, 4))
    hidden = (x.flatten(1) @ keras["dense.kernel"] + keras["dense.bias"]).relu()
    expected = (hidden @ keras["dense_1.kernel"] + keras["dense_1.bias"])[:, 0]
    with torch.no_grad():
        torch.testing.assert_close(network(picture)["logit"], expected, rtol=1e-4, atol=1e-4)
    assert "else.kernel" in from_keras({"else.kernel": torch.zeros(1)})
