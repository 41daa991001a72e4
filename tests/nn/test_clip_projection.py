"""CLIP's projection of pictures: that of transformers' whole model."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from unmask.errors import ModelError
from unmask.nn import clip_projection
from unmask.nn.clip_projection import begin, projection


def test_it_is_that_of_the_whole_model(monkeypatch: pytest.MonkeyPatch) -> None:
    class Whole(torch.nn.Module):
        def __init__(self, config: Any) -> None:
            super().__init__()
            self.visual_projection = torch.nn.Linear(
                config.vision_config.hidden_size, config.projection_dim, bias=False
            )
            self.logit_scale = torch.nn.Parameter(torch.tensor(4.6))

    made: list[Whole] = []

    def found(kind: str, name: str, config: Any) -> Whole:
        assert kind == "CLIPModel"
        made.append(Whole(config))
        return made[-1]

    monkeypatch.setattr(clip_projection, "transformers_model", found)
    ours = projection(1024, 768)
    assert ours.bias is None
    assert begin(ours) == pytest.approx(4.6)
    assert torch.equal(ours.weight, made[0].visual_projection.weight)


def test_without_weights_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any) -> None:
        raise ModelError("The weights cannot be had.")

    monkeypatch.setattr(clip_projection, "transformers_model", none)
    with pytest.raises(ModelError, match="cannot be had"):
        begin(projection(1024, 768))
