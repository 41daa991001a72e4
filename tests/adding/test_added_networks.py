"""Networks of others give in a scan what they give in their own library."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import soundfile  # noqa: E402
import timm  # noqa: E402
import tiny_models  # noqa: E402
from timm.data import create_transform, resolve_data_config  # noqa: E402
from transformers import AutoImageProcessor, Wav2Vec2FeatureExtractor  # noqa: E402
from transformers import VideoMAEForVideoClassification as VideoNetwork  # noqa: E402
from transformers import ViTForImageClassification as ImageNetwork  # noqa: E402
from transformers import Wav2Vec2ForSequenceClassification as SoundNetwork  # noqa: E402

from unmask.adding.preprocessing import picture_look  # noqa: E402
from unmask.cards.card import Input, read_card  # noqa: E402
from unmask.media import probe, stream  # noqa: E402
from unmask.runtime import preparation  # noqa: E402

CLOSE = 1e-4


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each network is made once."""
    root = tmp_path_factory.mktemp("published")
    return {
        "tiny-vit": tiny_models.vit(root / "tiny-vit", ["human", "deepfake", "ai_generated"]),
        "tiny-ear": tiny_models.wav2vec2(root / "tiny-ear", ["spoof", "bona-fide"]),
        "tiny-film": tiny_models.videomae(root / "tiny-film", ["Real", "Fake"]),
    }


