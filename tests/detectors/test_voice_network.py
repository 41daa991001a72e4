"""The voice network hears clips alike wherever they lie in a window; scenes say their truth."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the research wing is not installed")
soundfile = pytest.importorskip("soundfile")

sys.path.insert(0, str(Path(__file__).parents[1] / "voices"))

from voice_samples import speech  # noqa: E402

from unmask.detectors.audio.unmask_voice import cuts  # noqa: E402
from unmask.detectors.audio.unmask_voice.front import LAYERS, Front  # noqa: E402
from unmask.detectors.audio.unmask_voice.items import HELD_OUT, read_items  # noqa: E402
from unmask.detectors.audio.unmask_voice.material import speak  # noqa: E402
from unmask.detectors.audio.unmask_voice.model import Head, Voice  # noqa: E402
from unmask.detectors.audio.unmask_voice.scenes import METHODS, Stage, spoken  # noqa: E402
from unmask.detectors.audio.unmask_voice.spectra import (  # noqa: E402
    CLIP,
    FRAMES,
    LINES,
    PULSES,
    RATE,
    SAMPLES,
    STEP,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources of two speakers each, with one fake, and one generator's speech."""
    folder: Path = tmp_path_factory.mktemp("voices")
    (folder / "spoken").mkdir()
    rows = []
    for source in ("one", "two"):
        for number in range(4):
            name = f"{source}{number}.wav"
            soundfile.write(folder / name, speech(2.2, seed=number + 9), RATE)
            label = "fake" if number == 3 else "real"
            rows.append(
                {"path": name, "kind": "audio", "label": label, "source": source, "split": "train",
                 "subject": f"{source}{number % 2}", "group": f"{source}{number}", "method": "tts"}
            )  # fmt: skip
    soundfile.write(folder / "spoken" / "robot_000.wav", speech(3.0, seed=2), RATE)
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_a_window_is_its_clips_in_a_row() -> None:
    torch.manual_seed(0)
    front, head = Front().eval(), Head(32, 0.0, members=2).eval()
    wave = torch.randn(2, SAMPLES) * 0.05
    with torch.inference_mode():
        clips, row = front.window(wave)
        alone = front(wave[1:, CLIP:])
        logit, frames = Voice(front, head).eval()(wave)
    assert row.layers.shape[:3] == (2, LAYERS, FRAMES)
    assert row.grain.fine.shape == (2, LINES, 4 * FRAMES)
    assert row.grain.pulses.shape == (2, PULSES, 20 * FRAMES)
    assert torch.allclose(clips.layers[3], alone.layers[0], atol=1e-4)
    assert torch.allclose(row.grain.fine[1, :, -1], alone.grain.fine[0, :, -1], atol=1e-4)
    assert logit.shape == (2,)
    assert frames.shape == (2, FRAMES)


def test_the_level_of_a_clip_is_kept_for_the_frames_but_not_for_the_statistics() -> None:
    front = Front().eval()
    wave = torch.randn(1, CLIP, generator=torch.Generator().manual_seed(1)) * 0.05
    with torch.inference_mode():
        loud, soft = front(wave), front(wave * 0.5)
    assert torch.allclose(loud.layers, soft.layers, atol=1e-3)
    assert (loud.grain.fine - soft.grain.fine).mean() == pytest.approx(np.log(4) / 4, abs=1e-3)


def test_scenes_repeat_and_mark_what_was_laid_in(data: Path) -> None:
    stage = Stage(read_items(data), spoken(data / "spoken"), seed=1)
    marked = 0
    for index in range(12):
        scene, again = stage.scene(index), stage.scene(index)
        assert np.array_equal(scene.samples, again.samples)
        assert scene.samples.shape == (SAMPLES,)
        assert set(np.unique(scene.frames)) <= {0, 1, cuts.IGNORED}
        assert len(scene.sources) == len(scene.systems) + 1
        assert not scene.systems or (scene.frames != 0).any()
        assert scene.systems or not (scene.frames == 1).any()
        marked += bool(scene.systems)
    assert 0 < marked < 12


def test_no_scene_is_made_with_a_vocoder_kept_for_the_test() -> None:
    assert not set(METHODS) & set(HELD_OUT)


def test_a_pause_between_turns_is_quiet_and_a_place_lies_inside() -> None:
    rng = np.random.default_rng(0)
    clips = [speech(1.0, seed=seed) for seed in (1, 2)]
    joined = cuts.row(clips, rng, (0.4, 0.5))
    assert joined.size > 2 * RATE
    power = np.convolve(joined**2, np.ones(STEP) / STEP, "valid")
    assert power[RATE : RATE + 4000].min() < 0.01 * np.mean(joined**2)
    window = np.resize(joined, SAMPLES)
    for _ in range(20):
        start, size = cuts.place(window, rng)
        assert 0 <= start < start + size <= SAMPLES


def test_what_the_engines_say_is_there() -> None:
    assert len(speak.texts("en")) == len(set(speak.texts("en"))) == 30
    assert len(speak.texts("ja")) == 15
    folders = {name: folder for name, (folder, _, _) in speak.ENGINES.items()}
    assert folders["piper"] == folders["kokoro"] == "unseen"
