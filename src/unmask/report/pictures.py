"""The whole of a still picture for the page, read again from its file."""

from __future__ import annotations

import numpy as np
from PIL import Image

from unmask.errors import MediaError
from unmask.types import Box, Kind, Report, Snapshot

LONGEST = 1400
"""No side of a picture on the page has more pixels."""


def whole_picture(report: Report) -> tuple[Snapshot, ...]:
    """The picture that a report is about, reduced to ``LONGEST``.

    Analyzers keep cut-outs, and nothing at all of what is clear, so the page needs the file once
    more. Empty for video and sound, and where the file has gone, has changed since the scan (by
    its hash) or cannot be read within the limits; the page then says that it has no pixels.
    """
    from unmask.media import probe, read_image

    path = report.media.file
    if report.media.kind is not Kind.IMAGE or not path.is_file():
        return ()
    try:
        if probe(path).sha256 != report.media.sha256:
            return ()
        pixels = read_image(path)
    except MediaError:
        return ()
    height, width = pixels.shape[:2]
    picture = Image.fromarray(pixels)
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return (Snapshot(np.asarray(picture), Box(0, 0, width, height), None, "The whole picture"),)
