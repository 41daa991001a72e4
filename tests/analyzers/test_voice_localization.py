"""Made cases with a known second: spans are measured as documented, and real speech is left alone.

Real recordings are needed: ``UNMASK_DATA`` names a folder with ``manifest.jsonl``, or Debian's
``pocketsphinx-testdata`` (public-domain readings) is installed.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch", reason="the research wing is not installed")

from unmask.bench.own.cards import GOOD_EDGE
from unmask.detectors.audio.unmask_voice import cases
from unmask.types import Samples, Span

LIBRIVOX = Path("/usr/share/pocketsphinx/test/data/librivox")


def clips() -> list[tuple[str, str, str, Samples]]:
    named = os.environ.get("UNMASK_DATA")
    found: list[tuple[str, str, str, Samples]] = []
    if named and (Path(named) / "manifest.jsonl").exists():
        for line in (Path(named) / "manifest.jsonl").read_text().splitlines():
            row = json.loads(line)
            if row["kind"] == "audio" and row["label"] == "real" and row["split"] == "dev":
                wave, _ = soundfile.read(Path(named) / row["path"], dtype="float32")
                speaker = row.get("subject") or row["path"]
                found.append((speaker, row["source"], row.get("group") or row["path"], wave))
    elif LIBRIVOX.is_dir():
        for path in sorted(LIBRIVOX.glob("*.wav")):
            wave, _ = soundfile.read(path, dtype="float32")
            found.append(("librivox", "librivox", path.stem, wave))
    if not found:
        pytest.skip("no real recordings: set UNMASK_DATA or install pocketsphinx-testdata")
    return found


@pytest.fixture(scope="module")
def recordings() -> list[cases.Recording]:
    return list(cases.recordings(clips()))[:6]


def test_a_recording_is_long_enough_and_keeps_its_level(recordings: list[cases.Recording]) -> None:
    assert recordings
    for recording in recordings:
        assert recording.samples.size >= 8 * cases.RATE
        assert np.isfinite(recording.samples).all()


def test_a_case_differs_from_its_recording_only_inside_the_span(
    recordings: list[cases.Recording],
) -> None:
    rng = np.random.default_rng(0)
    made = cases.case(recordings[0], "lpc", cases.vocoded("lpc"), 1.0, rng)
    assert made.span is not None
    assert made.span.end - made.span.start == pytest.approx(1.0)
    changed = np.flatnonzero(made.samples != recordings[0].samples) / cases.RATE
    assert changed.min() >= made.span.start - 1e-3
    assert changed.max() <= made.span.end + 1e-3


def test_answers_come_from_the_analyzer_and_few_untouched_are_flagged(
    recordings: list[cases.Recording],
) -> None:
    rng = np.random.default_rng(1)
    flagged = marked = 0
    for recording in recordings:
        untouched = cases.answer(cases.untouched(recording))
        flagged += untouched.flagged
        assert math.isnan(untouched.error)
        made = cases.case(recording, "lpc", cases.vocoded("lpc"), 1.0, rng)
        answer = cases.answer(made)
        assert answer.error >= 0
        marked += answer.error <= GOOD_EDGE
        assert answer.spans or not answer.flagged  # a hint is marked and not flagged
    assert flagged <= 1
    # Training never heard this vocoder.
    assert marked >= 2 / 3 * len(recordings)


@pytest.mark.parametrize(
    ("found", "error"),
    [
        ([], math.inf),
        ([Span(5.0, 6.0)], math.inf),
        ([Span(1.1, 2.0)], 0.1),
        ([Span(0.2, 1.2), Span(1.25, 2.4)], 0.4),
    ],
)
def test_the_edge_error_is_that_of_the_span_with_most_overlap(
    found: list[Span], error: float
) -> None:
    assert cases.edge_error(Span(1.0, 2.0), found) == pytest.approx(error)
