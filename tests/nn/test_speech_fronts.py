"""Speech encoders, against WavLM's authors on made weights (``wavlm.npz``: microsoft/unilm's
WavLM as bshall/knn-vc 848302a keeps it). fairseq's XLS-R is compared where AASIST is.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.errors import ModelError, UnknownName
from unmask.nn.speech import ENCODERS, TINY, SpeechFront, WeightedSum, speech_encoder
from unmask.nn.speech_names import transformers_names

HERE = Path(__file__).parent
GOLDEN = np.load(HERE / "wavlm.npz")
NAMES: dict[str, dict[str, list[int]]] = json.loads((HERE / "wavlm_names.json").read_text())
SOUND = noise((2, 4000), 31, -0.5, 0.5)


@pytest.mark.parametrize(("size", "name"), [("base", "wavlm-base-plus"), ("large", "wavlm-large")])
@torch.no_grad()
def test_wavlm_is_the_authors_in_every_layer(size: str, name: str) -> None:
    front = SpeechFront(name, changed=TINY).eval()
    front.encoder.load_state_dict(transformers_names(filled(NAMES[size])))
    layers = front(SOUND)
    assert layers.shape == (2, front.layers, 50, front.width)
    for number in range(front.layers - (size == "large")):
        np.testing.assert_allclose(layers[:, number], GOLDEN[f"{size}.{number}"], atol=1e-5)
    # In the large ones the last layer is normed, as both programs give it out.
    np.testing.assert_allclose(layers[:, -1], GOLDEN[f"{size}.last"], atol=1e-5)


def test_sound_goes_in_as_it_is() -> None:
    """The encoder's own preparation would make loud and soft the same."""
    torch.manual_seed(0)
    front = SpeechFront("xls-r-300m", changed={**TINY, "conv_dim": (8, 8, 8)}).eval()
    with torch.no_grad():
        conv = front.encoder.feature_extractor.conv_layers[0].conv
        loud, soft = conv(SOUND[:, None]), conv(0.5 * SOUND[:, None])
        torch.testing.assert_close(
            loud - conv.bias[:, None], 2 * (soft - conv.bias[:, None]), atol=1e-5, rtol=0
        )


@torch.no_grad()
def test_attention_without_a_mask_is_that_of_transformers() -> None:
    torch.manual_seed(0)
    front = SpeechFront("xls-r-300m", changed=TINY).eval()
    ours = front(SOUND)
    front.encoder.set_attn_implementation("eager")
    torch.testing.assert_close(ours, front(SOUND), atol=1e-5, rtol=0)
    assert torch.equal(front.last(SOUND), front(SOUND)[:, -1])


def test_a_frozen_front_has_no_gradient_and_a_free_one_has() -> None:
    for frozen in (True, False):
        front = SpeechFront("wavlm-base", changed=TINY, frozen=frozen).train()
        mixed = WeightedSum(front.layers)
        mixed(front(SOUND)).square().mean().backward()
        assert front.encoder.training != frozen
        assert mixed.weights.grad is not None
        grads = [p.grad is not None for p in front.parameters()]
        assert any(grads) != frozen


def test_the_sum_weighs_layers() -> None:
    layers = noise((2, 3, 4, 5), 1)
    mixed = WeightedSum(3)
    torch.testing.assert_close(mixed(layers), layers.mean(1), atol=1e-5, rtol=0)
    with torch.no_grad():
        mixed.weights.copy_(torch.tensor([1.0, 2.0, 4.0]).log())
    wanted = (layers * torch.tensor([1, 2, 4])[:, None, None]).sum(1) / 7
    torch.testing.assert_close(mixed(layers), wanted, atol=1e-5, rtol=0)
    levelled = WeightedSum(1, levelled=True)(layers[:, :1])
    assert levelled.mean(-1).abs().max() < 1e-5
    torch.testing.assert_close(levelled.var(-1, correction=0), torch.ones(2, 4), atol=1e-3, rtol=0)


def test_encoders_that_are_not_there() -> None:
    with pytest.raises(UnknownName, match="hubert"):
        speech_encoder("hubert")
    with pytest.raises(ModelError, match="changed backbone_config"):
        speech_encoder("wavlm-large", pretrained=True, changed=TINY)
    assert {one.kind for one in ENCODERS.values()} == {"Wav2Vec2", "WavLM"}
