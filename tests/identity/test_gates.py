from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.ensemble import RandomForestClassifier

from unmask.bench.identity.gates import as_forest
from unmask.errors import MediaError, ModelError
from unmask.faces.recognise import FEATURES, features, read_gates, recognisable
from unmask.forge.launder_sound import apply
from unmask.identity.distance import distance
from unmask.types import Box, Face, Samples
from unmask.voices.recognise import LEAST_SECONDS, Hearable, hearable

POINTS = np.array([[30, 40], [70, 40], [50, 62], [35, 80], [65, 80]], np.float32)


def picture(blurred: bool = False) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (120, 120, 3), np.uint8))
    if blurred:
        noise = noise.resize((8, 8)).resize((120, 120))
    return np.asarray(noise)


def a_face(scale: float = 1.0) -> Face:
    return Face(Box(0, 0, 100 * scale, 110 * scale), 0.9, POINTS * np.float32(scale))


def test_a_forest_says_what_sklearn_says() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 5)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] + x[:, 2] > 0.2).astype(int)
    model = RandomForestClassifier(12, max_depth=5, random_state=0).fit(x, y)
    probe = rng.normal(size=(100, 5)).astype(np.float32)
    expected = model.predict_proba(probe)[:, 1]
    np.testing.assert_allclose(as_forest(model).predict(probe), expected, atol=1e-6)


def test_features_say_what_changed() -> None:
    plain = dict(zip(FEATURES, features(picture(), a_face()), strict=True))
    assert plain["turn"] == pytest.approx(0, abs=0.02)
    assert plain["tilt"] == pytest.approx(0, abs=1e-6)
    assert plain["eye_distance"] == pytest.approx(np.log2(40))
    small = dict(zip(FEATURES, features(picture(), a_face(0.5)), strict=True))
    assert small["height"] == pytest.approx(plain["height"] - 1)
    soft = dict(zip(FEATURES, features(picture(blurred=True), a_face()), strict=True))
    assert soft["sharpness"] < plain["sharpness"] / 10
    dark = dict(zip(FEATURES, features(picture() // 20, a_face()), strict=True))
    assert dark["brightness"] < plain["brightness"] / 10
    assert dark["clipped"] > plain["clipped"]
    turned = POINTS + np.array([[0, 0], [0, 0], [15, 0], [0, 0], [0, 0]], np.float32)
    aside = features(picture(), Face(Box(0, 0, 100, 110), 0.9, turned))
    assert aside[FEATURES.index("turn")] > 0.5


def test_the_shipped_gates_refuse_a_tiny_blurred_face() -> None:
    rng = np.random.default_rng(0)
    vector = rng.normal(size=128).astype(np.float32)
    good = recognisable(picture(), a_face(), vector)
    bad = recognisable(picture(blurred=True), a_face(0.1), vector)
    assert 0 <= bad.match < good.match <= 1
    assert not bad.enough
    assert good.index == bad.index  # the vector is the same


def test_a_vector_at_the_centre_is_refused() -> None:
    from unmask.faces.recognise import FILE
    from unmask.identity.cards import card_path

    centre = read_gates(card_path("face_identity").with_name(FILE)).centre
    assert centre.shape == (128,)
    here = recognisable(picture(), a_face(), centre)
    assert here.index == pytest.approx(0, abs=1e-5)
    assert not here.enough
    assert distance(centre, -centre) == pytest.approx(2, abs=1e-5)


def test_gates_that_are_missing_or_damaged_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="do not load"):
        read_gates(tmp_path / "absent.npz")
    (tmp_path / "bad.npz").write_bytes(b"PK not a file")
    with pytest.raises(ModelError, match="do not load"):
        read_gates(tmp_path / "bad.npz")


def syllables(seconds: float = 4.0) -> Samples:
    t = np.arange(int(seconds * 16000)) / 16000
    tone = sum(np.sin(2 * np.pi * 130 * k * t) / k**0.5 for k in range(1, 54))
    on = np.sin(2 * np.pi * 2.5 * t) > -0.2
    rng = np.random.default_rng(0)
    return (0.05 * tone * on * (0.6 + 0.4 * np.sin(9 * t)) + 1e-4 * rng.normal(size=t.size)).astype(
        np.float32
    )


def test_noise_lowers_what_stands_out_of_it() -> None:
    ratios = [
        hearable(apply(f"noise:{db}dB", syllables(), 16000)).noise_ratio for db in (30, 20, 5)
    ]
    assert ratios == sorted(ratios, reverse=True)
    assert hearable(apply("noise:5dB", syllables(), 16000)).problem().startswith("the voice stands")


def test_a_telephone_is_heard() -> None:
    assert hearable(syllables()).problem() == ""
    through = hearable(apply("telephone", syllables(), 16000))
    assert through.band < hearable(syllables()).band - 10
    assert "telephone" in Hearable(9, 40, through.band).problem()


def test_little_speech_and_none() -> None:
    assert "too little speech" in Hearable(LEAST_SECONDS - 0.2, 40, 0).problem()
    with pytest.raises(MediaError, match="speech"):
        hearable(np.zeros(32000, np.float32))
