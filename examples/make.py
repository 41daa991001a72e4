"""Make the examples of this folder again.

    python examples/make.py --librivox DIR

The originals are freely licensed and come with registry packages: the photos with scikit-image
(astronaut: NASA, public domain; coffee: Rachel Michetti, CC0; cat: Stéfan van der Walt, CC0), the
reading with Debian's `pocketsphinx-testdata` (LibriVox, public domain; DIR is the folder
`librivox` of that package). The fakes are made by `unmask forge`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import soundfile
from PIL import Image
from skimage import data

HERE = Path(__file__).parent
READING = "sense_and_sensibility_01_austen_64kb-0870.wav"
FORGED_FROM, FORGED_FOR = 3.0, 1.0
RATE = 16000
FPS = 25


def forge(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "unmask", "forge", *map(str, arguments)]
    subprocess.run(command, check=True)


def photos(face_seed: int, splice_seed: int) -> None:
    Image.fromarray(data.astronaut()).save(HERE / "astronaut.jpg", quality=92)
    Image.fromarray(data.coffee()).save(HERE / "coffee.jpg", quality=92)
    cat = HERE / "cat.jpg"
    Image.fromarray(data.chelsea()).save(cat, quality=92)
    forge("face", HERE / "astronaut.jpg", HERE / "astronaut-blended.jpg", "--seed", str(face_seed))
    forge(
        "picture", HERE / "coffee.jpg", HERE / "coffee-spliced.jpg",
        "--donor", cat, "--seed", str(splice_seed),
    )  # fmt: skip


def sound(librivox: Path) -> None:
    samples, rate = soundfile.read(librivox / READING, dtype="float32")
    assert rate == RATE
    soundfile.write(HERE / "reading.flac", samples, RATE)
    forge(
        "voice", HERE / "reading.flac", HERE / "reading-edited.flac", "--start", str(FORGED_FROM),
        "--seconds", str(FORGED_FOR), "--method", "mel-griffin-lim",
    )  # fmt: skip


def video(seconds: int = 4) -> None:
    """The portrait as a swaying 640 × 360 talking head with the reading as its sound."""
    portrait = Image.fromarray(data.astronaut())
    rng = np.random.default_rng(0)
    voice, _ = soundfile.read(HERE / "reading.flac", dtype="float32")
    with av.open(str(HERE / "talking.mp4"), "w") as out:
        picture = out.add_stream("libx264", rate=FPS, options={"crf": "23"})
        picture.width, picture.height, picture.pix_fmt = 640, 360, "yuv420p"
        track = out.add_stream("aac", rate=RATE, layout="mono")
        for i in range(seconds * FPS):
            left = round(-64 + 20 * np.sin(i / 17))
            top = round(-10 + 12 * np.sin(i / 29))
            box = (left, top, left + 640, top + 360)
            turned = portrait.rotate(2 * np.sin(i / 23), Image.Resampling.BICUBIC)
            pixels = np.asarray(turned.crop(box), np.float32) + rng.normal(0, 2, (360, 640, 1))
            frame = av.VideoFrame.from_ndarray(np.clip(pixels, 0, 255).astype(np.uint8), "rgb24")
            out.mux(picture.encode(frame))
        out.mux(picture.encode())
        wave = voice[: seconds * RATE]
        for start in range(0, len(wave), 1024):
            block = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], "fltp", "mono")
            block.sample_rate, block.pts = RATE, start
            out.mux(track.encode(block))
        out.mux(track.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--librivox", type=Path, required=True)
    parser.add_argument("--face-seed", type=int, default=39)
    parser.add_argument("--splice-seed", type=int, default=15)
    options = parser.parse_args()
    photos(options.face_seed, options.splice_seed)
    sound(options.librivox)
    video()


if __name__ == "__main__":
    main()