@pytest.fixture(scope="module")
def converted(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf with all of them, converted once through the command line."""
    from unmask.cli.app import main

    place = tmp_path_factory.mktemp("shelf")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNMASK_MODELS", str(place))
        for folder in folders.values():
            with pytest.raises(SystemExit) as caught:
                main(["models", "add", str(folder), "--seconds", "0.5", "--json"])
            assert not caught.value.code
    return place


@pytest.fixture(autouse=True)
def use(converted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNMASK_MODELS", str(converted))


def odds(logits: Any, forged: list[int]) -> float:
    """From probabilities, as a person would write it down."""
    share = torch.softmax(logits.double().reshape(-1), 0).numpy()
    there = float(share[forged].sum())
    return float(np.log(there) - np.log(1 - there))


def finding(run: Any, path: Path, name: str) -> dict[str, Any]:
    _, out, err = run("scan", path, "--only", "metadata", "--with", name, "--json")
    assert out, err
    (found,) = [one for one in json.loads(out)["findings"] if one["detector"] == name]
    return dict(found)


def picture(height: int, width: int, seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    coarse = chance.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(("height", "width"), [(61, 97), (203, 118), (20, 20)])
def test_an_image_classifier(
    height: int, width: int, folders: dict[str, Path], converted: Path, run: Any, tmp_path: Path
) -> None:
    pixels = picture(height, width, height)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    folder = folders["tiny-vit"]
    theirs = AutoImageProcessor.from_pretrained(folder, backend="pil")(
        Image.fromarray(pixels), return_tensors="pt"
    ).pixel_values
    (part,) = read_card(converted / "tiny-vit" / "card.toml").inputs
    ours = preparation.picture_view(part, width, height).take(pixels).transpose(2, 0, 1)
    mean, std = np.reshape([0.4, 0.5, 0.6], (3, 1, 1)), np.reshape([0.2, 0.3, 0.25], (3, 1, 1))
    assert np.abs((ours / 255 - mean) / std - theirs[0].numpy()).max() <= CLOSE
    with torch.no_grad():
        logits = ImageNetwork.from_pretrained(folder)(theirs).logits
    found = finding(run, tmp_path / "a.png", "tiny-vit")
    assert found["score"] == pytest.approx(odds(logits, [1, 2]), abs=CLOSE)
    assert found["vote"] is None
    assert found["claim"] == "picture-generated"


def test_a_sound_classifier(folders: dict[str, Path], run: Any, tmp_path: Path) -> None:
    samples = np.random.default_rng(3).normal(0.02, 0.1, 8000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="FLOAT")
    folder = folders["tiny-ear"]
    extractor = Wav2Vec2FeatureExtractor.from_pretrained(folder)
    values = extractor(samples, sampling_rate=16000, return_tensors="pt")
    with torch.no_grad():
        logits = SoundNetwork.from_pretrained(folder)(**values).logits
    found = finding(run, tmp_path / "a.wav", "tiny-ear")
    assert found["score"] == pytest.approx(odds(logits, [0]), abs=CLOSE)
    assert found["claim"] == "voice-synthetic"


def test_a_video_classifier(folders: dict[str, Path], run: Any, tmp_path: Path) -> None:
    import av

    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as out:
        film = out.add_stream("ffv1", rate=30)
        film.width, film.height, film.pix_fmt = 80, 56, "bgr0"
        for i in range(30):
            out.mux(film.encode(av.VideoFrame.from_ndarray(picture(56, 80, i), format="rgb24")))
        out.mux(film.encode())
    folder = folders["tiny-film"]
    frames = list(stream(path, probe(path), fps=7.5, want_sound=False))
    assert len(frames) == 8
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    network = VideoNetwork.from_pretrained(folder)
    expected = []
    for begun in (0, 4):
        four = [Image.fromarray(frame.pixels) for frame in frames[begun : begun + 4]]
        with torch.no_grad():
            logits = network(processor(four, return_tensors="pt").pixel_values).logits
        expected.append(odds(logits, [1]))
    found = finding(run, path, "tiny-film")
    assert found["details"]["parts"] == 2
    assert found["score"] == pytest.approx(np.mean(expected), abs=CLOSE)
    assert abs(expected[0] - expected[1]) > 10 * CLOSE
    (span,) = found["where"]["spans"]
    assert span["start"] == pytest.approx(frames[4 * int(np.argmax(expected))].time, abs=1e-3)


@pytest.mark.parametrize(
    "given",
    [
        {"size": {"shortest_edge": 40}, "crop_size": 31, "do_center_crop": True, "resample": 3},
        {"size": {"height": 37, "width": 37}, "crop_size": 32, "do_center_crop": True},
        {"size": {"height": 20, "width": 34}, "resample": 1, "do_rescale": False},
        {"size": {"height": 33, "width": 33}, "resample": 0, "do_normalize": False},
    ],
)
def test_every_way_to_prepare_a_picture_is_that_of_transformers(given: dict[str, Any]) -> None:
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    plain = {"do_center_crop": False, "do_convert_rgb": True}
    processor = CLIPImageProcessorPil(**(plain | given))
    look = picture_look(processor)
    shape: list[int | str] = ["batch", 3, look.height, look.width]
    part = Input(
        name="x", shape=shape, layout="", preparation="", take="picture", fit=look.fit,
        side=look.side, filter=look.filter, centre=look.centre,
    )  # fmt: skip
    for height, width in [(50, 83), (241, 118), (41, 41)]:
        pixels = picture(height, width, width)
        theirs = processor(Image.fromarray(pixels), return_tensors="np").pixel_values[0]
        view = preparation.picture_view(part, width, height)
        ours = look.normal.apply(view.take(pixels).transpose(2, 0, 1))
        assert np.abs(ours - theirs).max() <= CLOSE
        assert 0 <= view.seen.x <= width - view.seen.width + 1e-6


@pytest.mark.parametrize("given", [{"include_top": True}, {"rescale_offset": True}])
def test_shifted_and_doubled_normalisation(given: dict[str, Any]) -> None:
    from transformers.models.efficientnet import image_processing_pil_efficientnet as module

    processor = module.EfficientNetImageProcessorPil(**({"include_top": False} | given))
    look = picture_look(processor)
    shape: list[int | str] = ["batch", 3, look.height, look.width]
    part = Input(
        name="x", shape=shape, layout="", preparation="", take="picture", filter=look.filter
    )
    pixels = picture(240, 300, 8)
    theirs = np.asarray(processor(Image.fromarray(pixels)).pixel_values[0])
    ours = preparation.picture_view(part, 300, 240).take(pixels).transpose(2, 0, 1)
    assert np.abs(look.normal.apply(ours) - theirs).max() <= CLOSE


def test_what_no_card_can_say_is_refused(
    run: Any, tmp_path: Path, folders: dict[str, Path]
) -> None:
    folder = shutil.copytree(folders["tiny-vit"], tmp_path / "m")
    told = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(
        json.dumps(told | {"size": {"longest_edge": 32}})
    )
    code, _, err = run("models", "add", folder, "--name", "other")
    assert (code, err.count("\n")) == (4, 1)
    assert "no card can say" in err


def test_card_and_record_say_where_it_comes_from(converted: Path, folders: dict[str, Path]) -> None:
    card = read_card(converted / "tiny-vit" / "card.toml")
    record = tomllib.loads((converted / "tiny-vit" / "source.toml").read_text())
    assert card.file().licence == record["licence"] == "apache-2.0"
    assert record["forged"] == ["deepfake", "ai_generated"]
    assert set(record["sha256"]) == {
        "config.json", "preprocessor_config.json", "model.safetensors", "README.md",
    }  # fmt: skip
    assert record["largest_difference_of_scores"] <= CLOSE
    assert "not calibrated" in " ".join(card.limits)


def test_a_name_that_is_taken_is_refused(run: Any, folders: dict[str, Path]) -> None:
    code, _, err = run("models", "add", folders["tiny-vit"])
    assert code == 4
    assert "--replace" in err
    code, _, err = run("models", "add", folders["tiny-vit"], "--name", "mesonet")
    assert code == 4
    assert "part of unmask" in err


def test_a_checkpoint_of_timm(run: Any, tmp_path: Path, shelf: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("UNMASK_MODELS", str(shelf))
    torch.manual_seed(5)
    network = timm.create_model("test_resnet", num_classes=2)
    path = tmp_path / "resnet.pth"
    torch.save({"state_dict": network.state_dict()}, path)
    arguments = ("models", "add", path, "--architecture", "test_resnet")
    code, _, err = run(*arguments)
    assert code == 4
    assert "--labels real,fake" in err
    code, _, err = run(*arguments, "--labels", "fake,real", "--take", "picture", "--licence", "mit")
    assert code == 0, err
    assert read_card(shelf / "resnet" / "card.toml").file().licence == "mit"
    pixels = picture(171, 222, 1)  # an odd rim around the middle
    Image.fromarray(pixels).save(tmp_path / "a.png")
    change = create_transform(**resolve_data_config(model=network), is_training=False)
    with torch.no_grad():
        logits = network.eval()(change(Image.fromarray(pixels))[None])
    found = finding(run, tmp_path / "a.png", "resnet")
    assert found["score"] == pytest.approx(odds(logits, [0]), abs=CLOSE)
