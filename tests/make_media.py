"""Makers of small media of every kind, for all tests. Everything is made here; nothing is stored.

``every_kind(folder)`` writes one small file of each format that unmask reads. The other makers
write odd and hostile files.
"""

from __future__ import annotations

import io
import math
import os
import struct
import wave
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.logging
import numpy as np
from PIL import Image

os.environ.setdefault("SVT_LOG", "1")
av.logging.set_level(None)

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def quadrants(width: int = 64, height: int = 48) -> Pixels:
    """Red, green over blue, white: shows which way is up and left."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = WHITE
    return pixels


def corners(pixels: Pixels) -> list[str]:
    """The colours of the four corners: top left, top right, bottom left, bottom right."""
    names = {RED: "red", GREEN: "green", BLUE: "blue", WHITE: "white"}
    height, width = pixels.shape[:2]
    spots = [(height // 4, width // 4), (height // 4, -width // 4)]
    spots += [(-height // 4, width // 4), (-height // 4, -width // 4)]
    found = []
    for y, x in spots:
        colour = tuple(255 if value > 127 else 0 for value in pixels[y, x])
        found.append(names.get(colour, str(colour)))
    return found


def photo(width: int = 96, height: int = 64, seed: int = 0) -> Pixels:
    """A smooth picture with some grain, so that codecs have work to do."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / (7 + 3 * c) + seed) + np.cos(y / (5 + 2 * c)) for c in range(3)]
    smooth = 128 + 50 * np.stack(waves, -1)
    return np.clip(smooth + rng.normal(0, 4, (height, width, 3)), 0, 255).astype(np.uint8)


def image(path: Path, pixels: Pixels | None = None, mode: str = "RGB", **options: Any) -> Path:
    """Save a picture; the format follows the name unless ``format`` is given."""
    made = Image.fromarray(quadrants() if pixels is None else pixels)
    made.convert(mode).save(path, **options)
    return path


def animation(path: Path, count: int = 6, milliseconds: int = 100, **options: Any) -> Path:
    """A moving GIF, WebP, PNG or AVIF; frame ``i`` is grey of level ``40 · i``."""
    shots = [Image.new("RGB", (64, 48), (40 * i % 256,) * 3) for i in range(count)]
    more = {"duration": milliseconds, "loop": 0, **options}
    shots[0].save(path, save_all=True, append_images=shots[1:], **more)
    return path


