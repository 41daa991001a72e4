"""Speech enhanced by DeepFilterNet: the program of its authors, where the user has it.

It comes as a Python package that wants an older numpy than this project, and as a program with
its network inside, so that it is run by itself: ``deepFilter`` (of the package, installed apart)
or ``deep-filter``, found on the path or named by ``UNMASK_DEEPFILTER``. Both take a file and
``--output-dir``, and write a file of 48 kHz.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

from unmask.errors import ModelError, SettingError
from unmask.types import Samples

CITATION = (
    "Schroeter, Rosenkranz, Escalante-B, Maier: DeepFilterNet: Perceptually Motivated Real-Time "
    "Speech Enhancement. INTERSPEECH 2023"
)
URL = "https://arxiv.org/abs/2305.08227"
PROGRAMS = ("deep-filter", "deepFilter")
"""What the program is called."""
VARIABLE = "UNMASK_DEEPFILTER"
RATE = 48_000
_SECONDS = 600
"""A run that takes longer is stopped."""


def program() -> str:
    """The program of this machine. Raises SettingError when there is none."""
    named = os.environ.get(VARIABLE, "")
    for name in (named,) if named else PROGRAMS:
        if found := shutil.which(name):
            return found
    what = f"{VARIABLE} names {named!r}, which cannot be run" if named else "there is none"
    raise SettingError(
        f"The condition 'deepfilternet' runs the program of its authors, and {what}. Install it "
        f"apart (pipx install deepfilternet, or the program deep-filter), or name it: {VARIABLE}"
    )


def enhanced(samples: Samples, rate: int, share: float) -> Samples:
    """A recording with ``share`` of its enhanced form, in its own rate and length.

    Raises SettingError without the program, and ModelError when it fails.
    """
    command = program()
    with tempfile.TemporaryDirectory(prefix="unmask-") as folder:
        given, out = Path(folder) / "given.wav", Path(folder) / "out"
        out.mkdir()
        taken = soxr.resample(samples, rate, RATE).astype(np.float32)
        soundfile.write(given, taken, RATE, subtype="PCM_16")
        _run([command, str(given), "--output-dir", str(out)])
        (found,) = [*out.glob("*.wav")][:1] or (None,)
        if found is None:
            raise ModelError(f"{command} wrote no recording.")
        heard, own = soundfile.read(found, dtype="float32", always_2d=True)
    back = soxr.resample(heard[:, 0], own, rate).astype(np.float32)[: samples.size]
    back = np.pad(back, (0, samples.size - back.size))
    return np.asarray(samples + share * (back - samples), np.float32)


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelError(f"{command[0]} did not run: {error}.") from error
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        why = lines[-1] if lines else f"it ended with {done.returncode}"
        raise ModelError(f"{command[0]} failed: {why}")
