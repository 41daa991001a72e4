"""Analyzers that work side by side say what they say one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import make_media as make
from unmask.analyzers.voice import VoiceAnalyzer
from unmask.scanning import scan


def said(path: Path, threads: int) -> list[dict[str, Any]]:
    found = []
    for finding in scan(path, threads=threads).findings:
        score = None if finding.score is None else round(finding.score, 3)
        found.append({"claim": finding.claim, "subject": finding.subject, "score": score})
    return found


def test_the_findings_are_the_same(tmp_path: Path) -> None:
    path = make.video(tmp_path / "film.mp4", count=50, size=(320, 240), sound="aac")
    assert said(path, 2) == said(path, 1)
    assert said(path, 2)


def test_an_analyzer_that_fails_stops_the_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: VoiceAnalyzer, block: object) -> None:
        raise RuntimeError("no ear")

    monkeypatch.setattr(VoiceAnalyzer, "sound", fail)
    path = make.video(tmp_path / "film.mp4", count=50, sound="aac")
    with pytest.raises(RuntimeError, match="no ear"):
        scan(path, threads=2)
