"""PerTh: what the published network marked is heard, clean and after handling; the rest is not.

Needs resemble-perth installed (its network runs here in PyTorch, its weights are read by the
analyzer). ``watermark_facts.py voices`` runs and publishes these cases.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from fact_table import Case

from unmask.scanning import scan
from unmask.types import Label
from unmask.watermarks import perth

JOINED = 4
"""Utterances of one source that make a recording of about nine seconds."""
MARKED = 30
UNMARKED = 100
Sound = np.ndarray

HANDLED: dict[str, tuple[str, dict[str, Any], Callable[[Sound], Sound]]] = {
    "as saved (WAV, 24 kHz)": (".wav", {}, lambda x: x),
    "MP3": (".mp3", {"format": "MP3"}, lambda x: x),
    "Opus": (".ogg", {"format": "OGG", "subtype": "OPUS"}, lambda x: x),
    "telephone (8 kHz)": (
        ".wav",
        {},
        lambda x: soxr.resample(soxr.resample(x, 24000, 8000), 8000, 24000),
    ),
    "noise 20 dB under it": (".wav", {}, lambda x: noisy(x)),
    "5 % faster": (".wav", {}, lambda x: soxr.resample(x, 105, 100)),
}


def noisy(sound: Sound) -> Sound:
    rng = np.random.default_rng(0)
    return sound + rng.normal(0, 0.1 * float(np.sqrt(np.mean(sound**2))), len(sound))


def recordings(data: Path, count: int, seed: int) -> Iterator[tuple[str, Sound]]:
    """Recordings at 24 kHz, each joined of utterances of one source with the same label."""
    rows = [json.loads(line) for line in (data / "manifest.jsonl").open(encoding="utf-8")]
    sources: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["kind"] == "audio":
            sources.setdefault((row["source"], row["label"]), []).append(row["path"])
    rng = random.Random(seed)
    wide = sorted(key for key, paths in sources.items() if len(paths) >= JOINED)
    for number in range(count):
        source, label = wide[number % len(wide)]
        paths = rng.sample(sources[source, label], JOINED)
        parts = [soundfile.read(data / path, dtype="float32") for path in paths]
        whole = np.concatenate([soxr.resample(sound, rate, 24000) for sound, rate in parts])
        yield f"{number}/{source}/{label}", whole


@lru_cache(maxsize=1)
def published() -> Callable[[Sound], Sound]:
    """The published encoder: 24 kHz in and out."""
    import torch

    for name in ("pkg_resources", "librosa", "torchaudio", "torchaudio.transforms"):
        sys.modules.setdefault(name, types.ModuleType(name))
    for module, name in (
        ("pkg_resources", "resource_filename"),
        ("librosa", "resample"),
        ("torchaudio.transforms", "Spectrogram"),
        ("torchaudio.transforms", "InverseSpectrogram"),
        ("torchaudio.transforms", "TimeStretch"),
    ):
        if not hasattr(sys.modules[module], name):
            setattr(sys.modules[module], name, lambda *_: "")
    from perth.perth_net.perth_net_implicit.model.encoder import Encoder

    state = torch.load(perth.weights_file(), map_location="cpu", weights_only=True)["model"]
    encoder = Encoder(256, 128)
    own = {k.removeprefix("encoder."): v for k, v in state.items() if k.startswith("encoder.")}
    encoder.load_state_dict(own)
    window = torch.hann_window(2048)

    @torch.no_grad()
    def mark(sound: Sound) -> Sound:
        given = torch.from_numpy(soxr.resample(sound, 24000, perth.RATE))
        spectrum = torch.stft(given, 2048, 320, 2048, window, return_complex=True)
        loud = (20 * torch.log10(spectrum.abs().clip(1e-9)) + 180) / 195
        size = 10 ** ((encoder(loud[None])[0][0] * 195 - 180) / 20).clip(max=10)
        turned = size * torch.exp(1j * torch.angle(spectrum))
        out = torch.istft(turned, 2048, 320, 2048, window, length=len(given)).numpy()
        return soxr.resample(out, perth.RATE, 24000)

    return mark


def stated(path: Path) -> bool:
    """Whether a scan says that the mark is there and decides by it."""
    report = scan(path, analyzers=["watermark"])
    if report.not_checked and any("PerTh" in row.what for row in report.not_checked):
        raise SystemExit("PerTh was not checked: is resemble-perth installed?")
    return any(finding.bearing is Label.SYNTHETIC for finding in report.findings)


def untouched(recording: tuple[str, Sound]) -> list[Case]:
    """A voice without the mark."""
    name, sound = recording
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voice.wav"
        soundfile.write(path, sound, 24000)
        kind = "untouched: real voices" if name.endswith("real") else "untouched: other generators"
        return [Case(name, kind, False, stated(path))]


def handled(recording: tuple[str, Sound]) -> list[Case]:
    """A voice with the mark after each way of handling."""
    name, sound = recording
    marked = published()(sound)
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        for how, (suffix, options, change) in HANDLED.items():
            file = Path(folder) / f"marked{suffix}"
            soundfile.write(file, change(marked), 24000, **options)
            cases.append(Case(name, f"PerTh in a voice, {how}", True, stated(file)))
    return cases


def voices(data: Path, pool: Executor) -> list[Case]:
    """All cases with sound."""
    some = pool.map(untouched, recordings(data, UNMARKED, 1))
    others = pool.map(handled, recordings(data, MARKED, 2))
    return [case for cases in (*some, *others) for case in cases]


def chance(data: Path, each: int = 350) -> None:
    """How sure the network gets of single utterances, which nobody marked: the largest of them."""
    rows = [json.loads(line) for line in (data / "manifest.jsonl").open(encoding="utf-8")]
    found = []
    for seed in (1, 2):
        paths = [row["path"] for row in rows if row["kind"] == "audio"]
        random.Random(seed).shuffle(paths)
        for path in paths[:each]:
            sound, rate = soundfile.read(data / path, dtype="float32")
            found.append(perth.load().confidence(soxr.resample(sound, rate, perth.RATE)))
    print(f"{len(found)} utterances; largest confidences: {sorted(found)[-5:]}")
