"""Re-synthesis: the same content and size, with the traces of an up-sampling."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from unmask.forge.resynth import (
    HELD_OUT,
    PLANS,
    Autoencoder,
    Generators,
    Plan,
    load_or_train,
    softened,
    train_autoencoder,
)
from unmask.types import Pixels


def photo(seed: int, height: int, width: int) -> Pixels:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(20, 235, (9, 9, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + rng.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)


def crops(rng: np.random.Generator, count: int, side: int) -> list[Pixels]:
    return [photo(int(rng.integers(1000)), side, side) for _ in range(count)]


@pytest.mark.parametrize("plan", [*PLANS, *HELD_OUT], ids=lambda plan: plan.name)
@pytest.mark.parametrize("size", [(64, 64), (50, 83)])
def test_any_plan_keeps_the_size(plan: Plan, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    made = Generators({plan.name: Autoencoder(plan).eval()})
    pixels = photo(1, *size)
    again = made(pixels, plan.name)
    assert again.shape == pixels.shape
    assert again.dtype == np.uint8


def test_plans_of_training_and_of_evaluation_do_not_mix() -> None:
    assert not {plan.name for plan in PLANS} & {plan.name for plan in HELD_OUT}
    assert len({plan.up for plan in PLANS}) == 4


def test_low_frequencies_stay_and_detail_comes_back() -> None:
    torch.manual_seed(0)
    made = Generators({"x": Autoencoder(PLANS[0]).eval()})
    pixels = photo(3, 96, 96)
    rough, fine = made(pixels, "x"), made(pixels, "x", detail=0.9)
    low = [cv2.GaussianBlur(p, (0, 0), 8).astype(float) for p in (pixels, rough)]
    assert np.abs(low[0] - low[1])[12:-12, 12:-12].mean() < 3
    assert np.abs(fine.astype(float) - pixels).mean() < np.abs(rough.astype(float) - pixels).mean()


def test_training_brings_the_picture_nearer() -> None:
    torch.set_num_threads(1)
    plan = Plan("tiny", "nearest", 1, 12, width=16, critic=True)
    short, longer = (train_autoencoder(plan, crops, steps, seed=1) for steps in (2, 60))
    real = torch.from_numpy(photo(9, 64, 64)).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        errors = [float((network(real) - real).abs().mean()) for network in (short, longer)]
    assert errors[1] < 0.6 * errors[0]


def test_the_cache_gives_the_same_network_back(tmp_path: Path) -> None:
    plan = Plan("tiny", "shuffle", 1, 4, width=8)
    first = load_or_train([plan], crops, 2, 1, tmp_path, "made")
    assert len(list(tmp_path.glob("tiny-*.pt"))) == 1
    again = load_or_train([plan], crops, 2, 1, tmp_path, "made")
    pixels = photo(4, 64, 64)
    np.testing.assert_array_equal(first(pixels, "tiny"), again(pixels, "tiny"))
    load_or_train([plan], crops, 2, 1, tmp_path, "other photos")
    assert len(list(tmp_path.glob("tiny-*.pt"))) == 2


def test_deep_plans_get_more_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: dict[str, int] = {}

    def train(plan: Plan, crops: object, steps: int, seed: int) -> Autoencoder:
        taken[plan.name] = steps
        return Autoencoder(plan)

    monkeypatch.setattr("unmask.forge.resynth.train_autoencoder", train)
    plans = [Plan("shallow", "nearest", 2, 4, width=8), Plan("deep", "nearest", 3, 4, width=8)]
    load_or_train(plans, crops, 5, 1, tmp_path, "made")
    assert taken == {"shallow": 5, "deep": 15}


def test_a_real_picture_is_softened_to_the_fake_but_never_sharpened() -> None:
    pixels = photo(6, 96, 96)
    soft = cv2.GaussianBlur(pixels, (0, 0), 1.5).astype(np.uint8)

    def strength(p: Pixels) -> float:
        return float(np.abs(np.diff(p.astype(float).mean(2), axis=1)).mean())

    assert strength(softened(pixels, soft)) == pytest.approx(strength(soft), rel=0.15)
    np.testing.assert_array_equal(softened(soft, pixels), soft)
