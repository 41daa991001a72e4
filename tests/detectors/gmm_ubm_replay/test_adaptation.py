"""The adaptation as a penalty, against its closed form; replay in a made room."""

from __future__ import annotations

import pytest
import torch

from official import noise
from unmask.detectors.audio.gmm_ubm_replay.method import GmmUbmReplayMethod
from unmask.detectors.audio.gmm_ubm_replay.model import Adapted, GmmUbm, levelled

SMALL = GmmUbmReplayMethod.small


def told(seed: int, count: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise in bursts; every second one was played in a room, whose echoes fill the pauses."""
    sound = noise((count, 8000), seed, -0.3, 0.3)
    sound = sound * (torch.arange(8000) // 1000 % 2 + 0.1)
    label = (torch.arange(count) % 2).float()
    echo = sound.clone()
    for late, share in ((400, 0.7), (700, 0.6), (1100, 0.5)):
        echo[:, late:] += share * sound[:, :-late]
    return torch.where(label[:, None] > 0, echo, sound), label


def test_a_penalty_stands_still_where_the_adaptation_ends() -> None:
    torch.manual_seed(0)
    system, relevance = Adapted("mfcc", 4), 16.0
    sound, label = told(1)
    frames = system.frames(sound)
    system.start(frames, label, relevance, iterations=10)
    # The closed form is one step; repeated, with shares of the adapted means, it comes to rest.
    mixture = system.background
    with torch.no_grad():
        for side in (0, 1):
            own, base = frames[label == side].flatten(0, 1), mixture.means.clone()
            for _ in range(200):
                shares = mixture.parts(own, system.means[side]).softmax(-1)
                counts = shares.sum(0)[:, None]
                system.means[side] = (shares.T @ own + relevance * base) / (counts + relevance)
    pull = relevance / len(frames[label == 0].flatten(0, 1))
    system.losses(frames, label, pull)[1].backward()
    resting = system.means.grad
    assert resting is not None
    assert resting.abs().max() < 1e-4
    with torch.no_grad():
        system.means += 0.05
    system.means.grad = None
    system.losses(frames, label, pull)[1].backward()
    assert system.means.grad is not None
    assert system.means.grad.abs().max() > 1e-3


def test_an_infinite_relevance_keeps_the_background() -> None:
    torch.manual_seed(0)
    system = Adapted("lfcc", 4)
    sound, label = told(1)
    system.start(system.frames(sound), label, float("inf"), iterations=3)
    for means in system.means:
        torch.testing.assert_close(means, system.background.means)
    with torch.no_grad():
        torch.testing.assert_close(system(sound), torch.zeros(len(sound)))


def test_neither_part_moves_the_other() -> None:
    torch.manual_seed(0)
    system = Adapted("mfcc", 4)
    sound, label = told(1)
    background, means = system.losses(system.frames(sound), label, 0.1)
    means.backward(retain_graph=True)
    assert all(value.grad is None for value in system.background.parameters())
    system.means.grad = None
    background.backward()
    assert system.means.grad is None


@pytest.mark.parametrize("variant", ["imfcc", "fused"])
def test_a_room_is_heard_on_new_sounds(variant: str) -> None:
    """The first batch fits it; a regression on top needs some steps."""
    torch.manual_seed(0)
    method = GmmUbmReplayMethod({**SMALL, "variant": variant, "iterations": 8})
    network = method.network().train()
    assert isinstance(network, GmmUbm)
    sound, label = told(1, 24)
    batch = {"sound": sound, "label": label}
    method.loss(network, batch)
    if network.fuse is not None:
        for _ in range(6):
            network.zero_grad()
            method.loss(network, batch)[0].backward()
            with torch.no_grad():
                for value in network.fuse.parameters():
                    assert value.grad is not None
                    value -= value.grad
    sound, label = told(2, 24)
    with torch.no_grad():
        logit = network.eval()(sound)["logit"]
    ranked = (logit[label == 1][:, None] > logit[label == 0]).float().mean()
    assert ranked > 0.7


def test_what_a_whole_sound_has_in_common_goes_out() -> None:
    frames = noise((2, 30, 4), 1)
    torch.testing.assert_close(levelled(3 * frames + 5), levelled(frames), atol=1e-3, rtol=1e-3)
