"""Backbones of pictures and clips, against the authors' networks on made weights.

``backbones.npz`` holds what SwinTransformer/Video-Swin-Transformer db018fb, ControlNet/LAV-DF
51b8d91, SCLBD/DeepfakeBench-MM e105943 and SCLBD/DeepfakeBench 8a4a7bf gave.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.errors import ModelError
from unmask.nn.c3d import C3D, FrameResNet
from unmask.nn.efficientnet import REPEATS, efficientnet, timm_names
from unmask.nn.video_swin import VideoSwin, torchvision_names
from unmask.nn.xception import WIDTHS, stages, xception

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "backbones.npz")
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "backbone_names.json.gz").read_bytes())
)


@pytest.mark.parametrize(
    ("clip", "shape"), [("long", (1, 3, 12, 36, 32)), ("short", (2, 3, 4, 24, 24))]
)
@torch.no_grad()
def test_video_swin_is_the_authors(clip: str, shape: tuple[int, ...]) -> None:
    network = VideoSwin(width=16, depths=(2, 2), heads=(2, 4), window=(4, 3, 3)).eval()
    tables = ("relative_position_index",)
    made = filled({n: s for n, s in NAMES["video_swin"].items() if not n.endswith(tables)})
    missing, extra = network.load_state_dict(torchvision_names(made), strict=False)
    assert not extra
    assert all(name.endswith(tables) for name in missing)
    maps = network(noise(shape, 21))
    for number, found in enumerate(maps):
        np.testing.assert_allclose(found, GOLDEN[f"video_swin.{clip}.{number}"], atol=1e-5)
    np.testing.assert_allclose(network.final(maps[-1]), GOLDEN[f"video_swin.{clip}"], atol=1e-5)


@torch.no_grad()
def test_c3d_is_the_authors() -> None:
    network = C3D(widths=(4, 5, 6, 8), features=10).eval()
    network.load_state_dict(filled(NAMES["c3d"]))
    ours = network(noise((2, 3, 5, 96, 96), 22, 0, 1))
    np.testing.assert_allclose(ours, GOLDEN["c3d"], atol=1e-5)


@torch.no_grad()
def test_the_resnet_of_frames_is_the_authors() -> None:
    network = FrameResNet(3, 128).eval()
    network.load_state_dict(filled(NAMES["c3d_resnet"]))
    ours = network(noise((2, 3, 4, 44, 48), 23, 0, 1))
    np.testing.assert_allclose(ours, GOLDEN["c3d_resnet"], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_xception_is_deepfakebenchs() -> None:
    network = xception().eval()
    theirs = filled(NAMES["xception"])
    head = ("last_linear.", "adjust_channel.")
    network.load_state_dict({n: v for n, v in theirs.items() if not n.startswith(head)})
    maps = stages(network, noise((1, 3, 71, 71), 24))
    assert tuple(found.shape[1] for found in maps) == WIDTHS
    np.testing.assert_allclose(maps[3][:, ::16], GOLDEN["xception.entry"], atol=1e-5, rtol=1e-5)
    np.testing.assert_allclose(maps[-1][:, ::16], GOLDEN["xception"], atol=1e-5, rtol=1e-5)


def test_xception_of_six_channels_and_two_classes() -> None:
    with torch.device("meta"):
        network = xception(channels=6, classes=2, bare=False)
    assert network.conv1.weight.shape[1] == 6
    assert network.fc.weight.shape == (2, 2048)


@torch.no_grad()
def test_a_thin_xception_has_the_same_layers_and_an_eighth_of_the_channels() -> None:
    thin = xception(classes=2, bare=False, thin=8).eval()
    with torch.device("meta"):
        whole = xception(classes=2, bare=False)
    assert list(thin.state_dict()) == list(whole.state_dict())
    assert [found.shape[1] for found in stages(thin, noise((1, 3, 71, 71), 24))] == [
        width // 8 for width in WIDTHS
    ]
    assert thin(noise((1, 3, 71, 71), 24)).isfinite().all()
    with pytest.raises(ModelError, match="fewer blocks or channels"):
        xception(pretrained=True, thin=8)


def test_an_efficientnets_rims_are_those_of_its_size() -> None:
    """Among sizes that leave the same rims, the answer is that of timm's own rule."""
    torch.manual_seed(0)
    fixed = efficientnet("test_efficientnet", 64, num_classes=2).eval()
    from unmask.train.backbones import timm_model

    plain = timm_model("test_efficientnet", False, num_classes=2, pad_type="same").eval()
    plain.load_state_dict(fixed.state_dict())
    with torch.no_grad():
        picture = noise((1, 3, 64, 64), 25)
        torch.testing.assert_close(fixed(picture), plain(picture), atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", sorted(REPEATS))
def test_names_of_every_block_fit_timms(size: int) -> None:
    """Counted with the layers that efficientnet_pytorch gives each block."""
    from unmask.train.backbones import timm_model

    with torch.device("meta"):
        ours = timm_model(f"tf_efficientnet_b{size}", False).state_dict()
    theirs = [f"{n}.{w}" for n in ("_conv_stem", "_conv_head") for w in ("weight",)]
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    theirs += [f"{n}.{w}" for n in ("_bn0", "_bn1") for w in norm] + ["_fc.weight", "_fc.bias"]
    for block in range(sum(REPEATS[size])):
        expands = block >= REPEATS[size][0]
        convs = ["_depthwise_conv", "_project_conv", *(["_expand_conv"] if expands else [])]
        bns = ["_bn1", "_bn2", *(["_bn0"] if expands else [])]
        theirs += [f"_blocks.{block}.{n}.weight" for n in convs]
        theirs += [f"_blocks.{block}.{n}.{w}" for n in bns for w in norm]
        theirs += [
            f"_blocks.{block}.{n}.{w}"
            for n in ("_se_reduce", "_se_expand")
            for w in ("weight", "bias")
        ]
    assert set(timm_names(dict.fromkeys(theirs, torch.ones(())), size)) == set(ours)
