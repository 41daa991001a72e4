"""Towers and prompts, against a second implementation on made weights."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import timm
import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, ViTConfig, ViTModel

from official import filled, noise
from unmask.errors import ModelError, SettingError, UnknownName
from unmask.nn.clip_names import text_names, vision_names
from unmask.nn.prompts import PLACES, PromptLearner, read_prompts
from unmask.nn.towers import CLIPS, LARGE, TINY, TINY_VIT, ClipTower, VitTower, clip_text

PICTURE = noise((2, 3, 28, 28), 1, 0, 255)
TEXT = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "projection_dim": 16,
    "vocab_size": 50,
    "max_position_embeddings": 12,
    "eos_token_id": 2,
}
END = 49


def openai_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """An image encoder of timm (made as OpenAI's) under OpenAI's names."""
    result = {}
    outside = {"cls_token": "class_embedding", "pos_embed": "positional_embedding",
               "patch_embed.proj.weight": "conv1.weight"}  # fmt: skip
    for name, value in state.items():
        if name in outside:
            kept = value.flatten() if name == "cls_token" else value
            result[outside[name]] = kept[0] if name == "pos_embed" else kept
            continue
        for timms, theirs in (
            ("norm_pre.", "ln_pre."), ("norm.", "ln_post."), ("blocks.", "transformer.resblocks."),
            (".norm1.", ".ln_1."), (".norm2.", ".ln_2."), (".mlp.fc1.", ".mlp.c_fc."),
            (".mlp.fc2.", ".mlp.c_proj."), (".attn.qkv.weight", ".attn.in_proj_weight"),
            (".attn.qkv.bias", ".attn.in_proj_bias"), (".attn.proj.", ".attn.out_proj."),
        ):  # fmt: skip
            inner = not timms.startswith(".")
            name = theirs + name.removeprefix(timms) if inner and name.startswith(timms) else name
            name = name if inner else name.replace(timms, theirs)
        result[name] = value
    return result


@torch.no_grad()
def test_clip_is_that_of_timm() -> None:
    other = timm.create_model(
        "vit_base_patch16_clip_quickgelu_224", num_classes=0, img_size=28, patch_size=14,
        embed_dim=32, depth=2, num_heads=2, mlp_ratio=2,
    ).eval()  # fmt: skip
    made = filled({name: value.shape for name, value in other.state_dict().items()})
    other.load_state_dict(made)
    tower = ClipTower(changed=TINY).eval()
    ours = vision_names(openai_names(made))
    tower.clip.load_state_dict(ours)
    seen = tower(PICTURE)
    pixels = tower.pixels(PICTURE)
    torch.testing.assert_close(seen.pooled, other(pixels), atol=1e-5, rtol=0)
    plain, blocks = other.forward_intermediates(
        pixels, return_prefix_tokens=True, output_fmt="NLC", norm=False
    )
    torch.testing.assert_close(other.norm(seen.tokens), plain, atol=1e-5, rtol=0)
    theirs = torch.stack([prefix[:, 0] for _, prefix in blocks], 1)
    torch.testing.assert_close(seen.classes, theirs, atol=1e-5, rtol=0)


@torch.no_grad()
def test_a_vit_is_that_of_transformers() -> None:
    tower = VitTower("vit_base_patch16_224", changed=TINY_VIT).eval()
    made = filled({name: value.shape for name, value in tower.vit.state_dict().items()})
    tower.vit.load_state_dict(made)
    config = ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128,
        image_size=32, patch_size=16, layer_norm_eps=1e-6,
    )  # fmt: skip
    other = ViTModel(config, add_pooling_layer=False).eval()
    wanted = {}
    for name, value in made.items():
        block = name.replace("blocks.", "layers.").replace("norm1.", "layernorm_before.")
        block = block.replace("norm2.", "layernorm_after.")
        if ".attn.qkv." in name:
            for letter, part in zip("qkv", value.chunk(3), strict=True):
                wanted[block.replace("attn.qkv.", f"attention.{letter}_proj.")] = part
            continue
        block = block.replace("attn.proj.", "attention.o_proj.")
        block = block.replace("cls_token", "embeddings.cls_token")
        block = block.replace("pos_embed", "embeddings.position_embeddings")
        block = block.replace("patch_embed.proj.", "embeddings.patch_embeddings.projection.")
        wanted["layernorm." + block[5:] if block.startswith("norm.") else block] = value
    other.load_state_dict(wanted)
    picture = noise((2, 3, 32, 32), 2, 0, 255)
    seen = tower(picture)
    theirs = other(tower.pixels(picture), output_hidden_states=True)
    torch.testing.assert_close(seen.tokens, theirs.last_hidden_state, atol=1e-5, rtol=0)
    torch.testing.assert_close(seen.pooled, theirs.last_hidden_state[:, 0], atol=1e-5, rtol=0)
    classes = torch.stack([hidden[:, 0] for hidden in theirs.hidden_states[1:]], 1)
    torch.testing.assert_close(seen.classes, classes, atol=1e-5, rtol=0)


def test_the_published_sizes() -> None:
    assert CLIPS[LARGE]["num_hidden_layers"] == 24
    assert CLIPS["openai/clip-vit-base-patch16"]["num_attention_heads"] == 12
    with torch.device("meta"):
        counted = sum(p.numel() for p in ClipTower("openai/clip-vit-base-patch32").parameters())
    assert counted == 87_456_000  # 87,849,216 with the projection of 768 × 512


def test_towers_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="clip-vit-huge"):
        ClipTower("openai/clip-vit-huge")
    with pytest.raises(ModelError, match="changed backbone_config"):
        ClipTower(pretrained=True, changed=TINY)
    with pytest.raises(UnknownName, match="clip-vit-huge"):
        clip_text("openai/clip-vit-huge")
    with pytest.raises(ModelError, match="changed text_config"):
        clip_text(pretrained=True, changed=TEXT)


def reader() -> CLIPTextModelWithProjection:
    torch.manual_seed(0)
    return clip_text(changed=TEXT).eval()


def prompts(words: int) -> tuple[Tensor, list[int]]:
    """Start, ``words`` words, a name of one or two tokens, full stop, end, and nothing."""
    rows = [[48, *range(3, 3 + words), 20, 9, END], [48, *range(3, 3 + words), 21, 22, 9, END]]
    return torch.tensor([row + [0] * (12 - len(row)) for row in rows]), [1, 2]


@torch.no_grad()
def test_prompts_that_start_from_words_are_read_as_those_words() -> None:
    text = reader()
    table = text.text_model.embeddings.token_embedding
    tokens, names = prompts(words=4)
    wanted = text(tokens).text_embeds
    learner = PromptLearner(table, tokens, names, words=4)
    learner.begin()
    ours = read_prompts(text, learner(), tokens)
    torch.testing.assert_close(ours, wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("place", PLACES)
@torch.no_grad()
def test_the_name_may_stand_elsewhere(place: str) -> None:
    text = reader()
    table = text.text_model.embeddings.token_embedding
    tokens, names = prompts(words=4)
    learner = PromptLearner(table, tokens, names, words=4, own=True, place=place)
    learner.begin()
    for row, name, found in zip(tokens, names, learner(), strict=True):
        words, called, rest = row[1:5], row[5 : 5 + name], row[5 + name :]
        order = {
            "end": [words, called],
            "middle": [words[:2], called, words[2:]],
            "front": [called, words],
        }[place]
        wanted = table(torch.cat([row[:1], *order, rest]))
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


def test_only_the_words_learn_and_they_tell_two_classes_apart() -> None:
    text = reader().requires_grad_(False)
    tokens, names = prompts(words=3)
    torch.manual_seed(1)
    learner = PromptLearner(text.text_model.embeddings.token_embedding, tokens, names, 3)
    assert [n for n, p in learner.named_parameters() if p.requires_grad] == ["ctx"]
    pictures = nn.functional.normalize(noise((2, 16), 4))
    rule = torch.optim.Adam(learner.parameters(), lr=0.05)
    losses = []
    for _ in range(30):
        classes = nn.functional.normalize(read_prompts(text, learner(), tokens))
        loss = nn.functional.cross_entropy(10 * pictures @ classes.T, torch.tensor([0, 1]))
        rule.zero_grad()
        loss.backward()
        rule.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]


def test_prompts_that_do_not_fit_are_refused() -> None:
    table = reader().text_model.embeddings.token_embedding
    tokens, names = prompts(words=3)
    with pytest.raises(SettingError, match="do not fit"):
        PromptLearner(table, tokens, names, words=11)
    with pytest.raises(UnknownName, match="place"):
        PromptLearner(table, tokens, names, words=3, place="behind")


@torch.no_grad()
def test_openais_text_encoder_under_our_names() -> None:
    text = reader()
    ours = text.text_model.state_dict()
    theirs = {}
    for name, value in ours.items():
        if any(f".{letter}_proj." in name for letter in "qkv"):
            continue
        for new, old in (
            ("embeddings.token_embedding.", "token_embedding."),
            ("embeddings.position_embedding.weight", "positional_embedding"),
            ("final_layer_norm.", "ln_final."), ("encoder.layers.", "transformer.resblocks."),
            ("layer_norm1.", "ln_1."), ("layer_norm2.", "ln_2."), ("mlp.fc1.", "mlp.c_fc."),
            ("mlp.fc2.", "mlp.c_proj."), ("self_attn.", "attn."),
        ):  # fmt: skip
            name = name.replace(new, old)
        theirs[name] = value.half()
    for block in range(2):
        for kind in ("weight", "bias"):
            parts = [ours[f"encoder.layers.{block}.self_attn.{n}_proj.{kind}"] for n in "qkv"]
            theirs[f"transformer.resblocks.{block}.attn.in_proj_{kind}"] = torch.cat(parts).half()
    theirs["text_projection"] = text.text_projection.weight.T.half()
    theirs["logit_scale"] = torch.ones(())
    theirs["visual.proj"] = torch.ones(2, 2)
    found = text_names(theirs)
    assert set(found) == {*ours, "text_projection.weight"}
    for name, value in found.items():
        wanted = text.text_projection.weight if name == "text_projection.weight" else ours[name]
        torch.testing.assert_close(value, wanted, atol=1e-3, rtol=1e-3)
    assert CLIPTextConfig(**TEXT).vocab_size == 50
