"""Two made people who move differently to one voice; what stands still is no movement."""

from __future__ import annotations

import pytest
import torch

from official import noise
from unmask.detectors.audiovisual.expose_anyone.method import ExposeAnyoneMethod
from unmask.detectors.audiovisual.expose_anyone.model import ExposeAnyone, Movement, Shape, noised

SMALL = Shape(frames=12, curves=4, width=32, heads=2, layers=2)


def clips(person: int, seed: int, count: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """A voice, and curves that follow it in the way of a person, with some chance."""
    rng = torch.Generator().manual_seed(seed)
    voice = torch.randn(count, SMALL.frames, 13, generator=rng)
    way = (
        torch.randn(13, SMALL.curves, generator=torch.Generator().manual_seed(77 + person))
        / 13**0.5
    )
    curves = voice @ way + 0.3 * torch.randn(count, SMALL.frames, SMALL.curves, generator=rng)
    return curves, voice


def learn(model: ExposeAnyone, people: list[int], steps: int, rate: float) -> None:
    moving = torch.optim.Adam([v for v in model.parameters() if v.requires_grad], rate)
    for step in range(steps):
        curves, voice = clips(people[step % len(people)], step)
        mixed, level = torch.randn_like(curves), torch.rand(len(curves))
        found = model.denoise(noised(curves, mixed, level), voice, level, model.personal)
        loss = (found - mixed).square().mean()
        moving.zero_grad()
        loss.backward()
        moving.step()


def test_a_person_is_nearer_to_their_own_way_of_moving() -> None:
    torch.manual_seed(0)
    general = ExposeAnyone(SMALL, personal=False)
    learn(general, [0, 1], 200, 5e-3)
    personal = ExposeAnyone(SMALL, personal=True)
    personal.load_state_dict(general.state_dict())
    with torch.no_grad():
        before = personal.eval().judged(*clips(0, 999))["logit"]
    assert before.abs().max() < 1e-5
    learn(personal.train(), [0], 80, 5e-2)
    with torch.no_grad():
        own, other = (personal.eval().judged(*clips(who, 1000 + who))["logit"] for who in (0, 1))
    ranked = (other[:, None] > own).float().mean()
    assert ranked > 0.85
    for name, value in personal.state_dict().items():
        assert torch.equal(value, general.state_dict()[name]) == (name != "denoise.person")


@torch.no_grad()
def test_what_stands_still_is_no_movement() -> None:
    front = Movement(6)
    face = noise((1, 1, 3, 32, 32), 1, 0, 255)
    still = face.expand(1, 5, -1, -1, -1)
    assert front(still).abs().max() < 1e-2
    moving = torch.cat([face, face.roll(4, -1), face.roll(8, -1)], dim=1)
    given = front(moving)
    assert given.square().mean().item() == pytest.approx(1, abs=0.01)
    darker = front(0.5 * moving)
    torch.testing.assert_close(given, darker, atol=1e-2, rtol=1e-2)


def test_forged_videos_are_not_learnt_from() -> None:
    method = ExposeAnyoneMethod(ExposeAnyoneMethod.small)
    network = method.network()
    batch = method.example()
    torch.manual_seed(1)
    one = method.loss(network, batch)[0]
    batch["video"][1] = noise(batch["video"][1].shape, 9, 0, 255)
    torch.manual_seed(1)
    assert torch.equal(one, method.loss(network, batch)[0])


def test_which_part_learns() -> None:
    for variant, own in (("general", False), ("personal", True)):
        network = ExposeAnyoneMethod({**ExposeAnyoneMethod.small, "variant": variant}).network()
        for name, value in network.named_parameters():
            assert value.requires_grad == ((name == "denoise.person") == own)


def test_noise_keeps_the_size() -> None:
    curves, mixed = noise((3, 4, 2), 1), noise((3, 4, 2), 2)
    level = torch.tensor([0.0, 0.5, 1.0])
    given = noised(curves, mixed, level)
    torch.testing.assert_close(given[0], curves[0])
    torch.testing.assert_close(given[2], mixed[2], atol=1e-6, rtol=0)
    torch.testing.assert_close(given[1], (curves[1] + mixed[1]) * 0.5**0.5)