def oriented_jpeg(path: Path, orientation: int) -> Path:
    """A JPEG stored so that its EXIF orientation brings ``quadrants()`` upright."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = Image.fromarray(quadrants())
    if orientation in undo:
        stored = stored.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(path, "JPEG", quality=95, exif=exif)
    return path


def video(
    path: Path,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    count: int = 20,
    rate: Fraction | float = 10,
    size: tuple[int, int] = (64, 48),
    paint: Callable[[int], Pixels] | None = None,
    times: Sequence[float] | None = None,
    rotation: int | None = None,
    sound: str | None = None,
    options: dict[str, str] | None = None,
    muxer: str | None = None,
    muxing: dict[str, str] | None = None,
    **context: Any,
) -> Path:
    """Encode a video. ``paint(i)`` makes frame ``i`` (default: ``quadrants``).

    ``times`` gives the second of each frame (variable frame rate). ``sound`` names an audio codec
    for a 440 Hz tone of the same length. ``context`` is set on the codec (colour code points).
    """
    width, height = size
    speed = Fraction(rate).limit_denominator(1001)
    base = Fraction(1, 90_000)
    with av.open(str(path), "w", format=muxer, container_options=muxing) as out:
        stream: Any = out.add_stream(codec, rate=speed, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.time_base = base if times is not None else 1 / speed
        for name, value in context.items():
            setattr(stream.codec_context, name, value)
        if rotation is not None:
            stream.set_display_rotation(rotation)
        voice = _add_sound(out, sound) if sound else None
        for index in range(count):
            pixels = quadrants(width, height) if paint is None else paint(index)
            given = (
                "rgba" if pixels.shape[2] == 4 else "rgb48le" if pixels.itemsize == 2 else "rgb24"
            )
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=given)
            frame = frame.reformat(format=pixel_format)
            if times is not None:
                frame.pts, frame.time_base = round(times[index] / base), base
            else:
                frame.pts, frame.time_base = index, 1 / speed
            for packet in stream.encode(frame):
                out.mux(packet)
            if voice:
                _mux_tone(out, voice, index / float(speed), (index + 1) / float(speed))
        for packet in stream.encode(None):
            out.mux(packet)
        if voice:
            for packet in voice.encode(None):
                out.mux(packet)
    return path


def _add_sound(out: Any, codec: str, rate: int = 48_000, layout: str = "mono") -> Any:
    stream = out.add_stream(codec, rate=rate)
    stream.codec_context.layout = layout
    stream.codec_context.bit_rate = 64_000
    return stream


def _mux_tone(out: Any, stream: Any, start: float, end: float) -> None:
    rate = stream.codec_context.sample_rate
    first, last = round(start * rate), round(end * rate)
    values = tone(last - first, rate, 440.0, first)
    for packet in stream.encode(_audio_frame(values[None, :], rate, "mono", first)):
        out.mux(packet)


def _audio_frame(values: Any, rate: int, layout: str, first: int) -> Any:
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(values.T.reshape(1, -1), np.float32), format="flt", layout=layout
    )
    frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
    return frame


def tone(samples: int, rate: int, hertz: float = 440.0, first: int = 0) -> Any:
    """A sine of half of full scale."""
    return 0.5 * np.sin(2 * math.pi * hertz * (np.arange(samples) + first) / rate)


def sound(
    path: Path,
    codec: str = "pcm_s16le",
    rate: int = 16_000,
    layout: str = "mono",
    seconds: float = 2.0,
    hertz: float = 440.0,
    sample_format: str | None = None,
    muxer: str | None = None,
    block: int = 1_000,
    cover: bytes | None = None,
) -> Path:
    """Encode a recording of a sine in every channel, in frames of ``block`` samples."""
    values = tone(round(seconds * rate), rate, hertz)
    with av.open(str(path), "w", format=muxer) as out:
        stream = _add_sound(out, codec, rate, layout)
        if sample_format:
            stream.codec_context.format = sample_format
        picture: Any = None
        if cover is not None:
            picture = out.add_stream("mjpeg", rate=1)
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
        channels = stream.codec_context.layout.nb_channels
        out.start_encoding()
        if cover is not None:
            packet = av.Packet(cover)
            packet.stream, packet.pts, packet.dts = picture, 0, 0
            out.mux(packet)
        for first in range(0, len(values), block):
            part = np.repeat(values[None, first : first + block], channels, axis=0)
            for packet in stream.encode(_audio_frame(part, rate, layout, first)):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return path


def wav(path: Path, samples: Any, rate: int = 16_000, channels: int = 1) -> Path:
    """A 16-bit WAV by Python's own writer; ``samples`` in -1…1, interleaved."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.asarray(samples) * 32767).astype("<i2").tobytes())
    return path


def jpeg_bytes(pixels: Pixels | None = None, **options: Any) -> bytes:
    """A JPEG in memory."""
    buffer = io.BytesIO()
    Image.fromarray(quadrants() if pixels is None else pixels).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def png_chunk(name: bytes, body: bytes) -> bytes:
    """One chunk with its length and check sum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_bytes(width: int, height: int, data: bytes, extra: bytes = b"") -> bytes:
    """An 8-bit grey PNG with a header of our choice and already compressed pixel data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + extra + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def bomb_png(side: int) -> bytes:
    """A small PNG that unpacks to ``side`` × ``side`` grey pixels."""
    packer = zlib.compressobj(9)
    row = b"\0" * (side + 1)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png_bytes(side, side, data)


