"""Has speech generators speak the sentences of ``texts.toml``, for training and for the test.

    python -m unmask.detectors.audio.unmask_voice.material.speak --out WIDER --library LIBRARY

Training meets ``WIDER/spoken``: formants, diphones, units and hidden Markov models, and such speech
once more through the neural vocoder FARGAN (``again.py``). The test ``unseen`` alone meets
``WIDER/unseen``: Piper and Kokoro. The name of a file before its underscore is that of the engine.
``engines.py`` says which packages each needs; one that is not installed is left out, and said so.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
from functools import partial
from pathlib import Path

import soundfile

from unmask.detectors.audio.unmask_voice.material.engines import ENGINES, Engine, texts
from unmask.errors import DataError

__all__ = ["AGAIN", "ENGINES", "main", "missing", "speak", "texts"]

AGAIN = "farganspoken"
_SECONDS, _LOUD = 0.8, 1e-4
"""Shorter or quieter than this, an engine has not spoken."""


def missing(engine: Engine) -> list[str]:
    """What an engine needs and is not installed."""
    return [needed for needed in engine.needs if not _there(needed)]


def _there(needed: str) -> bool:
    if needed.startswith("/"):
        return any(Path("/").glob(needed[1:]))
    return bool(shutil.which(needed) or importlib.util.find_spec(needed))


def speak(name: str, engine: Engine, out: Path) -> int:
    """All that an engine says, as ``out/FOLDER/NAME_000.wav`` and so on, in place of what it said
    before. Returns how many. Raises DataError when it fails or is silent."""
    folder = out / engine.folder
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{name}_*.wav"):
        old.unlink()
    number = 0
    for say in engine.lines():
        path = folder / f"{name}_{number:03d}.wav"
        say(path)
        wave, rate = soundfile.read(path) if path.exists() else ([], 1)
        if len(wave) < _SECONDS * rate or wave.std() < _LOUD:
            raise DataError(f"{name} left {path} empty. Try its command, or name other engines.")
        number += 1
    return number


def _again(out: Path, library: Path) -> Engine:
    """FARGAN as one more engine. Raises OSError when the library can't be loaded."""
    # This brings in torch, which the other engines do without.
    from unmask.detectors.audio.unmask_voice.material import again
    from unmask.detectors.audio.unmask_voice.material.copy import Networks

    spoken = out / "spoken"
    if absent := again.absent(spoken):
        print(f"{AGAIN}: without {', '.join(absent)}, of which {spoken} holds nothing")
    return Engine("spoken", (), partial(again.lines, spoken, Networks(library)))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--engine", choices=[*sorted(ENGINES), AGAIN], action="append")
    parser.add_argument("--library", type=Path, help="of the networks of Opus, see copy.py")
    args = parser.parse_args()
    for name in args.engine or [*ENGINES, AGAIN]:
        if name == AGAIN and args.library is None:
            print(f"{name}: left out, because no --library is given")
            continue
        engine = _again(args.out, args.library) if name == AGAIN else ENGINES[name]
        if lacks := missing(engine):
            print(f"{name}: left out, because {', '.join(lacks)} is not installed")
            continue
        print(f"{name}: {speak(name, engine, args.out)} recordings", flush=True)


if __name__ == "__main__":
    main()
