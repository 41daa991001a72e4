"""All the tags of a file, whatever its kind."""

from __future__ import annotations

from pathlib import Path

from unmask.media import sniff
from unmask.media._source import open_regular
from unmask.media.containers.part import file_at
from unmask.metadata import exif, gif, heif, jpeg, png, stealth, webp
from unmask.metadata.fields import Collector, Metadata


def read_metadata(path: Path) -> Metadata:
    """Collect the tags of a photo, video or recording.

    Broken blocks become notes. Raises UnreadableMedia or UnsupportedMedia when the file itself
    cannot be opened or is no media.
    """
    out = Collector()
    with open_regular(path) as file:
        container = sniff.sniff(file, path)
        at, size = file_at(file), file.seek(0, 2)
        match container.pillow:
            case "JPEG":
                jpeg.read(at, size, out)
            case "PNG":
                png.read(at, size, out)
                stealth.read(path, out)
            case "GIF":
                gif.read(at, out)
            case "WEBP":
                webp.read(at, size, out)
            case "TIFF":
                exif.read(at, out, whole_file=True)
            case "AVIF" | "HEIF":
                heif.read(at, size, out)
            case "":
                from unmask.metadata import recording

                recording.read(path, file, container, out)
    return out.done()