def text_bomb_png() -> bytes:
    """A PNG whose compressed comment unpacks to 100 MB."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"a" * 1_000_000) for _ in range(100)) + packer.flush()
    extra = png_chunk(b"zTXt", b"Comment\0\0" + packed)
    return png_bytes(8, 8, zlib.compress(b"\0" * 72), extra)


def huge_gif(width: int, height: int) -> bytes:
    """A GIF that announces any canvas up to 65535 and holds one pixel."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\0\x3b"
    return screen + frame


def huge_bmp(width: int, height: int) -> bytes:
    """A BMP that announces any size."""
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 64, 0, 0, 54) + info + bytes(64)


def huge_tiff(width: int, height: int, rows_per_strip: int | None = None) -> bytes:
    """An uncompressed TIFF that announces any size in one strip."""
    strip = rows_per_strip or height
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1)]
    tags += [(273, 4, 8), (277, 3, 1), (278, 4, strip), (279, 4, min(width * strip, 2**32 - 1))]
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return (
        b"II*\0" + struct.pack("<I", 16) + bytes(8) + struct.pack("<H", len(tags)) + body + bytes(4)
    )


def huge_webp(width: int, height: int) -> bytes:
    """An extended WebP that announces any canvas up to 2²⁴."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def patch(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replace a header field of the same length everywhere; it must be there."""
    assert len(old) == len(new), "a patched header must keep its length"
    assert old in data, "the header to patch is not there"
    return data.replace(old, new)


def huge_mp4(path: Path, width: int, height: int) -> Path:
    """A QuickTime animation whose sample description announces any size up to 65535."""
    video(path, "qtrle", "rgb24", count=3, muxer="mov")
    small, large = struct.pack(">HH", 64, 48), struct.pack(">HH", width, height)
    data = path.read_bytes()
    at = data.index(b"rle ", data.index(b"stsd")) + 28
    assert data[at : at + 4] == small
    path.write_bytes(data[:at] + large + data[at + 4 :])
    return path


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def heic(path: Path, pixels: Pixels | None = None, turns: int = 0) -> Path:
    """A HEIC around one HEVC key frame; ``turns`` quarter turns to the left in its ``irot``."""
    pixels = quadrants() if pixels is None else pixels
    height, width = pixels.shape[:2]
    mp4 = path.with_suffix(".heic.mp4")
    quiet = {"x265-params": "log-level=none:keyint=1", "crf": "10"}
    video(mp4, "libx265", count=1, size=(width, height), paint=lambda _: pixels, options=quiet)
    with av.open(str(mp4)) as made:
        record = bytes(made.streams.video[0].codec_context.extradata or b"")
        coded = bytes(next(made.demux(video=0)))
    mp4.unlink()
    full = bytes(4)
    properties = [_box(b"hvcC", record), _box(b"ispe", full, struct.pack(">II", width, height))]
    if turns:
        properties.append(_box(b"irot", bytes([turns])))
    links = bytes([len(properties)]) + bytes(0x80 | (i + 1) for i in range(len(properties)))
    ftyp = _box(b"ftyp", b"heic", full, b"mif1heic")

    def meta(offset: int) -> bytes:
        return _box(
            b"meta",
            full,
            _box(b"hdlr", full, full, b"pict", bytes(13)),
            _box(b"pitm", full, struct.pack(">H", 1)),
            _box(
                b"iloc",
                full,
                b"\x44\0",
                struct.pack(">HHHHII", 1, 1, 0, 1, offset, len(coded)),
            ),
            _box(
                b"iinf",
                full,
                struct.pack(">H", 1),
                _box(b"infe", b"\x02\0\0\0", struct.pack(">HH", 1, 0), b"hvc1", b"\0"),
            ),
            _box(
                b"iprp",
                _box(b"ipco", *properties),
                _box(b"ipma", full, struct.pack(">IH", 1, 1), links),
            ),
        )

    offset = len(ftyp) + len(meta(0)) + 8
    path.write_bytes(ftyp + meta(offset) + _box(b"mdat", coded))
    return path


