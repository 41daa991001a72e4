"""PerTh: the network agrees with the published one, and without known weights nothing is said."""

from __future__ import annotations

import importlib.util
import io
import json
import pickle
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "detectors"))

from unmask.analyzers.base import Options
from unmask.analyzers.watermark import WatermarkAnalyzer
from unmask.errors import MissingExtra, ModelError
from unmask.types import AudioBlock, Kind, Label, MediaInfo, Samples
from unmask.watermarks import perth
from unmask.watermarks.excerpts import LONGEST, MOST, Excerpts
from unmask.watermarks.torchfile import read_arrays

GOLDEN = Path(__file__).parent / "marked" / "perth.json"


def sound(seed: int, length: int) -> Samples:
    rng = np.random.default_rng(seed)
    loud = np.repeat(rng.uniform(0, 1, length // 1000 + 1), 1000)[:length] ** 4
    return (rng.normal(0, 0.1, length) * loud).astype(np.float32)


def recording(seconds: float | None = 3.0) -> MediaInfo:
    return MediaInfo(
        "a.wav", Kind.AUDIO, "wav", 1, "0" * 64, seconds=seconds, audio_codec="pcm_s16le"
    )


def test_the_network_gives_what_the_published_one_gave() -> None:
    official = pytest.importorskip("official", reason="the filling of weights needs torch")
    golden = json.loads(GOLDEN.read_text())
    arrays = official.filled({k: tuple(v) for k, v in golden["shapes"].items()}, gain=1.4)
    reader = perth.built({name: value.numpy() for name, value in arrays.items()})
    for (seed, length), expected in zip(
        ((0, 32000), (1, 70000), (2, 40123)), golden["outputs"], strict=True
    ):
        assert reader.confidence(sound(seed, length)) == pytest.approx(expected, abs=1e-4)


def test_a_network_with_other_layers_is_refused() -> None:
    with pytest.raises(ModelError, match="lack"):
        perth.built({})
    names = [
        f"model.decoder.{branch}_layers.{n}.conv"
        for branch in ("slow", "normal", "fast")
        for n in range(7)
    ]
    wrong = {f"{name}.weight": np.zeros((2, 3, 1), np.float32) for name in names}
    wrong |= {f"{name}.bias": np.zeros(2, np.float32) for name in names}
    with pytest.raises(ModelError, match="shapes"):
        perth.built(wrong)


def test_without_the_package_it_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    perth.load.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra):
        perth.load()
    analyzer = WatermarkAnalyzer(recording(), Options())
    analyzer.sound(AudioBlock(0.0, 16000, sound(0, 48000)))
    result = analyzer.finish()
    assert not result.findings
    assert not result.absent
    assert "pip install 'unmask[perth]'" in result.not_checked[0].why


@pytest.mark.parametrize("content", [None, b"weights of somebody else"])
def test_weights_that_are_missing_or_altered_are_an_error_and_never_used(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perth.load.cache_clear()
    path = tmp_path / "perth.pth.tar"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(perth, "weights_file", lambda: path)
    with pytest.raises(ModelError, match="reinstall"):
        perth.load()
    analyzer = WatermarkAnalyzer(recording(), Options())
    analyzer.sound(AudioBlock(0.0, 16000, sound(0, 48000)))
    result = analyzer.finish()
    assert not result.findings
    assert "weights" in result.not_checked[0].why
    assert "\n" not in result.not_checked[0].why


@pytest.mark.parametrize(
    ("confidence", "seconds", "label"),
    [(0.95, 8, Label.SYNTHETIC), (0.95, 3, Label.INCONCLUSIVE), (0.85, 8, None)],
)
def test_the_mean_confidence_decides_when_there_is_enough_sound(
    confidence: float, seconds: int, label: Label | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perth, "load", lambda: perth.Perth({}))
    monkeypatch.setattr(perth.Perth, "confidence", lambda self, samples: confidence)
    analyzer = WatermarkAnalyzer(recording(seconds), Options())
    analyzer.sound(AudioBlock(0.0, 16000, sound(0, seconds * 16000)))
    result = analyzer.finish()
    assert [finding.bearing for finding in result.findings] == ([label] if label else [])
    assert bool(result.absent) is (label is None)
    if label:
        spans = result.findings[0].where.spans
        assert (spans[0].start, spans[-1].end) == (0.0, seconds)


def test_silence_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perth, "load", lambda: perth.Perth({}))
    analyzer = WatermarkAnalyzer(recording(), Options())
    analyzer.sound(AudioBlock(0.0, 16000, np.zeros(48000, np.float32)))
    (row,) = analyzer.finish().not_checked
    assert "silence" in row.why


@pytest.mark.parametrize("piece", [700, 16000, 500_000])
@pytest.mark.parametrize(("seconds", "expected"), [(60.0, MOST), (None, 3), (9.0, 3)])
def test_stretches_are_spread_and_hold_their_own_seconds(
    piece: int, seconds: float | None, expected: int
) -> None:
    length = round((seconds or 60.0) * 16000)
    ramp = (np.arange(length) + 1).astype(np.float32)
    excerpts = Excerpts(seconds)
    for start in range(0, length, piece):
        excerpts.add(AudioBlock(start / 16000, 16000, ramp[start : start + piece]))
    kept = excerpts.all()
    assert len(kept) == expected
    for begun, samples in kept:
        assert samples[0] == pytest.approx(begun * 16000 + 1, abs=1)
        assert np.all(np.diff(samples) == 1)
        assert len(samples) <= LONGEST * 16000
    assert kept[-1][0] > 0.5 * length / 16000


def saved(path: Path, state: object, arrays: list[np.ndarray]) -> Path:
    """A file as PyTorch writes it, with arrays referred to by number."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", _pickled(state))
        for number, values in enumerate(arrays):
            archive.writestr(f"archive/data/{number}", values.tobytes())
    return path


class _Name:
    """Pickles as the name of something that need not exist here."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class _Storage:
    def __init__(self, number: int, count: int) -> None:
        self.pid = ("storage", _Name("torch", "FloatStorage"), str(number), "cpu", count)


class _Tensor:
    def __init__(self, storage: _Storage, shape: tuple[int, ...]) -> None:
        self.arguments = (storage, 0, shape, (1,) * len(shape), False, OrderedDict())

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, self.arguments


def _rebuilt(*_: object) -> None:
    raise AssertionError


class _Pickler(pickle._Pickler):  # the one in Python, whose handling of names can be changed
    def persistent_id(self, value: object) -> object:
        return value.pid if isinstance(value, _Storage) else None

    def save(self, obj: object, save_persistent_id: bool = True) -> None:
        if obj is _rebuilt:
            self.write(b"ctorch._utils\n_rebuild_tensor_v2\n")
        elif isinstance(obj, _Name):
            self.write(f"c{obj.module}\n{obj.name}\n".encode())
        else:
            super().save(obj, save_persistent_id)


def _pickled(state: object) -> bytes:
    out = io.BytesIO()
    _Pickler(out, protocol=2).dump(state)
    return out.getvalue()


def test_saved_arrays_are_read_by_name(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float32)
    state = {"step": 3, "model": OrderedDict([("a.weight", _Tensor(_Storage(0, 6), (2, 3)))])}
    found = read_arrays(saved(tmp_path / "x.pth", state, [values]))
    assert list(found) == ["model.a.weight"]
    np.testing.assert_array_equal(found["model.a.weight"], values.reshape(2, 3))


def test_a_pickle_that_names_anything_else_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.pth", {"a": _Name("os", "system")}, [])
    with pytest.raises(ModelError, match=r"os\.system"):
        read_arrays(path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04broken"])
def test_what_is_no_such_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="no file of saved arrays"):
        read_arrays(path)


def test_an_array_cut_short_is_refused(tmp_path: Path) -> None:
    state = {"a": _Tensor(_Storage(0, 6), (2, 3))}
    path = saved(tmp_path / "x.pth", state, [np.zeros(5, np.float32)])
    with pytest.raises(ModelError, match="cut short"):
        read_arrays(path)


def test_the_real_weights_load_and_hear_nothing_in_noise() -> None:
    try:
        path = perth.weights_file()
    except MissingExtra as error:
        pytest.skip(str(error))
    assert abs(perth.read(path).confidence(sound(0, 64000))) < perth.ENOUGH
