"""Where one person becomes another: on made embeddings, where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unmask.identity.face_drift import changes, episodes, persons
from unmask.identity.face_trail import Look
from unmask.identity.voice_drift import stretch
from unmask.identity.voice_trail import HOP, WINDOW, Voice
from unmask.types import Box, Span
from unmask.voices.activity import Activity

SIZE = 64


def unit(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(values / np.linalg.norm(values, axis=-1, keepdims=True), np.float32)


def direction(seed: int) -> NDArray[np.float32]:
    return unit(np.random.default_rng(seed).normal(size=SIZE))


class Recording:
    """Embeddings of windows that hear two voices in the share in which they overlap them."""

    def __init__(self, seconds: float, other: Span | None, noise: float, seed: int = 0) -> None:
        self.seconds, self.other, self.noise = seconds, other, noise
        self.random = np.random.default_rng(seed)
        self.own, self.strange = direction(1), direction(2)

    def windows(
        self, start: float, end: float, length: float, hop: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        low, high = max(0.0, start), min(self.seconds, end)
        times = np.arange(low + length / 2, high - length / 2 + 1e-6, hop)
        share = np.zeros(len(times))
        if self.other:
            inside = np.minimum(times + length / 2, self.other.end)
            inside -= np.maximum(times - length / 2, self.other.start)
            share = np.clip(inside, 0, length) / length
        rows = (1 - share)[:, None] * self.own + share[:, None] * self.strange
        return times, unit(rows + self.random.normal(0, self.noise, rows.shape) / SIZE**0.5)

    def voice(self) -> Voice:
        times, vectors = self.windows(0, self.seconds, WINDOW, HOP)
        silent = Activity(np.zeros(0, np.float32), np.zeros(0, np.bool_))
        return Voice(times, vectors, silent, self.seconds, self.seconds)


@pytest.mark.parametrize("span", [Span(3.0, 5.0), Span(6.2, 8.2), Span(0.0, 2.0), Span(8.0, 10.0)])
def test_another_voice_is_placed_within_half_a_second(span: Span) -> None:
    for seed in range(5):
        made = Recording(10.0, span, 0.6, seed)
        found = stretch(made.voice(), made.own, made.windows)
        assert found is not None
        assert abs(found.span.start - span.start) < 0.35
        assert abs(found.span.end - span.end) < 0.35


def test_the_score_of_a_stretch_tells_made_from_untouched() -> None:
    made = [
        stretch(r.voice(), r.own, r.windows)
        for r in (Recording(10.0, Span(4.0, 6.0), 0.6, seed) for seed in range(8))
    ]
    clean = [
        stretch(r.voice(), r.own, r.windows)
        for r in (Recording(10.0, None, 0.6, seed) for seed in range(8))
    ]
    least = min(found.part for found in made if found)
    most = max(found.part for found in clean if found)
    assert least > most
    assert all(found and found.rest < 0.2 for found in made)


def test_too_short_a_recording_has_no_stretch() -> None:
    short = Recording(2.0, None, 0.2)
    assert stretch(short.voice(), short.own, short.windows) is None


def look(time: float, who: int, track: int = 1, x: float = 50.0) -> Look:
    random = np.random.default_rng(int(time * 100) + 7919 * who)
    vector = unit(direction(who) + random.normal(0, 0.1, SIZE) / SIZE**0.5)
    return Look(time, track, Box(x, 50, 100, 100), vector)


def test_a_swapped_face_is_cut_out_of_its_track() -> None:
    looks = [look(i / 5, 2 if 3.0 <= i / 5 < 6.0 else 1) for i in range(50)]
    found = episodes(looks)
    assert [episode.person for episode in found] == [0, 1, 0]
    assert found[1].span.start == pytest.approx(3.0, abs=0.15)
    assert found[1].span.end == pytest.approx(6.0, abs=0.15)
    assert all(change.inplace for change in changes(found, ()))
    assert len(changes(found, ())) == 2


def test_a_glance_is_not_another_person() -> None:
    looks = [look(i / 5, 2 if i == 20 else 1) for i in range(50)]
    assert [episode.person for episode in episodes(looks)] == [0]


def test_another_shot_elsewhere_in_the_picture_is_no_swap() -> None:
    looks = [look(i / 5, 1, 1, 50) for i in range(20)]
    looks += [look(4 + i / 5, 2, 2, 400) for i in range(20)]
    assert changes(episodes(looks), (4.0,)) == []


def test_two_people_beside_each_other_are_two_persons() -> None:
    looks = [one for i in range(20) for one in (look(i / 5, 1, 1, 50), look(i / 5, 2, 2, 300))]
    found = episodes(looks)
    assert {episode.person for episode in found} == {0, 1}
    assert changes(found, ()) == []


def test_persons_are_numbered_by_how_often_they_are_seen() -> None:
    rows = np.stack([look(i, 3 if i < 4 else 5).vector for i in range(20)])
    labels = persons(rows)
    assert set(labels[:4]) == {1}
    assert set(labels[4:]) == {0}
