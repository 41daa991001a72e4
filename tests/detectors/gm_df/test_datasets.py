"""GM-DF: what it is made of against second ways to compute it, and training over datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.linalg import sqrtm
from torch import Tensor

from official import noise
from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.image.gm_df.experts import DatasetNorm, Experts
from unmask.detectors.image.gm_df.loss import distance, stepped
from unmask.detectors.image.gm_df.model import GmDf, effect
from unmask.errors import DataError, ModelError, SettingError
from unmask.registry import recipes
from unmask.train.method import Method, method_named
from unmask.train.recipe import read_recipe


def made(**settings: Any) -> Method:
    kind = method_named("gm_df")
    return kind({**kind.small, **settings})


def network(method: Method, seed: int = 0) -> GmDf:
    torch.manual_seed(seed)
    return cast(GmDf, method.network().eval())


def test_experts_are_mixed_as_one_token_after_the_other_would_be() -> None:
    torch.manual_seed(0)
    experts = Experts(8, 3, 4, 5)
    tokens = noise((2, 6, 8), 1)
    with torch.no_grad():
        mixed = experts.mixed(tokens)
        token = tokens[1, 4]
        said = torch.stack(
            [up(F.gelu(down(token))) for down, up in zip(experts.down, experts.up, strict=True)]
        )
        answers = [((said @ asking) / 8**0.5).softmax(0) @ said for asking in said]
    torch.testing.assert_close(mixed[1, 4], torch.stack(answers).mean(0))


def test_each_dataset_scales_and_shifts_what_was_normed_its_own_way() -> None:
    torch.manual_seed(0)
    norm = DatasetNorm(8, 3)
    tokens = noise((2, 5, 8), 2)
    nothing, something = torch.zeros(2, 3), torch.ones(2, 3)
    with torch.no_grad():
        torch.testing.assert_close(norm(tokens, nothing), F.layer_norm(tokens, (8,)))
        wanted = F.layer_norm(tokens, (8,)) * (1 + norm.scale.weight.sum(1))
        torch.testing.assert_close(norm(tokens, something), wanted + norm.shift.weight.sum(1))


def test_what_later_attention_carries_is_the_sum_over_heads_and_places() -> None:
    """By hand: places, heads and matrices of the formula, one after the other."""
    attention = network(made()).tower.clip.encoder.layers[1].self_attn
    normed, added = noise((1, 5, 32), 3), noise((1, 5, 32), 4)
    total = torch.zeros(32)
    with torch.no_grad():
        for head in range(2):
            rows = slice(16 * head, 16 * head + 16)
            query = (attention.q_proj(normed[0, 0]))[rows]
            looks = torch.stack([attention.k_proj(one)[rows] @ query for one in normed[0]])
            looks = (looks / 16**0.5).softmax(0)
            matrix = attention.out_proj.weight[:, rows] @ attention.v_proj.weight[rows]
            for look, one in zip(looks, added[0], strict=True):
                total += look * (matrix @ one)
        ours = effect(attention, normed, added)
    torch.testing.assert_close(ours[0], total, atol=1e-5, rtol=1e-4)


def test_the_last_block_is_followed_by_none() -> None:
    with pytest.raises(SettingError, match="blocks 0 to 0"):
        made(late=[1]).network()


def test_the_distance_of_datasets_is_that_of_their_gaussians() -> None:
    one, two = noise((9, 4), 5), noise((7, 4), 6) * 2 + 1
    first, second = np.cov(one.numpy().T), np.cov(two.numpy().T)
    means = float((one.mean(0) - two.mean(0)).square().sum())
    wanted = means + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert float(distance(one, two)) == pytest.approx(float(wanted), rel=1e-3)
    assert float(distance(one, one.flip(0))) == pytest.approx(0, abs=1e-4)


def test_the_step_before_is_of_first_order() -> None:
    """Gradients after the step reach the weights as they would reach those of the step."""
    weight = torch.tensor([1.0, -2.0], requires_grad=True)
    moved = stepped((weight**2).sum(), {"weight": weight}, 0.1)["weight"]
    torch.testing.assert_close(moved.detach(), torch.tensor([0.8, -1.6]))
    (moved**3).sum().backward()
    torch.testing.assert_close(weight.grad, 3 * moved.detach() ** 2)


def test_only_the_experts_step_and_one_dataset_is_judged_after_it() -> None:
    method = made(inner=10.0)
    seen: list[tuple[list[int], Tensor, Tensor]] = []
    net = network(method)

    def look(part: Any, given: tuple[Any, ...], _: Any) -> None:
        seen.append((given[1].tolist(), part.experts[0].share, part.shares))

    net.register_forward_hook(look)
    torch.manual_seed(3)
    method.loss(net, method.example(8))
    (before, share, shares), (judged, moved, same), (rest, _, _) = seen
    assert len(set(judged)) == 1
    assert set(before) == {1, 2} - set(judged)
    assert rest == before
    assert share is net.experts[0].share
    assert not torch.equal(moved, share)
    assert same is shares
    assert torch.equal(net.experts[0].share, torch.tensor(0.1)), "the network itself stays"


def test_a_longer_word_of_a_dataset_makes_its_prompts_blunter() -> None:
    net = network(made())
    face = noise((1, 3, 28, 28), 8, 0, 255)
    with torch.no_grad():
        least = net.prompts.temperatures()[1]
        near = net(face, torch.tensor([1]))["near"][0, 2]
        net.prompts.datasets[1] *= 100
        assert net.prompts.temperatures()[1] > least
        blunt = net(face, torch.tensor([1]))["near"][0, 2]
        ratio = least / net.prompts.temperatures()[1]
    torch.testing.assert_close(blunt, near * ratio, rtol=1e-3, atol=1e-4)


def test_a_dataset_that_is_not_known_has_prompts_and_a_norm_of_its_own() -> None:
    net = network(made())
    face = noise((2, 3, 28, 28), 9, 0, 255)
    with torch.no_grad():
        alone = net(face)["logit"]
        torch.testing.assert_close(net(face, torch.tensor([0, 0]))["logit"], alone)
        assert not torch.allclose(net(face, torch.tensor([1, 1]))["logit"], alone, atol=1e-3)


def test_hidden_patches_are_not_seen_and_are_drawn() -> None:
    net = network(made())
    face, hidden = noise((1, 3, 28, 28), 10, 0, 255), torch.tensor([[True, False, True, False]])
    changed = face.clone()
    changed[:, :, :14, :14] = 255 - changed[:, :, :14, :14]  # the first patch
    known = torch.tensor([1])
    with torch.no_grad():
        drawn = net(face, known, hidden)["drawn"]
        assert drawn.shape == (1, 4, 3 * 14 * 14)
        torch.testing.assert_close(net(changed, known, hidden)["drawn"], drawn)
        shown = torch.tensor([[False, True, True, False]])
        assert not torch.allclose(
            net(changed, known, shown)["drawn"], net(face, known, shown)["drawn"]
        )


def striped(number: int, seed: int) -> dict[str, Tensor]:
    """Half have stripes: the forged ones of one dataset, the real ones of the other."""
    rng = torch.Generator().manual_seed(seed)
    places = torch.arange(number)
    shown, domain = places % 2, 1 + places // 2 % 2
    stripes = 30 * torch.tensor([1.0, -1.0]).repeat(14) * shown[:, None, None, None]
    face = 110 + 12 * torch.randn(number, 3, 28, 28, generator=rng) + stripes
    return {"face": face, "domain": domain, "label": (shown == domain % 2).float()}


def test_what_is_forged_in_one_dataset_may_be_real_in_another() -> None:
    method = made(inner=0.01)
    net = network(method).train()
    optimiser = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 0.01)
    for step in range(80):
        optimiser.zero_grad()
        method.loss(net, striped(16, step))[0].backward()
        optimiser.step()
    batch = striped(64, 999)
    with torch.no_grad():
        known = net(batch["face"], batch["domain"])["logit"] > 0
        unknown = net(batch["face"])["logit"] > 0
    assert (known == (batch["label"] > 0)).float().mean() > 0.95
    assert 0.3 < (unknown == (batch["label"] > 0)).float().mean() < 0.7, "nobody can tell then"


def faces(folder: Path, sources: list[str], split: str) -> Manifest:
    items = []
    for number, source in enumerate(sources):
        path = folder / f"{number}.png"
        Image.new("RGB", (40, 40), (number * 20, 90, 90)).save(path)
        told: dict[str, Any] = {"source": source, "split": split, "face": (5, 5, 30, 30)}
        items.append(Item(path.stem, path.stem, path.name, "image", number % 2, **told))
    return Manifest(folder, tuple(items), "made")


def test_one_dataset_is_refused_and_several_are_numbered(tmp_path: Path) -> None:
    recipe = read_recipe(recipes()["gm_df"])
    method = made(datasets={"celeb": ["Celeb-real", "Celeb-synthesis"], "dfdc": ["DFDC"]})
    one = faces(tmp_path, ["Celeb-real", "Celeb-synthesis"], "train")
    with pytest.raises(DataError, match="come from Celeb-real, Celeb-synthesis"):
        method.samples(one, "train", recipe)
    both = faces(tmp_path, ["Celeb-real", "Celeb-synthesis", "DFDC", "elsewhere"], "val")
    taken = method.samples(both, "val", recipe)
    assert [int(taken[place]["domain"]) for place in range(4)] == [1, 1, 2, 0]
    with pytest.raises(SettingError, match="two datasets"):
        made(datasets={"one": ["one"]})


def test_a_strangers_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match="does not fit GM-DF"):
        made().convert({"visual.proj": torch.zeros(2)})
