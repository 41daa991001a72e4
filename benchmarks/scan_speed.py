"""What a scan costs beside its bare parts, in one run.

    python benchmarks/scan_speed.py                     # speed on a 60-second 720p talking head
    python benchmarks/scan_speed.py --memory            # and resident memory, 60 minutes against 1

The video is made here: the astronaut portrait of scikit-image as a moving, noisy 1280 × 720 talking
head at 25 frames a second with a sound track. `bare` is the time of the same calls of ONNX Runtime
on the same tensors (of the small models and of the encoder), of the same face searches, and of
decoding alone, one after the other; the pipeline does all of it plus cropping, tracking, speech
activity, facts, aggregation and fusion.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

import unmask.faces.detect as detecting
from unmask.feeding import SOUND_RATE
from unmask.media import Limits, probe, stream
from unmask.runtime.session import runtime
from unmask.scanning import scan
from unmask.settings import Settings

FPS = 25
_GAP = 0.2  # seconds between repeats: decoders start a little before their first time stamp


def make_video(path: Path, seconds: int, voice: Path | None) -> None:
    """A 720p portrait that sways and breathes, with camera noise, and a voice or a hum."""
    from PIL import Image
    from skimage import data

    portrait = Image.fromarray(data.astronaut()).resize((1024, 1024), Image.Resampling.LANCZOS)
    canvas = Image.new("RGB", (1600, 1100), (96, 104, 112))
    canvas.paste(portrait, (288, 38))
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 3, (8, 720, 1280, 1)).astype(np.float32)
    with av.open(str(path), "w") as out:
        picture = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "23"})
        picture.width, picture.height, picture.pix_fmt = 1280, 720, "yuv420p"
        sound = out.add_stream("aac", rate=SOUND_RATE, layout="mono")
        for i in range(seconds * FPS):
            x = 160 + 40 * np.sin(i / 17)
            y = 150 + 30 * np.sin(i / 29)
            turn = canvas.rotate(2 * np.sin(i / 23), Image.Resampling.BILINEAR)
            crop = turn.crop((int(x), int(y), int(x) + 1280, int(y) + 720))
            pixels = np.asarray(crop, np.float32) + noise[i % 8]
            frame = av.VideoFrame.from_ndarray(np.clip(pixels, 0, 255).astype(np.uint8), "rgb24")
            out.mux(picture.encode(frame))
        out.mux(picture.encode())
        wave = _voice(voice, seconds)
        for start in range(0, len(wave), SOUND_RATE):
            part = wave[start : start + SOUND_RATE][None]
            block = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), "fltp", "mono")
            block.sample_rate, block.pts = SOUND_RATE, start
            out.mux(sound.encode(block))
        out.mux(sound.encode())


def _voice(voice: Path | None, seconds: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    count = seconds * SOUND_RATE
    if voice is None or not voice.exists():
        return (0.1 * np.sin(np.arange(count) * 0.05)).astype(np.float32)
    import soundfile

    wave, rate = soundfile.read(voice, dtype="float32")
    assert rate == SOUND_RATE
    return np.resize(wave, count).astype(np.float32)


def repeat(path: Path, out_path: Path, times: int) -> None:
    """The same packets over and over with shifted time stamps: a long file made quickly."""
    with av.open(str(out_path), "w") as out:
        made: dict[int, Any] = {}
        end = 0.0
        for _ in range(times):
            shift = end + _GAP if made else 0.0
            with av.open(str(path)) as source:
                if not made:
                    made = {s.index: out.add_stream_from_template(s) for s in source.streams}
                for packet in source.demux():
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    base = packet.time_base
                    last = (max(packet.pts, packet.dts) + (packet.duration or 1)) * base
                    end = max(end, shift + float(last))
                    packet.pts += round(shift / base)
                    packet.dts += round(shift / base)
                    packet.stream = made[packet.stream.index]
                    out.mux(packet)


class Recorder:
    """Wraps a function, keeps its arguments, and can run it again bare."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self.on = True

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        if self.on:
            self.calls.append((args, keywords))
        return self.function(*args, **keywords)

    def replay(self) -> float:
        begun = time.perf_counter()
        for args, keywords in self.calls:
            self.function(*args, **keywords)
        return time.perf_counter() - begun


def speed(path: Path, runs: int) -> None:
    settings = Settings()
    media = probe(path, Limits())
    session = runtime().InferenceSession
    bare_run, bare_detect = session.run, detecting.detect
    models, faces = Recorder(bare_run), Recorder(bare_detect)
    session.run = lambda self, *given: models(self, *given)
    patched = [
        module
        for module in list(sys.modules.values())
        if getattr(module, "detect", None) is bare_detect
    ]
    from unmask import registry

    registry.analyzers()
    patched += [m for m in sys.modules.values() if getattr(m, "detect", None) is bare_detect]
    for module in patched:
        module.detect = faces  # type: ignore[attr-defined]
    scan(path, settings)
    models.on = faces.on = False
    session.run = bare_run
    for module in patched:
        module.detect = bare_detect  # type: ignore[attr-defined]
    rows = []
    for _ in range(runs):
        begun = time.perf_counter()
        scan(path, settings)
        whole = time.perf_counter() - begun
        begun = time.perf_counter()
        for _part in stream(
            path, media, fps=settings.fps, rate=SOUND_RATE, want_frames=True, want_sound=True,
            limits=Limits(), on_note=lambda _: None,
        ):  # fmt: skip
            pass
        decode = time.perf_counter() - begun
        rows.append((whole, models.replay(), faces.replay(), decode))
    whole, model, face, decode = (statistics.median(column) for column in zip(*rows, strict=True))
    ratio = statistics.median(w / (m + f + d) for w, m, f, d in rows)
    assert media.seconds is not None
    print(f"video {media.seconds:.0f} s, {media.width} × {media.height}, {os.cpu_count()} cores")
    print(f"model calls {len(models.calls)}, face searches {len(faces.calls)}, runs {runs}")
    print("| part | median s |\n|---|---:|")
    print(f"| models, bare | {model:.2f} |\n| face search, bare | {face:.2f} |")
    print(f"| decoding, bare | {decode:.2f} |\n| the whole scan | {whole:.2f} |")
    print(f"\nscan / (models + face search + decoding) = {ratio:.2f}")
    print(f"media seconds / scan seconds = {media.seconds / whole:.1f} × real time")


_CHILD = """
import pathlib, sys
from unmask.scanning import scan
scan(sys.argv[1])
status = pathlib.Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""
# The resource module's figure would not do: a child begins with the peak of its parent.


def memory(short: Path, minutes: int, folder: Path) -> None:
    long = folder / "long.mp4"
    repeat(short, long, minutes)
    peaks = {}
    for name, path in (("1 minute", short), (f"{minutes} minutes", long)):
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, str(path)], check=True, capture_output=True, text=True
        )
        peaks[name] = int(done.stdout) / 1024
        print(f"peak resident memory, {name}: {peaks[name]:.0f} MB", flush=True)
    one, many = peaks.values()
    print(f"ratio {many / one:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--voice", type=Path, default=Path("examples/reading.flac"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short = folder / "short.mp4"
        make_video(short, options.seconds, options.voice)
        speed(short, options.runs)
        if options.memory:
            minute = folder / "minute.mp4"
            make_video(minute, 60, options.voice)
            memory(minute, options.minutes, folder)


if __name__ == "__main__":
    main()
