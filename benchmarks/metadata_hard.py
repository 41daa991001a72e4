"""Files without any declaration whose tags look a little like one, and plain encodes."""

from __future__ import annotations

from collections.abc import Iterator

from metadata_shelf import Made, Shelf, exiftool, run


def hard_negatives(shelf: Shelf) -> Iterator[Made]:
    """Innocent tags and plain files of every format."""
    kind = "innocent tags that resemble a trace, by exiftool, Pillow and FFmpeg"
    for name, tags in (
        ("steps", ["-EXIF:UserComment=Steps: 200 stairs up, then left"]),
        ("artist", ["-EXIF:Artist=Sora Tanaka", "-IPTC:By-line=Gemini Leonardo"]),
        ("software", ["-EXIF:Software=Forever Editor 2.0"]),
        ("luma", ["-EXIF:Software=Luma Chart Export"]),
        ("title", ["-XMP-dc:Title=How Midjourney works", "-XMP-dc:Subject=Stable Diffusion"]),
        ("job", ["-XMP-dc:Description=Wedding, job id 4711"]),
        ("capture", ["-XMP-iptcExt:DigitalSourceType=http://cv.iptc.org/newscodes/"
                     "digitalsourcetype/digitalCapture"]),
        ("photoshop", ["-XMP-xmp:CreatorTool=Adobe Photoshop 25.0", "-EXIF:Software=GIMP 2.10"]),
        ("credit", ["-IPTC:Credit=Google Street View", "-XMP-photoshop:Credit=AI Weiwei Studio"]),
        ("prompt", ["-EXIF:ImageDescription=A prompt answer, --very urgent"]),
        ("scheme", ["-XMP-xmp:CreatorTool=Flux capacitor 1.21"]),
        ("signature", ["-EXIF:ImageDescription=Signature: J. Smith", "-EXIF:Artist=J. Smith"]),
        ("imagen", ["-EXIF:Software=Imagen Digital S.A."]),
        ("parade", ["-Comment={\"frames\": 3, \"nodes\": 2}"]),
        ("house", ["-XMP-photoshop:Credit=Sora", "-IPTC:Credit=Gemini", "-EXIF:Artist=Midjourney"]),
        ("denied", ["-XMP-dc:Description=This photograph is not AI-generated."]),
        ("mention", ["-IPTC:Caption-Abstract=A talk on AI-generated pictures made with DALL-E"]),
        ("stairs", ["-EXIF:UserComment=Stair survey. Steps: 12, riser 18 cm, Model: J. Doe"]),
        ("number", ["-XMP-dc:Description=Roof. Job ID: 134460e9-cb4f-4446-bdfd-d1651b840c80"]),
        ("lightroom", ["-EXIF:Software=Adobe Photoshop Lightroom Classic 13.0 (Macintosh)"]),
    ):  # fmt: skip
        yield Made(exiftool(shelf.picture(name, "jpg"), *tags), kind, "")
    for name, texts in (
        ("comment", {"Comment": '{"a": 1, "steps": "walk"}'}),
        ("software", {"Software": "Matplotlib version3.9", "Title": "AI generated revenue"}),
        ("parameters", {"parameters": "threshold 0.5, iterations 20"}),
        ("prompt", {"prompt": "username:", "workflow": "draft, review, print"}),
        ("date", {"date:create": "2024-01-01T00:00:00+00:00", "Author": "Dall Eberhard"}),
    ):
        yield Made(shelf.png(name, **texts), kind, "")
    for suffix, tag in (("mp3", "artist=Flite"), ("flac", "comment=The song of the coqui frog"),
                        ("m4a", "artist=ElevenLabs")):  # fmt: skip
        yield Made(shelf.sound("named", suffix, "-metadata", tag), kind, "")
    kind = "plain files as the tools write them, by FFmpeg, ImageMagick, lame, opusenc, sox"
    for suffix in ("mp3", "m4a", "wav", "flac", "ogg", "opus", "mka", "aac", "wv", "aiff"):
        title = ("-metadata", "title=The deepfake debate", "-metadata", "artist=Sora")
        yield Made(shelf.sound("plain", suffix), kind, "")
        yield Made(shelf.sound("titled", suffix, *title), kind, "")
    for suffix in ("mp4", "mkv", "mov", "webm", "avi", "flv", "ts", "mpg"):
        rate = ("-r", "25") if suffix == "mpg" else ()
        when = ("-metadata", "creation_time=2024-03-03T10:00:00Z")
        yield Made(shelf.video("plain", suffix, *rate), kind, "")
        yield Made(shelf.video("dated", suffix, *rate, *when), kind, "")
    for suffix in ("jpg", "png", "tif", "webp", "gif", "bmp"):
        base = shelf.picture("base", "png")
        path = shelf.path("magick", suffix)
        run("convert", base, "-set", "comment", "holiday", path)
        yield Made(path, kind, "")
        yield Made(shelf.picture("pillow", suffix), kind, "")
    wav = shelf.sound("plain", "wav")
    for name, suffix, command in (
        ("lame", "mp3", ("lame", "--quiet")),
        ("opusenc", "opus", ("opusenc", "--quiet")),
        ("sox", "flac", ("sox",)),
    ):
        path = shelf.path(name, suffix)
        run(*command, wav, path)
        yield Made(path, kind, "")
