"""BA-TFD+ against the authors' network, loss and soft-NMS (ControlNet/LAV-DF 51b8d91)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.audiovisual.ba_tfd_plus import boundary
from unmask.detectors.audiovisual.ba_tfd_plus.convert import renamed
from unmask.detectors.audiovisual.ba_tfd_plus.loss import contrast_loss, overlap_map, total_loss
from unmask.detectors.audiovisual.ba_tfd_plus.method import WEIGHTS, BaTfdPlusMethod
from unmask.detectors.audiovisual.ba_tfd_plus.proposals import proposals
from unmask.detectors.audiovisual.ba_tfd_plus.sound import WINDOW, LogMel, mel_filters
from unmask.errors import ModelError
from unmask.train.method import fitted

HERE = Path(__file__).parent
NAMES: dict[str, dict[str, list[int]]] = json.loads(
    gzip.decompress((HERE / "names.json.gz").read_bytes())
)["shapes"]
GOLDEN = np.load(HERE / "golden.npz")
NARROW: dict[str, Any] = {
    "backbone_config": {
        **BaTfdPlusMethod.small["backbone_config"],
        "depths": (1, 1, 1, 1),
        "heads": (1, 1, 2, 2),
        "widths": (8, 16, 24, 32),
        "patch": 12,
        "sound_layers": 2,
    }
}
SEGMENTS = torch.tensor([[[-1.0, -1.0], [-1.0, -1.0]], [[0.1, 0.3], [0.36, 0.44]]])


def off(ours: torch.Tensor, theirs: Any) -> float:
    gap = np.abs(ours.detach().numpy() - theirs)
    return float((gap / np.maximum(1, np.abs(theirs))).max())


class Given(torch.nn.Module):
    """A spectrogram instead of sound."""

    def forward(self, spectrum: torch.Tensor) -> torch.Tensor:
        return spectrum


@pytest.fixture(scope="module")
def outputs() -> dict[str, torch.Tensor]:
    method = BaTfdPlusMethod(NARROW)
    network = method.network().eval()
    network.load_state_dict(method.convert(filled(NAMES["small"])))
    network.hear.spectrum = Given()
    video = noise((2, 16, 3, 96, 96), seed=6, low=0, high=255)
    video[1, 12:] = 0
    with torch.no_grad():
        return dict(network(video, noise((2, 64, 64), seed=7, low=-4, high=2)))


def test_made_weights(outputs: dict[str, torch.Tensor]) -> None:
    assert off(outputs["video_features"], GOLDEN["v_feat"]) < 1e-4
    assert off(outputs["sound_features"], GOLDEN["a_feat"]) < 1e-4
    assert off(outputs["video_frames"], GOLDEN["v_frames"][:, 0]) < 1e-4
    assert off(outputs["sound_frames"], GOLDEN["a_frames"][:, 0]) < 1e-4
    kinds = (("fused_maps", "f"), ("video_maps", "v"), ("sound_maps", "a"))
    for ours, theirs in kinds:
        for i, kind in enumerate(("p", "c", "pc")):
            assert off(outputs[ours][:, i], GOLDEN[f"{theirs}_{kind}"]) < 1e-4
    mean = (GOLDEN["f_p"] + GOLDEN["f_c"] + GOLDEN["f_pc"]) / 3
    assert off(outputs["map"], mean) < 1e-4
    assert outputs["frames"].tolist() == [16, 12]
    rows, columns = np.mgrid[:6, :16]
    best = mean[1][rows + 1 + columns <= 12].max()
    assert off(outputs["logit"][1], np.log(best / (1 - best))) < 1e-4


def test_loss(outputs: dict[str, torch.Tensor]) -> None:
    target = overlap_map(SEGMENTS, outputs["frames"], 6, 16)
    assert off(target, GOLDEN["bm"]) < 1e-5
    # The golden run says: picture forged, sound not.
    changed, label = torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.tensor([0.0, 1.0])
    loss, parts = total_loss(outputs, SEGMENTS, changed, label, WEIGHTS)
    assert off(loss, GOLDEN["loss_loss"]) < 1e-4
    names = {
        "fused": "fusion_bm_loss",
        "video_maps": "v_bm_loss",
        "sound_maps": "a_bm_loss",
        "video_frames": "v_frame_loss",
        "sound_frames": "a_frame_loss",
        "contrast": "contrast_loss",
    }
    for ours, theirs in names.items():
        assert parts[ours] == pytest.approx(float(GOLDEN[f"loss_{theirs}"]), abs=1e-4)


def test_contrast() -> None:
    """By hand: a real pair 2 apart costs 4, a forged one .5 apart costs .49²; over 1 · 3 cells."""
    video = torch.zeros(2, 1, 3)
    sound = torch.tensor([[[2.0, 0.0, 9.0]], [[0.5, 0.0, 9.0]]])  # the last frame is padding
    loss = contrast_loss(video, sound, torch.tensor([0.0, 1.0]), torch.tensor([2, 2]))
    assert loss.item() == pytest.approx((4 + 0.49**2) / 2 / 3, abs=1e-5)


def test_the_whole_network_has_the_authors_names_and_shapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing = (torch.zeros(1, dtype=torch.int64),) * 4
    monkeypatch.setattr(boundary, "sampling", lambda *_: nothing)
    with torch.device("meta"):
        theirs = {name: torch.empty(shape) for name, shape in NAMES["whole"].items()}
        network = BaTfdPlusMethod().network()
        assert set(fitted(network, renamed(theirs), "it")) == set(network.state_dict())


def test_spectrogram() -> None:
    from transformers.audio_utils import mel_filter_bank

    theirs = mel_filter_bank(161, 64, 0.0, 8000.0, 16000, norm=None, mel_scale="htk")
    assert off(mel_filters(), theirs.T) < 1e-5
    sound = noise((2, 6400), seed=8)
    power = (
        torch.stft(sound, WINDOW, 160, window=torch.hann_window(WINDOW), return_complex=True)
        .abs()
        .square()
    )
    spectrum = LogMel()(sound)
    assert spectrum.shape == (2, 64, 40)
    assert off(spectrum, (mel_filters() @ power + 0.01).log().numpy()) < 1e-3


def test_soft_nms() -> None:
    found = proposals(GOLDEN["nms_map"], 14)
    score, start, end = GOLDEN["nms"]
    order = np.argsort(-score, kind="stable")
    np.testing.assert_allclose([one.score for one in found], score[order], atol=1e-9)
    np.testing.assert_allclose([one.start for one in found], start[order], atol=1e-9)
    np.testing.assert_allclose([one.end for one in found], end[order], atol=1e-9)


def test_pretrained_is_refused() -> None:
    with pytest.raises(ModelError, match="random"):
        BaTfdPlusMethod(BaTfdPlusMethod.small).network(pretrained=True)
