"""FatFormer against the authors' network (Michel-liu/FatFormer febc24c)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from official import filled, noise
from unmask.detectors.image.fatformer.adapter import Adapter
from unmask.detectors.image.fatformer.method import FatFormerMethod
from unmask.detectors.image.fatformer.words import prompts
from unmask.errors import ModelError, SettingError

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
GOLDEN = np.load(HERE / "golden.npz")
TABLE = "clip_model.token_embedding.weight"
WIDE = {
    "adapters": 1,
    "backbone_config": {
        "hidden_size": 128,
        "intermediate_size": 512,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 56,
        "projection_dim": 192,
    },
    "text_config": {
        "hidden_size": 192,
        "intermediate_size": 768,
        "num_hidden_layers": 1,
        "num_attention_heads": 3,
        "projection_dim": 192,
    },
}


def checkpoint() -> dict[str, torch.Tensor]:
    """The table of words is asked through its prefix and suffix alone, which are stored too."""
    made = filled({name: shape for name, shape in NAMES.items() if name != TABLE})
    made["clip_model.visual.transformer.resblocks.1.forgery_aware_adapter.freq_scale"] = (
        torch.tensor([0.5])
    )
    made["clip_model.logit_scale"] = made["logit_scale"] = torch.tensor(2.0)
    return made | {TABLE: torch.zeros(NAMES[TABLE])}


@pytest.fixture(scope="module")
def network() -> Any:
    method = FatFormerMethod(WIDE)
    network = method.network().eval()
    network.load_state_dict(method.convert(checkpoint()))
    return network


def test_made_weights(network: Any) -> None:
    picture = noise((2, 3, 56, 56), 61, 0, 255)
    with torch.no_grad():
        np.testing.assert_allclose(
            network.seen(picture)[:, ::5, ::7], GOLDEN["seen"], atol=1e-4, rtol=1e-4
        )
        real, fake = GOLDEN["classes"].T
        np.testing.assert_allclose(network(picture)["logit"], fake - real, atol=1e-4)


def test_a_checkpoint_with_other_adapters_is_refused() -> None:
    """The published one has three; the program's own default of eight does not fit it."""
    with pytest.raises(ModelError, match="adapters"):
        FatFormerMethod({**WIDE, "adapters": 2}).convert(checkpoint())
    with pytest.raises(SettingError, match="shared"):
        FatFormerMethod({**FatFormerMethod.small, "adapters": 3}).network()
    assert FatFormerMethod().settings.get("adapters", 3) == 3


def test_the_prompts_are_those_of_clips_tokenizer() -> None:
    tokens = prompts(8)
    assert tokens.shape == (2, 77)
    assert tokens[:, 0].tolist() == [49406, 49406]
    assert tokens.argmax(1).tolist() == [11, 11]
    assert tokens[0, 9] != tokens[1, 9]


def test_frequencies_start_shut_and_leave_the_class_token_alone() -> None:
    torch.manual_seed(0)
    adapter = Adapter(32).eval()
    tokens = torch.randn(1, 17, 32)
    with torch.no_grad():
        shut = adapter(tokens)
        adapter.open.fill_(1)
        opened = adapter(tokens)
    assert torch.equal(shut[:, 0], opened[:, 0])
    assert (shut[:, 1:] - opened[:, 1:]).abs().max() > 0.1


def test_frequencies_see_which_patches_are_neighbours() -> None:
    """The path in space treats each patch by itself; the other one sees who stands beside whom."""
    torch.manual_seed(0)
    adapter = Adapter(32).eval()
    tokens = torch.randn(1, 17, 32)
    order = torch.cat([torch.zeros(1, dtype=torch.long), torch.randperm(16) + 1])
    with torch.no_grad():
        torch.testing.assert_close(adapter(tokens)[:, order], adapter(tokens[:, order]))
        adapter.open.fill_(1)
        moved, first = adapter(tokens)[:, order], adapter(tokens[:, order])
    assert (moved - first).abs().mean() > 0.1
