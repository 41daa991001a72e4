"""A backbone comes with its published weights or not at all."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch

from unmask.errors import MissingExtra, ModelError
from unmask.train.backbones import timm_model

timm = pytest.importorskip("timm")
SMALL = "test_efficientnet"


def test_options_reach_the_network() -> None:
    network = timm_model(SMALL, pretrained=False, num_classes=3)
    with torch.no_grad():
        assert network.eval()(torch.zeros(1, 3, 32, 32)).shape == (1, 3)


def test_without_weights_there_is_no_random_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise OSError("no route\nto the hub")

    monkeypatch.setattr(timm, "create_model", unreachable)
    with pytest.raises(ModelError, match="cannot be had: no route Fetch") as caught:
        timm_model(SMALL, pretrained=True)
    assert "\n" not in str(caught.value)


def test_without_timm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtra, match=r"unmask\[train\]"):
        timm_model(SMALL, pretrained=False)
