from __future__ import annotations

from pathlib import Path

import pytest

from unmask.bench.protocol import Choice, Train, protocols, read_protocol
from unmask.datasets.adapter import adapters
from unmask.datasets.manifest import KINDS, Item
from unmask.errors import DataError, SettingError, UnknownName
from unmask.metrics.named import CATALOGUE, measure

BODY = """
title = "t"
source = "s"
kinds = ["image"]
metrics = ["auc"]
{more}
[train]
where = {{ split = "train" }}
{val}
[[test]]
name = "one"
where = {{ split = "test" }}
"""


def test_a_detector_may_have_a_budget_and_a_start_of_its_own() -> None:
    train = Train(samples=96, init="random", samples_of={"one": 5}, init_of={"one": "pretrained"})
    assert (train.budget("one"), train.start("one")) == (5, "pretrained")
    assert (train.budget("two"), train.start("two")) == (96, "random")
    assert Train().start("one") == ""


def written(folder: Path, more: str = "", val: str = "[val]\nwhere = { split = 'val' }") -> str:
    path = folder / "own.toml"
    path.write_text(BODY.format(more=more, val=val))
    return str(path)


@pytest.mark.parametrize("name", protocols())
def test_every_protocol_is_whole(name: str) -> None:
    protocol = read_protocol(name)
    assert set(protocol.kinds) <= set(KINDS)
    assert set(protocol.manifests) <= set(adapters())
    for choice in (*protocol.test, *(c for c in (protocol.train, protocol.val) if c)):
        named = set(choice.where.get("manifest", ()))
        assert named <= set(protocol.manifests)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('checkpoint = "test"', "its checkpoint on test data"),
        ('threshold = "test"', "its threshold on test data"),
        ('metrics = ["pixel_f1:pooled:best"]', "threshold on test data"),
    ],
)
def test_choosing_on_test_data_is_refused(tmp_path: Path, more: str, why: str) -> None:
    path = written(tmp_path, more)
    if "metrics" in more:
        text = Path(path).read_text().replace('metrics = ["auc"]\n', "")
        Path(path).write_text(text)
    with pytest.raises(DataError, match=why) as error:
        read_protocol(path)
    assert "test items may only be scored" in str(error.value)


def test_a_choice_needs_validation(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"give \[val\]"):
        read_protocol(written(tmp_path, val=""))
    assert read_protocol(written(tmp_path, 'checkpoint = "last"', val="")).val is None


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'mini'"):
        read_protocol("minni")
    with pytest.raises(DataError, match="no protocol at"):
        read_protocol(str(tmp_path / "none.toml"))
    bad = tmp_path / "bad.toml"
    bad.write_text("title = ")
    with pytest.raises(DataError, match="is not TOML"):
        read_protocol(str(bad))
    with pytest.raises(DataError, match="items have no field 'colour'"):
        read_protocol(written(tmp_path, val="[val]\nwhere = { colour = 'red' }"))


def test_filters() -> None:
    item = Item("1", "m", "a/b.png", "image", 1, generator="StyleGAN2", source="x")
    assert Choice(where={"generator": "stylegan*"}).fits(item, "own")
    assert not Choice(where={"generator": ["*", "!stylegan2"]}).fits(item, "own")
    assert Choice(where={"manifest": "own", "label": 1}).fits(item, "own")
    assert not Choice(where={"family": ["face-swap"]}).fits(item, "own")
    assert Choice(where={"family": ["", "face-swap"]}).fits(item, "own")


def test_named_metrics() -> None:
    assert measure("eer").title == "EER (interpolated)"
    assert measure("eer:mean").arguments == {"mode": "mean"}
    assert measure("ap_at_iou:official:0.75").arguments == {"mode": "official", "iou": 0.75}
    assert measure("pixel_f1:pooled:best").oracle
    with pytest.raises(UnknownName, match="Did you mean 'auc'"):
        measure("acu")
    with pytest.raises(SettingError, match="interpolated, argmin, mean"):
        measure("eer:exact")
    with pytest.raises(SettingError, match="not a number"):
        measure("tpr_at_fpr:low")
    with pytest.raises(SettingError, match="too many"):
        measure("auc:0.1")


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_metric_is_documented(name: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert f"`{name}`" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", protocols())
def test_every_protocol_is_documented(name: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "protocols.md"
    assert f"`{name}`" in page.read_text(encoding="utf-8")
