"""``unmask forge text`` and ``forge texts``, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from unmask.cli.app import app
from unmask.datasets.manifest import read_manifest
from unmask.forge.text_page import fonts, page


@pytest.fixture
def host(tmp_path: Path) -> Path:
    path = tmp_path / "receipt.png"
    Image.fromarray(page("receipt", fonts(), np.random.default_rng(0))).save(path)
    return path


def test_a_line_is_edited_and_its_mask_written(host: Path, tmp_path: Path) -> None:
    out, mask = tmp_path / "edited.png", tmp_path / "mask.png"
    asked = ["forge", "text", str(host), str(out), "--kind", "replacement", "--mask", str(mask)]
    done = CliRunner().invoke(app, [*asked, "--seed", "3", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["family"] == "replacement"
    before, after = (np.asarray(Image.open(one)) for one in (host, out))
    changed = (before != after).any(-1)
    inside = np.asarray(Image.open(mask)) > 0
    assert changed.any()
    assert not changed[~inside].any()


def test_what_is_missing_is_said_in_one_line(host: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "o.png")
    done = CliRunner().invoke(app, ["forge", "text", str(host), out, "--kind", "splice"])
    assert done.exit_code != 0
    done = CliRunner().invoke(app, ["forge", "text", str(host), out, "--kind", "magic"])
    assert done.exit_code == 2
    assert "copy-move" in done.output


def test_a_set_is_made_in_a_new_folder_only(host: Path, tmp_path: Path) -> None:
    asked = ["forge", "texts", str(tmp_path / "set"), "--pictures", "10", "--json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    manifest = read_manifest(Path(json.loads(done.stdout)["path"]))
    assert sum(item.label for item in manifest) == 5
    again = CliRunner().invoke(app, asked)
    assert again.exit_code != 0
