"""A recording as the voice network hears it: windows in, compact numbers a frame out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples, Tensor
from unmask.voices.activity import RATE, STEP, Activity
from unmask.voices.channel import Band
from unmask.voices.listening import Listener, Sort
from unmask.voices.parts import evidence
from unmask.voices.windows import Merge, Windows

Network = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Windows (batch × samples) to window logits (batch) and frame logits (batch × frames)."""
_BATCH = 2
"""Windows a call: more of them are no faster, and take more memory."""
_QUIET = 1e-4
_ENOUGH = 0.4
"""Share of speech that a window needs to speak for the whole file."""
_TRIMMED = 0.2


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it.

    ``logits``: log-odds of each frame of 40 ms to have been laid in, ``course``: score of the
    windows around it; neither is a number where nothing was scored. ``score``: the whole
    recording's; ``evidence``: for a part, see ``parts.evidence``. ``seconds``: length. ``voiced``:
    whether the speech has the periods of a voice, as all that the network was fitted on. ``band``:
    where the band of the sound ends, in Hz. ``sort``: whether it is speech or a song.
    """

    activity: Activity
    logits: NDArray[np.float32]
    course: NDArray[np.float32]
    score: float
    evidence: float
    windows: int
    seconds: float
    voiced: bool = True
    band: float = RATE / 2
    sort: Sort = Sort.SPEECH


class Hearing:
    """Runs a network over a stream of mono sound at 16 kHz.

    Memory: one window of sound, and a few bytes for every 40 ms heard. Windows overlap by half;
    those that are nearly silent are not run. ``least``: seconds of voiced speech that suffice.
    """

    def __init__(
        self, network: Network, size: int, frames: int, least: float = 1.0, threads: int = 0
    ) -> None:
        self._network = network
        self._frames = frames
        self._windows = Windows(size, size // STEP // 2 * STEP)
        self._listener = Listener(threads, least)
        self._band = Band()
        self._merge = Merge(frames, STEP)
        self._course = Merge(frames, STEP)
        self._waiting: list[tuple[int, Samples]] = []
        self._starts: list[int] = []
        self._logits: list[float] = []

    def feed(self, samples: Samples) -> None:
        """Take the next samples, in blocks of any size."""
        self._listener.feed(samples)
        self._band.feed(samples)
        for start, wave in self._windows.feed(samples):
            self._take(start, wave)

    def _take(self, start: int, wave: Samples) -> None:
        if float(np.abs(wave).max()) < _QUIET:
            return
        self._waiting.append((start, wave.copy()))
        if len(self._waiting) >= _BATCH:
            self._run()

    def _run(self) -> None:
        if not self._waiting:
            return
        starts = [start for start, _ in self._waiting]
        logits, frames = self._network(np.stack([wave for _, wave in self._waiting]))
        self._waiting = []
        for start, logit, row in zip(starts, logits, frames, strict=True):
            if not (np.isfinite(logit) and np.isfinite(row).all()):
                continue  # a window with next to no sound
            self._starts.append(start)
            self._logits.append(float(logit))
            self._merge.add(start, row)
            self._course.add(start, np.full_like(row, logit))

    def finish(self) -> Heard:
        """Run what is left and sum up."""
        for start, wave in self._windows.finish():
            self._take(start, wave)
        self._run()
        listened = self._listener.finish()
        activity = listened.activity
        count = activity.levels.size
        logits = self._merge.values(count)
        return Heard(
            activity,
            logits,
            self._course.values(count),
            self._whole(activity.speech),
            evidence(logits, activity.speech),
            len(self._logits),
            self._windows.heard / RATE,
            listened.voiced,
            self._band.edge(),
            listened.sort,
        )

    def _whole(self, speech: NDArray[np.bool_]) -> float:
        """Mean of the window logits without the highest and lowest fifth, weighted by speech."""
        if not self._logits:
            return 0.0
        values = np.array(self._logits)
        firsts = [start // STEP for start in self._starts]
        share = np.array([float(speech[i : i + self._frames].mean()) for i in firsts])
        if (share >= _ENOUGH).any():
            values, share = values[share >= _ENOUGH], share[share >= _ENOUGH]
        else:
            return float(values[int(np.argmax(share))])
        order = np.argsort(values)
        cut = int(_TRIMMED * values.size)
        kept = order[cut : values.size - cut]
        return float(np.average(values[kept], weights=share[kept]))