_PICTURES: dict[str, dict[str, Any]] = {
    "photo.jpg": {"quality": 85},
    "progressive.jpg": {"quality": 85, "progressive": True},
    "grey.jpg": {"mode": "L"},
    "cmyk.jpg": {"mode": "CMYK"},
    "photo.png": {},
    "palette.png": {"mode": "P"},
    "alpha.png": {"mode": "RGBA"},
    "photo.webp": {"quality": 80},
    "lossless.webp": {"lossless": True, "mode": "RGBA"},
    "palette.gif": {"mode": "P"},
    "photo.tif": {},
    "packed.tif": {"compression": "tiff_lzw"},
    "jpeg.tif": {"compression": "jpeg"},
    "photo.bmp": {},
    "photo.avif": {"quality": 70},
}
_VIDEOS: dict[str, dict[str, Any]] = {
    "h264.mp4": {"sound": "aac"},
    "hevc.mp4": {"codec": "libx265", "options": {"x265-params": "log-level=none"}},
    "av1.mp4": {"codec": "libsvtav1", "options": {"preset": "12"}},
    "mpeg4.avi": {"codec": "mpeg4", "sound": "libmp3lame"},
    "mjpeg.avi": {"codec": "mjpeg", "pixel_format": "yuvj420p"},
    "vp8.webm": {"codec": "libvpx", "sound": "libopus"},
    "vp9.webm": {"codec": "libvpx-vp9"},
    "ffv1.mkv": {"codec": "ffv1", "sound": "flac"},
    "prores.mov": {"codec": "prores_ks", "pixel_format": "yuva444p10le"},
    "rle.mov": {"codec": "qtrle", "pixel_format": "argb"},
    "h264.ts": {"sound": "aac"},
    "mpeg2.mpg": {"codec": "mpeg2video", "rate": 25},
    "h264.flv": {"sound": "aac"},
    "ms.asf": {"codec": "msmpeg4v3", "sound": "wmav2"},
}
_SOUNDS: dict[str, dict[str, Any]] = {
    "pcm.wav": {},
    "float.wav": {"codec": "pcm_f32le"},
    "deep.wav": {"codec": "pcm_s24le", "layout": "stereo", "rate": 48_000},
    "law.wav": {"codec": "pcm_mulaw", "rate": 8_000},
    "music.flac": {"codec": "flac", "layout": "stereo", "rate": 44_100},
    "music.mp3": {"codec": "libmp3lame", "rate": 44_100},
    "music.m4a": {"codec": "aac", "rate": 44_100},
    "lossless.m4a": {"codec": "alac", "rate": 44_100, "muxer": "ipod"},
    "raw.aac": {"codec": "aac", "rate": 44_100},
    "voice.opus": {"codec": "libopus", "rate": 48_000},
    "voice.ogg": {"codec": "libopus", "rate": 48_000, "muxer": "ogg"},
    "big.aiff": {"codec": "pcm_s16be"},
    "old.au": {"codec": "pcm_s16be"},
    "apple.caf": {"codec": "pcm_s16le"},
    "long.w64": {"codec": "pcm_s16le"},
    "voice.wma": {"codec": "wmav2", "rate": 44_100, "muxer": "asf"},
    "film.ac3": {"codec": "ac3", "rate": 48_000, "layout": "5.1"},
}


def _moving_photo(index: int) -> Pixels:
    return photo(64, 48, index)


def every_kind(folder: Path) -> dict[str, list[Path]]:
    """One small file of each format: {"image": …, "video": …, "audio": …}."""
    folder.mkdir(parents=True, exist_ok=True)
    images = [image(folder / name, photo(), **given) for name, given in _PICTURES.items()]
    images.append(heic(folder / "photo.heic", photo()))
    videos = [
        video(folder / name, paint=_moving_photo, **{"count": 12, **given})
        for name, given in _VIDEOS.items()
    ]
    videos += [animation(folder / f"moving.{end}") for end in ("gif", "webp", "png", "avif")]
    sounds = [sound(folder / name, **given) for name, given in _SOUNDS.items()]
    sounds.append(sound(folder / "cover.mp3", "libmp3lame", 44_100, cover=jpeg_bytes()))
    return {"image": images, "video": videos, "audio": sounds}
