"""Sound through the program of another project: here a made one that obeys the same command."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from unmask.bench.perturb import conditions, over_sound
from unmask.catalog import catalog
from unmask.errors import ModelError, SettingError

RATE = 16_000
TONE = (0.3 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)).astype(np.float32)
HALVES = """
file, flag, out = sys.argv[1:4]
assert flag == "--output-dir"
samples, rate = soundfile.read(file)
assert rate == 48000
soundfile.write(pathlib.Path(out) / "given_DeepFilterNet3.wav", samples / 2, rate)
"""


def program(path: Path, body: str) -> Path:
    path.write_text(f"#!{sys.executable}\nimport pathlib, sys\nimport soundfile\n{body}")
    path.chmod(0o755)
    return path


@pytest.fixture
def halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNMASK_DEEPFILTER", str(program(tmp_path / "deep-filter", HALVES)))


@pytest.mark.usefixtures("halves")
def test_its_result_is_mixed_in_by_severity() -> None:
    assert "perturbation:deepfilternet" in {entry.key for entry in catalog()}
    assert conditions(["deepfilternet"], [1, 5]) == ["deepfilternet@1", "deepfilternet@5"]
    for condition, left in (("deepfilternet@1", 0.9), ("deepfilternet@5", 0.5)):
        found = over_sound(condition, TONE, RATE, "item")
        assert found.dtype == np.float32
        assert found.shape == TONE.shape
        np.testing.assert_allclose(found[800:-800], left * TONE[800:-800], atol=2e-3)


def test_without_the_program_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNMASK_DEEPFILTER", "/nowhere/deep-filter")
    with pytest.raises(SettingError, match="UNMASK_DEEPFILTER names '/nowhere/deep-filter'"):
        over_sound("deepfilternet@3", TONE, RATE, "item")
    monkeypatch.delenv("UNMASK_DEEPFILTER")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SettingError, match="pipx install deepfilternet"):
        over_sound("deepfilternet@3", TONE, RATE, "item")


@pytest.mark.parametrize(
    ("body", "said"),
    [('sys.exit("no such model")', "failed: no such model"), ("", "wrote no recording")],
)
def test_a_program_that_fails_is_one_line(
    body: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNMASK_DEEPFILTER", str(program(tmp_path / "deep-filter", body)))
    with pytest.raises(ModelError, match=said):
        over_sound("deepfilternet@3", TONE, RATE, "item")
