"""How a file was saved: the settings of its last saving, traces of earlier ones, and a part that
was saved differently from the rest."""

from __future__ import annotations

from unmask.analyzers.base import Analyzer, Result
from unmask.types import Kind


class CompressionAnalyzer(Analyzer):
    """States what saving has left in a file. Nothing here is a score."""

    name = "compression"
    title = "Saving: how often, how hard, and whether a part differs"
    kinds = frozenset({Kind.IMAGE, Kind.VIDEO, Kind.AUDIO})
    votes = False

    def finish(self) -> Result:
        """Read the file and say what its saving tells."""
        from unmask.compression import of_picture, of_sound, of_video

        if self.media.kind is Kind.IMAGE:
            return of_picture.stated(self.media)
        heard = of_sound.stated(self.media) if self.media.sample_rate else Result()
        if self.media.kind is Kind.AUDIO:
            return heard
        seen = of_video.stated(self.media)
        return Result(
            seen.findings + heard.findings,
            seen.not_checked + heard.not_checked,
            seen.absent + heard.absent,
        )
