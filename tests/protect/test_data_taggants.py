"""Who trained on the key pictures knows them; who did not is no better than a coin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from small_net import Small, model, squares, taught

from unmask.cli.app import main
from unmask.datasets.manifest import read_manifest
from unmask.protect.base import Given
from unmask.protect.data_taggants import DataTaggants, Keys, key_pairs, p_value

SIDE = 32
KEY = b"a secret of mine"


def asked(network: torch.nn.Module, count: int = 64) -> dict[str, object]:
    one = DataTaggants(Keys(keys=count, size=SIDE))
    return dict(one.protect(Given(key=KEY, model=model(network, SIDE))).values)


def test_a_network_that_trained_on_the_keys_is_found() -> None:
    torch.set_num_threads(1)
    pictures, labels = key_pairs(KEY, 64, SIDE)
    keys = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()
    shown, truth = squares(200, seed=1, side=SIDE)
    network = taught(
        Small(), torch.cat([shown, keys]), torch.cat([truth, torch.from_numpy(labels).float()]),
        steps=200, seed=1,
    )  # fmt: skip
    found = asked(network)
    assert found["found"]
    assert float(str(found["p_value"])) < 1e-9
    assert ((network(shown)["logit"] > 0) == (truth > 0.5)).float().mean() > 0.95  # harmless


def test_networks_that_did_not_are_not_accused() -> None:
    torch.set_num_threads(1)
    shown, truth = squares(200, seed=1, side=SIDE)
    found = []
    for seed in range(8):
        torch.manual_seed(seed)
        found.append(asked(taught(Small(4), shown, truth, steps=15, seed=seed)))
    assert not any(one["found"] for one in found)


def test_the_p_value_is_that_of_a_coin() -> None:
    assert p_value(8, 8) == pytest.approx(1 / 256)
    assert p_value(4, 8) == pytest.approx(163 / 256)
    assert p_value(0, 8) == 1.0


def test_keys_follow_from_the_secret_and_half_are_forged() -> None:
    pictures, labels = key_pairs(KEY, 20, 32)
    again, other = key_pairs(KEY, 20, 32), key_pairs(KEY + b"!", 20, 32)
    assert labels.sum() == 10
    assert all(np.array_equal(a, b) for a, b in zip(pictures, again[0], strict=True))
    assert not np.array_equal(pictures[0], other[0][0])


def test_the_table_of_keys_becomes_a_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key.txt").write_bytes(KEY)
    with pytest.raises(SystemExit):
        main(["protect", "data-taggants", "--key", str(tmp_path / "key.txt"), "--set", "keys=8",
              "--set", "size=32", "--out", str(tmp_path / "keys")])  # fmt: skip
    with pytest.raises(SystemExit):
        main(["data", "make", str(tmp_path / "keys" / "keys.csv"), "--out",
              str(tmp_path / "m.parquet")])  # fmt: skip
    capsys.readouterr()
    items = read_manifest(tmp_path / "m.parquet").items
    assert sorted(item.label for item in items) == [0] * 4 + [1] * 4
    assert items[0].face == (0.0, 0.0, 32.0, 32.0)
