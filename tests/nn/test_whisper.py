"""Whisper's encoder and what it hears against transformers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from official import noise
from unmask.detectors.audio.wavlm_backends.method import WavLmBackendsMethod
from unmask.nn.whisper import BLOCKS, HEADS, MELS, WIDTH, Encoder, WhisperFront

transformers = pytest.importorskip("transformers")
FRAMES = 40


def test_it_hears_what_whisper_hears() -> None:
    sound = noise((1, 2 * 160 * FRAMES), 3, -0.5, 0.5)
    theirs = transformers.WhisperFeatureExtractor()(
        sound[0].numpy(), sampling_rate=16000, padding=False, return_tensors="pt"
    )
    ours = WhisperFront(sound.shape[1]).log_mel(sound)
    torch.testing.assert_close(ours, theirs.input_features, atol=1e-5, rtol=0)


@torch.no_grad()
def test_layers_are_those_of_transformers() -> None:
    config = transformers.WhisperConfig(
        d_model=WIDTH, encoder_layers=BLOCKS, encoder_attention_heads=HEADS,
        encoder_ffn_dim=4 * WIDTH, num_mel_bins=MELS, max_source_positions=FRAMES,
    )  # fmt: skip
    torch.manual_seed(0)
    theirs = transformers.models.whisper.modeling_whisper.WhisperEncoder(config).eval()
    ours = Encoder(FRAMES).eval()
    state = {n: v for n, v in theirs.state_dict().items() if n.startswith("conv")}
    state["positions"] = theirs.embed_positions.weight
    for i, block in enumerate(theirs.layers):
        attention = block.self_attn
        parts = (attention.q_proj, attention.k_proj, attention.v_proj)
        named = {
            "norm1": block.self_attn_layer_norm, "out": attention.out_proj,
            "norm2": block.final_layer_norm, "up": block.fc1, "down": block.fc2,
        }  # fmt: skip
        biases = [torch.zeros(WIDTH) if p.bias is None else p.bias for p in parts]
        state[f"blocks.{i}.qkv.weight"] = torch.cat([p.weight for p in parts])
        state[f"blocks.{i}.qkv.bias"] = torch.cat(biases)
        for name, part in named.items():
            state[f"blocks.{i}.{name}.weight"] = part.weight
            state[f"blocks.{i}.{name}.bias"] = part.bias
    ours.load_state_dict(state)
    mel = noise((2, MELS, 2 * FRAMES), 5, -1, 1)
    seen = theirs(mel, output_hidden_states=True).hidden_states
    # Their last one is normed.
    np.testing.assert_allclose(ours(mel)[:, 0], seen[0], atol=1e-5)
    np.testing.assert_allclose(ours(mel)[:, 1], seen[1], atol=1e-5)
    np.testing.assert_allclose(theirs.layer_norm(ours(mel)[:, 2]), seen[2], atol=1e-4)


def test_a_back_end_stands_on_it_and_learns_alone() -> None:
    method = WavLmBackendsMethod({"encoder": "whisper-tiny.en", "length": 6400})
    network = method.network().train()
    loss, _ = method.loss(network, method.example())
    loss.backward()
    learns = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None}
    assert learns == {"backend", "classify"}
    assert network(torch.zeros(1, 6400))["features"].shape == (1, 256)
