"""The voice detector's pages: which recordings are taken, as what; the score put into a network."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the research wing is not installed")
soundfile = pytest.importorskip("soundfile")

sys.path.insert(0, str(Path(__file__).parents[1] / "voices"))

import onnx  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402
from voice_samples import RATE, speech  # noqa: E402

from unmask.detectors.audio.unmask_voice.bank import Bank, Entry, bank  # noqa: E402
from unmask.detectors.audio.unmask_voice.items import read_items  # noqa: E402
from unmask.detectors.audio.unmask_voice.material import pages  # noqa: E402
from unmask.detectors.audio.unmask_voice.model import STATISTICS, Traces  # noqa: E402
from unmask.detectors.audio.unmask_voice.refit import fitted, put  # noqa: E402
from unmask.detectors.audio.unmask_voice.traces import fit  # noqa: E402
from unmask.errors import DataError  # noqa: E402
from unmask.train.recipe import read_recipe  # noqa: E402


def page(name: str) -> pages.Page:
    return next(page for page in pages.read_pages() if page.repository == name)


def test_a_rule_says_what_made_a_recording() -> None:
    styles = page("styletts2/styletts2.github.io")
    assert styles.maker("wavs/LJSpeech/OOD/GT/1.wav") == "real"
    assert styles.maker("wavs/LJSpeech/OOD/JETS/1.wav") == "JETS"
    assert not styles.maker("wavs/Long/1.wav")
    homes = page("MycroftAI/Precise-Community-Data")
    assert homes.source_of("athena/en/1.wav") == "MycroftAI/Precise-Community-Data/athena"
    one = "vctk/p1_ours_prompt.wav"
    assert not page("clam-tts/clam-tts.github.io").maker(f"audios/{one}"), "skipped"


def test_what_is_kept_for_the_test_is_not_trained_on() -> None:
    kept, trained = (
        {page.repository for page in pages.read_pages() if page.split == split}
        for split in ("foreign", "train")
    )
    assert kept == {
        "MycroftAI/Precise-Community-Data", "MycroftAI/mimic3-voices", "rhasspy/larynx"
    }  # fmt: skip
    assert not kept & trained


def test_a_malformed_table_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "pages.toml"
    table.write_text('[[page]]\nrepository = "a/b"\nrevision = "1"\nsplit = "dev"\nrules = []\n')
    with pytest.raises(DataError, match="split"):
        pages.read_pages(table)


def test_recordings_of_pages_join_a_manifest(tmp_path: Path) -> None:
    root, out = tmp_path / "pages", tmp_path / "out"
    for name in ("gt/a.wav", "c16/a.wav", "c16/short.wav"):
        kind = "ground_truth" if name.startswith("gt") else "c16"
        path = root / "mindslab-ai+univnet/docs/samples/seen" / kind / Path(name).name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, speech(0.7 if "short" in name else 2.0, seed=3), RATE)
    out.mkdir()
    with pytest.raises(DataError, match=r"manifest\.jsonl"):
        list(pages.take(root, out))
    (out / "manifest.jsonl").write_text("")
    told = [line for line in pages.take(root, out) if "left out" not in line]
    assert told == ["mindslab-ai/univnet (train): 2 recordings"]
    list(pages.take(root, out))
    rows = (out / "manifest.jsonl").read_text().splitlines()
    assert [json.loads(row)["method"] for row in rows] == ["UnivNet", ""], "once, not twice"
    items = read_items(out)
    assert [item.label for item in items] == [1, 0]
    assert all(item.page and item.path.exists() for item in items)


def test_a_score_is_fitted_without_what_is_held_and_put_into_a_network() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((24, STATISTICS)).astype(np.float32)
    labels = [number % 2 for number in range(24)]
    values[:, 0] += 4 * np.array(labels)
    entries = [
        Entry("whole", 0, f"s{number // 8}", f"g{number}", "", label, number >= 20)
        for number, label in enumerate(labels)
    ]
    recipe = read_recipe(Path(pages.__file__).parents[1] / "recipe.toml")
    values[20:] = np.nan
    traces = fitted(Bank(entries, values), recipe)
    assert traces.weight[0] > 0
    scores = traces.judged(torch.from_numpy(values[:20])).numpy()
    assert min(scores[1::2]) > max(scores[0::2])
    old = Traces().state_dict()
    held = [numpy_helper.from_array(v.numpy(), f"head.traces.{k}") for k, v in old.items()]
    model = helper.make_model(helper.make_graph([], "g", [], [], held))
    put(traces, model)
    assert numpy_helper.to_array(model.graph.initializer[0]).shape == (STATISTICS,)
    found = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    assert np.array_equal(found["head.traces.weight"], traces.weight.numpy())
    with pytest.raises(DataError, match="linear score"):
        put(traces, onnx.ModelProto())


def test_generators_without_real_speech_beside_them_count() -> None:
    rng = np.random.default_rng(1)
    values = rng.standard_normal((40, STATISTICS)).astype(np.float32)
    labels = [number % 2 for number in range(20)] + [1] * 20
    values[20:, 7] += 6
    entries = [
        Entry("whole", 0, "page" if number < 20 else "generators", f"g{number}", "", label, False)
        for number, label in enumerate(labels)
    ]
    recipe = read_recipe(Path(pages.__file__).parents[1] / "recipe.toml")
    found = fitted(Bank(entries, values), recipe).weight.numpy()
    without = fitted(Bank(entries[:20], values[:20]), recipe).weight.numpy()
    assert int(np.argmax(found)) == 7
    assert int(np.argmax(without)) != 7


def test_what_sending_does_to_a_recording_moves_its_score_less() -> None:
    rng = np.random.default_rng(2)
    size = 200
    labels = [number // 2 % 2 for number in range(size)]  # each as it is, then sent
    values = rng.standard_normal((size, STATISTICS)).astype(np.float32)
    values[:, :2] += 2 * np.array(labels)[:, None]
    values[1::2] = values[0::2]
    values[1::2, 0] += 3 * rng.standard_normal(size // 2)
    entries = [
        Entry(("whole", "sent")[n % 2], 0, f"s{n // 40}", f"g{n // 2}", "", label, False)
        for n, label in enumerate(labels)
    ]
    weights = []
    for channel in (0.0, 10.0):
        traces = Traces()
        fit(traces, entries, values, 1.0, 0.05, 0.35, channel)
        weights.append(np.abs(traces.weight.numpy()))
    assert weights[1][0] < 0.5 * weights[0][0]
    assert weights[1][1] > weights[1][0]


def test_every_recording_is_sent_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNMASK_CACHE", str(tmp_path / "bank"))
    rows = []
    for number, label in enumerate(("real", "fake")):
        soundfile.write(tmp_path / f"{label}.wav", speech(2.2, seed=number), RATE)
        rows.append({"path": f"{label}.wav", "kind": "audio", "label": label, "source": "s"})
        rows[-1] |= {"split": "train", "method": "VITS"}
    (tmp_path / "manifest.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    copies = {"whole": 1.0, "fake": 1.0, "copied": 0.0, "joined": 0.0, "sent": 1.0}
    made = bank(tmp_path, copies, seed=0)
    assert [(one.kind, one.label) for one in made.entries] == [
        ("whole", 0), ("sent", 0), ("whole", 1), ("sent", 1),
    ]  # fmt: skip
    assert all(not np.array_equal(made.statistics[n], made.statistics[n + 1]) for n in (0, 2))
