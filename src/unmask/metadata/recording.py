"""Tags of videos and recordings, as FFmpeg reads them, and marks that encoders leave in streams."""

from __future__ import annotations

import io
import re
from pathlib import Path

from unmask.errors import MediaError
from unmask.media import sniff
from unmask.media.containers.part import file_at
from unmask.metadata import id3, mp4
from unmask.metadata.fields import Collector
from unmask.metadata.text import decoded

_HEAD = 262_144
_MARKS = re.compile(
    rb"x26[45][ -]+(?:core|\(build)[ \w()+.]{1,40}|LAME3\.\d{2,3}|Lavc\d+\.\d+(?:\.\d+)?"
    rb"|Lavf\d+\.\d+(?:\.\d+)?|SVT-AV1[ \w.-]{0,24}|libvpx"
)


def read(path: Path, file: io.FileIO, container: sniff.Container, out: Collector) -> None:
    """Collect the tags of the container and of each stream."""
    at = file_at(file)
    size = file.seek(0, 2)
    if container.demuxer == "mov":
        mp4.read(at, size, out)
    id3.read(at, size, out)
    marks = dict.fromkeys(found[0] for found in _MARKS.finditer(at(0, _HEAD)))
    for mark in list(marks)[:8]:
        out.add("bytes", "encoder", decoded(mark))
    _tags(path, file, container, out)


def _tags(path: Path, file: io.FileIO, container: sniff.Container, out: Collector) -> None:
    from unmask.media.container import opened
    from unmask.media.limits import Clock, Limits

    limits = Limits()
    try:
        with opened(path, file, container, Clock(path.name, limits), limits) as media:
            for name, value in list(media.metadata.items()):
                out.add("container", name.lower(), value)
            for stream in list(media.streams)[:16]:
                for name, value in stream.metadata.items():
                    out.add("stream", name.lower(), value)
    except MediaError as error:
        out.note(f"the tags of the container cannot be read: {error}")
